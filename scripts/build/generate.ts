import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import manifest from '../../package.json' with { type: 'json' }
import { bashCompletion } from './bash.ts'
import { commandTree } from './command-tree.ts'
import { fishCompletion } from './fish.ts'
import { thirdPartyLicences } from './licences.ts'
import { manPage, manPages } from './man-pages.ts'
import { sampleConf } from './sample-conf.ts'
import { schemaFiles } from './schemas.ts'
import { zshCompletion } from './zsh.ts'

/**
 * Writes generated/, the files that are installed beside the program by scripts/install/files.ts.
 * Without scdoc there are no manual pages, which only an installation needs.
 */
export async function generate(metafiles: Metafile[]): Promise<void> {
  const tree = commandTree()
  const files: Record<string, string | undefined> = {
    ...Object.fromEntries(manPages().map((name) => [name, manPage(name, manifest.version)])),
    'kured-sentinel.conf': sampleConf(),
    'kured-sentinel.bash': bashCompletion(tree),
    '_kured-sentinel': zshCompletion(tree),
    'kured-sentinel.fish': fishCompletion(tree),
    'THIRD-PARTY-LICENSES': thirdPartyLicences(metafiles),
  }
  await rm('generated', { recursive: true, force: true })
  await mkdir('generated/schemas', { recursive: true })
  for (const [name, schema] of schemaFiles()) {
    await writeFile(join('generated/schemas', name), `${JSON.stringify(schema)}\n`)
  }
  for (const [name, text] of Object.entries(files)) {
    if (text !== undefined) await writeFile(join('generated', name), text)
  }
}
