/** `npm run build`: the program in dist/, and the files installed beside it in generated/. */
import { rm } from 'node:fs/promises'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { generate } from './build/generate.ts'

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  outdir: 'dist',
  logLevel: 'warning',
  minifyWhitespace: true,
  minifySyntax: true,
  // Identifiers stay, so that a stack can be read.
  legalComments: 'none',
  metafile: true,
} satisfies BuildOptions

/**
 * commander loads node:child_process for subcommands in separate programs. There are none here, and
 * loading it takes a tenth of the whole start.
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

/** The lsof scanner needs execa, and few checks need that scanner: it stays in its own file. */
const lsofOutside: Plugin = {
  name: 'lsof-outside',
  setup: (bundle) => {
    bundle.onResolve({ filter: /\/scan-lsof[.]ts$/ }, () => ({
      path: './scan-lsof.js',
      external: true,
    }))
  },
}

await rm('dist', { recursive: true, force: true })
const main = await build({
  ...common,
  entryPoints: { main: 'src/entry/main.ts', 'scan-lsof': 'src/sentinel/scan-lsof.ts' },
  format: 'esm',
  splitting: true,
  plugins: [noProgramsAsCommands],
  // commander and execa's dependencies call require, which ES modules lack.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
  },
})

// The check of every minute: one file, without commander and without the loader of ES modules.
const minute = await build({
  ...common,
  entryPoints: { minute: 'src/entry/minute.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [lsofOutside],
})

await generate([main.metafile, minute.metafile])
