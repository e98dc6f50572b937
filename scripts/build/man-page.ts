import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * The manual page, with the version and the day of the release.
 *
 * @returns undefined when scdoc is not installed: the program itself is built without it
 */
export function manPage(version: string): string | undefined {
  const source = readFileSync('doc/kured-sentinel.8.scd', 'utf8').replaceAll('@VERSION@', version)
  const { stdout, stderr, status, error } = spawnSync('scdoc', {
    input: source,
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: String(releaseDay(version)) },
  })
  if (error && 'code' in error && error.code === 'ENOENT') return undefined
  if (status !== 0) throw error ?? new Error(`doc/kured-sentinel.8.scd: ${stderr.trim()}`)
  return stdout
}

/** In seconds since 1970. With the day of the build the page would change each day. */
function releaseDay(version: string): number {
  const heading = readFileSync('CHANGELOG.md', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`## ${version} `))
  const day = Date.parse(/\d{4}-\d\d-\d\d/.exec(heading ?? '')?.[0] ?? '')
  if (Number.isNaN(day)) throw new Error(`CHANGELOG.md has no "## ${version} (YYYY-MM-DD)"`)
  return day / 1000
}
