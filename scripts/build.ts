/** `npm run build`: the program in dist/, and what is installed beside it in generated/. */
import { rm } from 'node:fs/promises'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { generate } from './build/generate.ts'

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  outdir: 'dist',
  logLevel: 'warning',
  minify: true,
  legalComments: 'none',
  metafile: true,
} satisfies BuildOptions

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
 * What the check of every minute does not start with stays out of its first file: what comes after
 * the start of the glance; and what few checks need: the real lsof's scanner, with execa, and what is
 * remembered of reboots, for when one is due.
 */
const outside: Plugin = {
  name: 'outside',
  setup: (bundle) => {
    const files = { 'minute-rest': 'cjs', 'scan-lsof': 'js', recall: 'js' }
    for (const [name, extension] of Object.entries(files)) {
      bundle.onResolve({ filter: new RegExp(`/${name}[.]ts$`) }, ({ kind }) =>
        kind === 'entry-point' ? undefined : { path: `./${name}.${extension}`, external: true },
      )
    }
  },
}

await rm('dist', { recursive: true, force: true })
const modules = await build({
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
// The check of every minute, and --version: files that need neither commander nor the ES module
// loader. What they rarely need they take from the files above.
const minute = await build({
  ...common,
  entryPoints: ['minute', 'minute-rest', 'mount-ids', 'version'].map((name) => `src/${name}.ts`),
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [outside],
})

await generate([modules.metafile, minute.metafile])
