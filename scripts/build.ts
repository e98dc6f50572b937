import { rm } from 'node:fs/promises'
import { build, type BuildOptions } from 'esbuild'

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  outdir: 'dist',
  logLevel: 'warning',
  minify: true,
  legalComments: 'none',
}

await rm('dist', { recursive: true, force: true })
await build({
  ...common,
  entryPoints: { main: 'src/main.ts', 'scan-lsof': 'src/sentinel/scan-lsof.ts' },
  format: 'esm',
  splitting: true,
  // commander and execa's dependencies are CommonJS, which calls require.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
  },
})
// The check of every minute: one file that needs neither commander nor the ES module loader. What
// it rarely needs it takes from the files above.
await build({
  ...common,
  entryPoints: { minute: 'src/minute.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [
    {
      name: 'lsof-stays-outside',
      setup: (bundle) =>
        bundle.onResolve({ filter: /scan-lsof\.ts$/ }, () => ({
          path: './scan-lsof.js',
          external: true,
        })),
    },
  ],
})
