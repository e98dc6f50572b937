import type { Deadline } from '../../host/deadline.ts'
import type { Host } from '../../host/host.ts'
import { runProgram } from '../../host/program.ts'
import { errorText, ifThere, SentinelError } from '../../errors.ts'

/** An installed package, as a directory of the local database: "linux-6.9.1.arch1-1". */
export interface InstalledPackage {
  directory: string
  name: string
  version: string
}

/** The installed packages. Throws SentinelError if the local database cannot be read. */
export function listInstalled(host: Host, dbPath: string): InstalledPackage[] {
  return readDatabase(host, `${dbPath}/local`).flatMap((directory) => {
    const found = nameVersion(directory)
    return found === undefined ? [] : [{ directory, ...found }]
  })
}

/** The parts of "x-1.0-1": neither a version nor a release contains a dash. [PKGBUILD(5)] */
export function nameVersion(text: string): { name: string; version: string } | undefined {
  const [, name, version] = /^(.+)-([^-]+-[^-]+)$/.exec(text) ?? []
  return name === undefined || version === undefined ? undefined : { name, version }
}

/**
 * The entries without a readable `desc` or `files`. pacman always writes both: an empty or missing
 * one is what a power cut leaves, and pacman cannot tell. The `files` of a package without any, such
 * as Arch's base, is empty; its `desc` has no size. [libalpm/be_local.c; tested on 7.0.0]
 */
export function findDamaged(host: Host, dbPath: string): InstalledPackage[] {
  return host.once('damaged entries', () =>
    listInstalled(host, dbPath).filter(({ directory }) =>
      isDamaged(host, `${dbPath}/local/${directory}`),
    ),
  )
}

function isDamaged(host: Host, entry: string): boolean {
  if (!host.lstat(`${entry}/desc`)?.size) return true
  const files = host.lstat(`${entry}/files`)
  return files === undefined || (files.size === 0 && hasSize(host.readText(`${entry}/desc`)))
}

function hasSize(desc: string): boolean {
  return /^%SIZE%\n[1-9]/m.test(desc)
}

/** The installed packages' versions by name. Throws as listInstalled() does. */
export function installedVersions(host: Host, dbPath: string): ReadonlyMap<string, string> {
  const installed = listInstalled(host, dbPath)
  return new Map(installed.map(({ name, version }) => [name, version]))
}

function readDatabase(host: Host, directory: string): string[] {
  try {
    return host.list(directory)
  } catch (error) {
    const hint = 'is DBPath in pacman.conf right, and its file system mounted?'
    throw new SentinelError(`no package database: ${errorText(error)} (${hint})`, { cause: error })
  }
}

/** The paths a package owns, without the leading slash; a directory ends with a slash. */
export function ownedPaths(host: Host, dbPath: string, { directory }: InstalledPackage): string[] {
  return host.readText(`${dbPath}/local/${directory}/files`).split('\n')
}

/**
 * When a package was last installed, upgraded or reinstalled, in seconds since 1970, by the host's
 * clock at that time; '' if unknown. [libalpm/be_local.c, %INSTALLDATE%]
 */
export function installDate(host: Host, dbPath: string, { directory }: InstalledPackage): string {
  const desc = ifThere(() => host.readText(`${dbPath}/local/${directory}/desc`)) ?? ''
  return /^%INSTALLDATE%\n(\d+)$/m.exec(desc)?.[1] ?? ''
}

/**
 * The packages that own a path containing one of `texts`. A full host's lists have tens of megabytes, so
 * grep searches them.
 */
export function packagesOwning(
  host: Host,
  dbPath: string,
  installed: InstalledPackage[],
  texts: readonly string[],
  deadline: Deadline,
): InstalledPackage[] {
  // Without files grep would search its stdin.
  if (installed.length === 0) return []
  const files = installed.map(({ directory }) => `./${directory}/files`)
  const args = ['-l', '-F', '-Z', ...texts.flatMap((text) => ['-e', text]), '--', ...files]
  const cwd = host.path(`${dbPath}/local`)
  const ended = runProgram('/usr/bin/grep', args, { timeoutMs: deadline.left() / 2, cwd })
  if (ended.timedOut) throw new SentinelError(`searching ${dbPath}/local took too long`)
  // grep exits with 1: no match; 2: a file could not be read; 0: a match, and it names the file.
  if (ended.exitCode !== 1 && (ended.exitCode !== 0 || ended.stdout.length === 0)) {
    const why = ended.stderr.trim() || `grep ended with ${ended.exitCode}`
    const remedy = why.includes('No such file') ? '. To do: kured-sentinel repair' : ''
    throw new SentinelError(`searching ${dbPath}/local: ${why}${remedy}`)
  }
  const found = new Set(ended.stdout.toString().split('\0'))
  return installed.filter(({ directory }) => found.has(`./${directory}/files`))
}
