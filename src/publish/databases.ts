import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram, complaint } from '../host/program.ts'
import {
  type DatabaseManifest,
  digestOf,
  LARGEST_MANIFEST,
  MANIFEST,
  manifestText,
  parseManifest,
} from '../pacman/database/manifest.ts'
import { askAvailable } from '../pacman/database/available.ts'
import { STAGING } from '../pacman/database/staging.ts'
import { listed } from '../text/listed.ts'
import { LARGEST_DATABASE } from '../pacman/database/copy.ts'

/**
 * The digests of the new databases, and of their signatures, by name.
 *
 * @param names of the repositories
 * @throws SentinelError if a database is missing
 */
export function digestNew(host: Host, names: readonly string[]): Record<string, string> {
  const found = names.flatMap((name) =>
    [`${name}.db`, `${name}.db.sig`].flatMap((file) => {
      const path = `${STAGING}/sync/${file}`
      if (host.lstat(path) !== undefined) {
        return [[file, digestOf(host.readBytes(path, LARGEST_DATABASE))] as const]
      }
      if (file.endsWith('.sig')) return []
      throw new SentinelError(
        `${path} is missing: systemctl start pacman-cache-update, which refreshes it`,
      )
    }),
  )
  return Object.fromEntries(found)
}

/**
 * What the new databases offer. By one that is empty or broken pacman plans nothing, which looks as if
 * hosts had it all. pacman -Sy takes it for current, as its time is the mirror's: so those that cannot
 * be read go, and the next refresh fetches them. [libalpm/dload.c, CURL_TIMECOND_IFMODSINCE]
 *
 * @param conf see writeSharedConfs(), for the plan
 * @param names of the repositories
 * @returns name → version
 * @throws SentinelError if they cannot all be read
 */
export function readOffered(
  host: Host,
  conf: string,
  names: readonly string[],
  dryRun: boolean,
  deadline: Deadline,
): ReadonlyMap<string, string> {
  const { versions, problems } = askAvailable(conf, names, deadline)
  if (problems.length === 0) return versions
  if (!dryRun) host.removeTree(`${STAGING}/sync`)
  throw new SentinelError(
    `the new databases cannot be read: ${listed(problems, 3)}. To do: systemctl start pacman-cache-update, which fetches them anew`,
  )
}

/** What is published: the manifest, and the databases as they are. */
export interface Published {
  manifest: DatabaseManifest | undefined
  /** name → SHA-256, of the files that are there */
  digests: ReadonlyMap<string, string>
}

/**
 * Reads what is in the shared directory, through programs that can be left behind.
 *
 * @param files the names of the databases and signatures
 * @throws SentinelError if it does not answer in time
 */
export async function readPublished(
  syncDir: string,
  files: readonly string[],
  deadline: Deadline,
): Promise<Published> {
  const paths = files.map((file) => `${syncDir}/${file}`)
  const summed = await awaitProgram('/usr/bin/sha256sum', ['--zero', '--', ...paths], {
    timeoutMs: deadline.left(),
  })
  if (summed.timedOut) throw new SentinelError(`${syncDir} does not answer`)
  const digests = summed.stdout
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, digest = '', path = ''] = /^([0-9a-f]{64}) [ *](.+)$/s.exec(line) ?? []
      return digest === '' ? [] : [[path.slice(syncDir.length + 1), digest] as const]
    })
  return { manifest: await askManifest(syncDir, deadline), digests: new Map(digests) }
}

/**
 * The manifest beside the databases.
 *
 * @returns undefined if there is none, or its text is none
 * @throws SentinelError if the server does not give it: another host may have published
 */
export async function askManifest(
  syncDir: string,
  deadline: Deadline,
): Promise<DatabaseManifest | undefined> {
  const size = ['bs=64K', 'count=1', 'iflag=nofollow,nonblock,fullblock']
  const args = [`if=${syncDir}/${MANIFEST}`, 'status=none', ...size]
  const limits = { timeoutMs: deadline.left(), maxBytes: LARGEST_MANIFEST }
  const ended = await awaitProgram('/usr/bin/dd', args, limits)
  if (ended.exitCode === 0) return parseManifest(ended.stdout.toString())
  if (complaint(ended).includes('No such file or directory')) return undefined
  throw new SentinelError(`${syncDir}/${MANIFEST} cannot be read: ${complaint(ended)}`)
}

/** Whether hosts have exactly these databases already, and know that they belong together. */
export function isPublished(
  { manifest, digests }: Published,
  wanted: Record<string, string>,
): boolean {
  const same = (has: (file: string) => string | undefined, count: number) =>
    count === Object.keys(wanted).length &&
    Object.entries(wanted).every(([file, digest]) => has(file) === digest)
  const told = manifest?.databases ?? {}
  return (
    same((file) => told[file], Object.keys(told).length) &&
    same((file) => digests.get(file), digests.size)
  )
}

/**
 * Copies all to the shared directory under names that pacman does not read, flushes them to the disk,
 * and compares them with what the packages were fetched for; only then are they renamed, the manifest
 * first. Whatever ends it, and whenever: before the first rename nothing has changed, and behind it the
 * manifest tells that the set is torn, also where there was none before.
 */
const PUT = `
umask 022
from=$1
cd -P -- "$2" || exit 1
sums=$3
shift 3
/usr/bin/rm -f -- .kured-sentinel.*
for name; do
  case $name in /*) continue ;; esac
  /usr/bin/cp --preserve=timestamps -T -- "$from/$name" ".kured-sentinel.$name" &&
    /usr/bin/sync -- ".kured-sentinel.$name" || { /usr/bin/rm -f -- .kured-sentinel.*; exit 1; }
done
[ -z "$sums" ] || printf %s "$sums" | /usr/bin/sha256sum --check --quiet --strict - >&2 ||
  { /usr/bin/rm -f -- .kured-sentinel.*; exit 1; }
for name; do
  case $name in
  /*) /usr/bin/rm -f -- "\${name#/}" || exit 1 ;;
  *) /usr/bin/mv -f -T -- ".kured-sentinel.$name" "$name" || exit 1 ;;
  esac
done
/usr/bin/sync -- .`

/**
 * Flushes the packages to the disk: pacman does not, and after a power cut databases that are there
 * would name packages that are empty. [libalpm/dload.c: no fsync; tested]
 *
 * @throws SentinelError if they are not all there within the time
 */
export async function syncPackages(cacheDir: string, deadline: Deadline): Promise<void> {
  const args = ['--file-system', '--', cacheDir]
  const ended = await awaitProgram('/usr/bin/sync', args, { timeoutMs: deadline.left() })
  if (ended.exitCode === 0) return
  throw new SentinelError(`${cacheDir} cannot be flushed to the disk: ${complaint(ended)}`)
}

/**
 * Publishes databases: those of the staging directory, by their names, and the manifest.
 *
 * @throws SentinelError if they are not all there within the time
 */
export async function putDatabases(
  host: Host,
  syncDir: string,
  manifest: DatabaseManifest,
  { put, remove }: { put: readonly string[]; remove: readonly string[] },
  deadline: Deadline,
): Promise<void> {
  host.write(`${STAGING}/sync/${MANIFEST}`, manifestText(manifest))
  const names = [MANIFEST, ...remove.map((file) => `/${file}`), ...put]
  const sums = put.map((file) => `${manifest.databases[file]}  .kured-sentinel.${file}\n`).join('')
  const args = ['-c', PUT, 'put', host.path(`${STAGING}/sync`), syncDir, sums, ...names]
  const ended = await awaitProgram('/usr/bin/sh', args, { timeoutMs: deadline.left() })
  if (ended.exitCode === 0) return
  throw new SentinelError(`the databases cannot be put into ${syncDir}: ${complaint(ended)}`)
}
