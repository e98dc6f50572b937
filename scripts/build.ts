import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { build, type BuildOptions, type Plugin } from 'esbuild'

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  outdir: 'dist',
  logLevel: 'warning',
  minify: true,
  legalComments: 'none',
}

/**
 * commander loads node:child_process for subcommands that are programs of their own. There are
 * none here, and loading it takes a tenth of the whole start.
 */
const noProgramsAsCommands: Plugin = {
  name: 'no-programs-as-commands',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[/]commander[/]/.test(importer) ? { path: 'none', namespace: 'absent' } : undefined,
    )
    bundle.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'module.exports = {}',
    }))
  },
}

/**
 * What few checks need stays out of the file that all load: the real lsof's scanner, with execa,
 * and what is remembered of reboots, for when one is due.
 */
const rareOutside: Plugin = {
  name: 'rare-outside',
  setup: (bundle) => {
    bundle.onResolve({ filter: /[/](scan-lsof|recall)\.ts$/ }, ({ path }) => ({
      path: `./${basename(path, '.ts')}.js`,
      external: true,
    }))
  },
}

await rm('dist', { recursive: true, force: true })
await build({
  ...common,
  entryPoints: {
    main: 'src/main.ts',
    'scan-lsof': 'src/sentinel/scan-lsof.ts',
    recall: 'src/guard/recall.ts',
  },
  format: 'esm',
  splitting: true,
  plugins: [noProgramsAsCommands],
  // What ES modules lack: commander and execa's dependencies call require, and mounts.ts runs a
  // file beside its own.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url),__dirname=import.meta.dirname;",
  },
})
// The check of every minute: one file that needs neither commander nor the ES module loader. What
// it rarely needs it takes from the files above.
await build({
  ...common,
  entryPoints: { minute: 'src/minute.ts', 'mount-ids': 'src/mount-ids.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [rareOutside],
})
