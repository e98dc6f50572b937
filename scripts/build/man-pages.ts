import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const SOURCES = 'doc'

/** The names of the manual pages, such as kured-sentinel.8: each has its source in doc/NAME.scd. */
export function manPages(checkout = '.'): string[] {
  return readdirSync(join(checkout, SOURCES))
    .filter((name) => name.endsWith('.scd'))
    .map((name) => basename(name, '.scd'))
    .toSorted()
}

/**
 * A manual page, with the version and the day of the release.
 *
 * @returns undefined when scdoc is not installed: the program itself is built without it
 */
export function manPage(name: string, version: string): string | undefined {
  const path = `${SOURCES}/${name}.scd`
  const { stdout, stderr, status, error } = spawnSync('scdoc', {
    input: readFileSync(path, 'utf8').replaceAll('@VERSION@', version),
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: String(releaseDay(version)) },
  })
  if (error && 'code' in error && error.code === 'ENOENT') return undefined
  if (status !== 0) throw error ?? new Error(`${path}: ${stderr.trim()}`)
  return withoutHyphens(stdout)
}

/**
 * Options and paths, which people copy, stay in one piece. scdoc's own .nh is undone by each
 * paragraph, as groff's man macros set hyphenation from the register HY. [groff_man(7)]
 */
function withoutHyphens(page: string): string {
  return page.replace(/^\.TH /m, '.nr HY 0\n$&')
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
