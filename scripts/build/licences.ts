/** The licences of the bundled packages, which require a copy with their code. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** @param metafiles esbuild's record of the inputs of each output */
export function thirdPartyLicences(metafiles: Metafile[]): string {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  const directories = inputs.flatMap(
    ([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  )
  const parts = [...new Set(directories)].toSorted().map(licenceOf)
  return `kured-sentinel contains these packages from https://www.npmjs.com:\n\n${parts.join('\n')}`
}

function licenceOf(directory: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  )
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${directory} has no licence file`)
  const text = readFileSync(join(directory, file), 'utf8').trim()
  return `==== ${name} ${version} (${license})\n\n${text}\n`
}
