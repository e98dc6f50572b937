import { runInteractive } from '../host/interactive.ts'
import type { DatabaseContext } from './context.ts'

/** A file of a cache that the upgrade would read: a package, or its signature. */
export interface CachedFile {
  directory: string
  file: string
}

/**
 * pacman's questions. Those before it checks the packages get their default, as with --noconfirm;
 * to import a key, or to delete a package, gets no answer, so pacman gives up and changes nothing.
 */
const QUESTIONS = {
  any: /(?:\[[Yy]\/[Nn]\]|\(default=\w+\):) $/,
  known:
    /(?::: Replace \S+ with \S+\? \[Y\/n\]|:: Proceed with download\? \[Y\/n\]|\(default=\w+\):) $/,
}

/**
 * Has pacman itself check all packages of the upgrade, as before a transaction: their checksums,
 * and their signatures by the SigLevel of their repository and the keyring of this host. It sees
 * links to the cache's files in a cache of its own, so nothing of a shared cache can be deleted,
 * and nothing is downloaded. [libalpm/sync.c: -w ends after check_keyring() and check_validity()]
 *
 * @param cached the files that pacman would take
 * @param names of packages to take alone; otherwise all of the upgrade
 * @returns why pacman refuses them, in its words; nothing if it accepts them
 */
export async function rehearse(
  { copy, noDownload, deadline }: DatabaseContext,
  cached: readonly CachedFile[],
  names: readonly string[] = [],
): Promise<string[]> {
  copy.addPackages(cached.map(({ directory, file }) => `${directory}/${file}`))
  const operation = names.length === 0 ? '-Suw' : '-Sw'
  const options = ['--color', 'never', '--noprogressbar', '--config', noDownload]
  const args = [operation, ...options, '--', ...names]
  const limits = { timeoutMs: deadline.left() }
  const ended = await runInteractive('/usr/bin/pacman', args, limits, QUESTIONS)
  if (ended.exitCode === 0) return []
  const reasons = parseRefusal(ended).map((line) => hostPaths(line, copy.path, cached))
  return reasons.length > 0 ? reasons : [`it ended with ${ended.exitCode ?? 'a signal'}`]
}

/**
 * Why pacman gives up, in its own words: errors, and what stands before its questions.
 *
 * @param stderr of `pacman -Suw` in the C locale
 */
export function parseRefusal({ stderr }: { stderr: string }): string[] {
  const lines = stderr.split(/\n|(?<=\[[Yy]\/[Nn]\] )/)
  const said = lines.flatMap((line) => {
    const [, error] = /^error: (.*)$/.exec(line) ?? []
    if (error !== undefined) return [error]
    const [, file] = /^:: (File .* is corrupted .*)$/.exec(line) ?? []
    if (file !== undefined) return [file.replace(/\.$/, '')]
    const [, key] = /^:: (Import PGP key .*)\? \[Y\/n\] $/.exec(line) ?? []
    return key === undefined ? [] : [`the keyring lacks a key (${key})`]
  })
  return [...new Set(said)]
}

/** A line with the paths of the host's cache in place of the private ones. */
function hostPaths(line: string, copyPath: string, cached: readonly CachedFile[]): string {
  return cached.reduce(
    (text, { directory, file }) =>
      text.replaceAll(`${copyPath}/packages/${file}`, `${directory}/${file}`),
    line,
  )
}
