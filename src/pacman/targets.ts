import { isRoot } from '../host/caller.ts'
import type { Deadline } from '../host/deadline.ts'
import { awaitProgram } from '../host/program.ts'

/** A package that an upgrade would install. */
export interface Target {
  repository: string
  name: string
  version: string
  /** of the package file, in bytes, from the database; 0 if unknown */
  size: number
  file: string
}

/**
 * What is put before a command that reads files of strangers: nobody(65534), without a group, and with
 * no way back. An ordinary user has nothing to give up.
 */
export function asNobody(): string[] {
  const who = ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', '--']
  return isRoot() ? ['/usr/bin/setpriv', ...who] : []
}

/**
 * Asks pacman for the packages of the upgrade, which needs no root. With an empty cache, the size to
 * download is the size of the whole file. [libalpm/sync.c]
 *
 * @param conf a configuration for a copy of the databases; see writeFlatConfs()
 * @param options more of pacman's
 * @param before a program with which pacman is started
 * @returns late: pacman did not end
 */
export async function askTargets(
  conf: string,
  deadline: Deadline,
  { options = [], before = [] }: { options?: readonly string[]; before?: readonly string[] } = {},
): Promise<{ targets: Target[] } | { problem: string; late?: true }> {
  const format = ['--print-format', '%r %n %v %s %l']
  const asked = ['-Sup', '--noconfirm', '--color', 'never', '--config', conf, ...format]
  const [program = '', ...args] = [...before, '/usr/bin/pacman', ...asked, ...options]
  const ended = await awaitProgram(program, args, { timeoutMs: deadline.left() })
  if (ended.timedOut) return { problem: 'no answer in time', late: true }
  const lines = ended.stdout.toString().split('\n').slice(0, -1)
  if (ended.exitCode === 0) return { targets: lines.flatMap(parseTarget) }
  // stderr says that it failed, stdout which dependency cannot be satisfied.
  const said = [...ended.stderr.trim().split('\n'), ...lines]
  return { problem: said.map((line) => line.replace(/^(?:error|::):? /, '')).join('; ') }
}

/** "extra kubelet 1.31.0-1 24000000 https://mirror/extra/kubelet-1.31.0-1-x86_64.pkg.tar.zst" */
export function parseTarget(line: string): Target[] {
  const [, repository, name, version, size, place] =
    /^(\S+) (\S+) (\S+) (\d+) (.+)$/.exec(line) ?? []
  if (repository === undefined || name === undefined) return []
  if (version === undefined || place === undefined) return []
  const file = place.slice(place.lastIndexOf('/') + 1)
  return [{ repository, name, version, size: Number(size), file }]
}

/**
 * The packages whose files are missing or have another size, each with what is wrong. Of several
 * caches pacman uses the first that has a file. [libalpm/util.c, _alpm_filecache_find]
 *
 * @param sizes the sizes of the files that exist, by path
 */
export function findLacking(
  targets: readonly Target[],
  cacheDirs: readonly string[],
  sizes: ReadonlyMap<string, number>,
): { target: Target; told: string }[] {
  return targets.flatMap((target) => {
    const { name, version, size, file } = target
    const found = cacheDirs.map((directory) => sizes.get(`${directory}/${file}`))
    const first = found.find((bytes) => bytes !== undefined)
    if (first === undefined) return [{ target, told: `${name} ${version}` }]
    if (size === 0 || first === size) return []
    return [{ target, told: `${name} ${version} (${first} of ${size} bytes)` }]
  })
}
