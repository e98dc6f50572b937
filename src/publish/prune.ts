import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { commandLines } from '../host/directory.ts'
import { askListing, type ListedEntry } from '../host/listing.ts'
import { awaitProgram, complaint } from '../host/program.ts'
import { compareVersions } from '../pacman/version-order.ts'

/** What must stay in the cache. */
export interface CacheNeeds {
  /** package files that a host wants, now or by the databases before these */
  wanted: ReadonlySet<string>
  /** "linux-6.9.1.arch1-1" of packages that a host has installed */
  installed: ReadonlySet<string>
  /** name → version in the new databases */
  offered: ReadonlyMap<string, string>
  /** so many versions of a package, the newest ones */
  keep: number
}

/** What came less than this ago stays: a host may be at work with it. In ms. */
const YOUNG_MS = 24 * 3_600_000

/**
 * The entries of the cache that nobody needs: packages with their signatures, signatures alone, and
 * what a download or a listing that was killed has left. What has no name of pacman's stays.
 *
 * @param now by the clock of the entries' server
 */
export function findSuperfluous(
  entries: readonly ListedEntry[],
  now: number,
  needs: CacheNeeds,
): ListedEntry[] {
  const isOld = ({ time }: ListedEntry) => now - time >= YOUNG_MS
  const packages = entries.flatMap((entry) => parseFile(entry) ?? [])
  const newest = newestOf(packages, needs.keep)
  const isNeeded = ({ entry: { path }, name, version }: PackageFile) =>
    needs.wanted.has(path) ||
    needs.installed.has(`${name}-${version}`) ||
    needs.offered.get(name) === version ||
    newest.has(path)
  const going = packages.filter((one) => isOld(one.entry) && !isNeeded(one))
  const gone = new Set(going.map(({ entry }) => entry.path))
  // Whatever it is: a link to a package, or one whose name says nothing to us, keeps its signature.
  const staying = new Set(entries.map(({ path }) => path).filter((path) => !gone.has(path)))
  const isLeftover = (entry: ListedEntry) => {
    const { type, path } = entry
    if (type === 'd') return /^download-\w{6}$/.test(path) && isOld(entry)
    if (type !== 'f' || /[\n/]/.test(path)) return false
    if (path.endsWith('.part') || /^\.(?:clock|kured-sentinel)\.\w{10}$/.test(path))
      return isOld(entry)
    if (!/\.pkg\.tar(?:\.\w+)?\.sig$/.test(path)) return false
    const whose = path.replace(/\.sig$/, '')
    return gone.has(whose) || (!staying.has(whose) && isOld(entry))
  }
  return [...going.map(({ entry }) => entry), ...entries.filter(isLeftover)]
}

interface PackageFile {
  entry: ListedEntry
  name: string
  version: string
  architecture: string
}

/** "linux-6.9.1.arch1-1-x86_64.pkg.tar.zst" [PKGBUILD(5); makepkg.conf(5), PKGEXT] */
function parseFile(entry: ListedEntry): PackageFile | undefined {
  if (entry.type !== 'f') return undefined
  const [, name, version, architecture] =
    /^([A-Za-z0-9@_+][\w@.+-]*)-([^-\s]+-[^-\s]+)-([^-\s]+)\.pkg\.tar(?:\.(?!sig$|part$)\w+)?$/.exec(
      entry.path,
    ) ?? []
  if (name === undefined || version === undefined || architecture === undefined) return undefined
  return { entry, name, version, architecture }
}

/** The files of the newest versions of each package. */
function newestOf(packages: readonly PackageFile[], keep: number): Set<string> {
  const groups = new Map<string, PackageFile[]>()
  for (const one of packages) {
    const key = `${one.name} ${one.architecture}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const kept = [...groups.values()].flatMap((group) => {
    const versions = [...new Set(group.map(({ version }) => version))]
    const newest = versions.toSorted((one, other) => compareVersions(other, one)).slice(0, keep)
    return group.filter(({ version }) => newest.includes(version))
  })
  return new Set(kept.map(({ entry }) => entry.path))
}

/**
 * Lists the cache.
 *
 * @throws SentinelError if it does not answer, or its server's time cannot be seen
 */
export async function listCache(
  cacheDir: string,
  deadline: Deadline,
): Promise<{ entries: ListedEntry[]; now: number }> {
  const limits = { timeoutMs: deadline.left(), maxBytes: 64 * 2 ** 20 }
  const listing = await askListing(cacheDir, { tests: ['-maxdepth', '1'], time: 'arrived' }, limits)
  if ('problem' in listing) throw new SentinelError(listing.problem)
  const { entries, now } = listing
  if (now === undefined) {
    throw new SentinelError(`${cacheDir} cannot be written to, so how old a file is cannot be seen`)
  }
  return { entries, now }
}

const REMOVE = `cd -P -- "$1" || exit 1
shift
exec /usr/bin/rm -rf --one-file-system -- "$@"`

/** Throws SentinelError for the first that stays. */
export async function removeEntries(
  cacheDir: string,
  entries: readonly ListedEntry[],
  deadline: Deadline,
): Promise<void> {
  for (const names of commandLines(entries.map(({ path }) => `./${path}`))) {
    const args = ['-c', REMOVE, 'remove', cacheDir, ...names]
    const ended = await awaitProgram('/usr/bin/sh', args, { timeoutMs: deadline.left() })
    if (ended.exitCode === 0) continue
    throw new SentinelError(`${cacheDir} cannot be pruned: ${complaint(ended)}`)
  }
}
