import { basename } from 'node:path'
import { ifThere, SentinelError } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import { Host } from '../../host/host.ts'
import { withPrivateDirectory } from '../../host/private-directory.ts'
import { awaitProgram } from '../../host/program.ts'
import { sizeText } from '../../text/size.ts'
import { digestOf, judgeSet, LARGEST_MANIFEST, MANIFEST } from './manifest.ts'

/** A private copy of a DBPath. */
export interface DatabaseCopy {
  path: string
  /** when the newest sync database was made, by the server's clock: pacman keeps that time */
  newest: Date
  /** why these databases may be half of two sets; see judgeSet() */
  torn: string | undefined
  /** links files into the directory `packages`; they may be there already */
  addPackages(files: readonly string[]): void
}

/** The sync databases are missing, too large, no regular files, or do not answer. */
export class NotCopied extends SentinelError {}

/** A database is copied up to this size, in bytes: Arch's largest, extra, has 8 MB. */
export const LARGEST_DATABASE = 64 * 2 ** 20

/** As much as pacman itself takes, in bytes. [libalpm/db.c, alpm_db_update: max_download_size] */
const LARGEST_SIGNATURE = 16 * 2 ** 10

/**
 * Gives `body` a DBPath that pacman may lock and write to: the installed packages are a link, as in
 * checkupdates(8), and the sync databases are copies.
 *
 * Only the databases of the configured repositories and their signatures are opened, and only
 * regular files: who serves the directory does not choose what root reads.
 *
 * @param dbPath the real one, a path of this machine
 * @param repositories the names of the configured ones
 * @throws NotCopied if there are no sync databases, or they cannot be copied
 */
export function withDatabaseCopy<T>(
  dbPath: string,
  repositories: readonly string[],
  deadline: Deadline,
  body: (copy: DatabaseCopy) => Promise<T>,
): Promise<T> {
  return withPrivateDirectory(async (path) => {
    const copy = new Host(path)
    copy.makeLink('/local', `${dbPath}/local`)
    copy.makeDirectory('/sync')
    const from = `${dbPath}/sync`
    const files = [
      ...repositories.map(databaseFile),
      ...repositories.map((name) => ({ name: `${name}.db.sig`, limit: LARGEST_SIGNATURE })),
      // The last one that is copied: a set that is replaced meanwhile is not the manifest's.
      { name: MANIFEST, limit: LARGEST_MANIFEST },
    ]
    const found = await findRegular(from, files, deadline)
    for (const file of found) await copyFile(from, copy, file, deadline)
    const databases = found.filter(({ name }) => name !== MANIFEST)
    if (databases.length === 0) throw notCopied(from, 'there are none')
    return body({
      path,
      newest: newestOf(databases),
      torn: findTorn(copy, repositories, databases),
      addPackages: (packages) => linkAll(copy, packages),
    })
  })
}

/** Judges the files as they were copied. */
function findTorn(
  copy: Host,
  repositories: readonly string[],
  databases: readonly WantedFile[],
): string | undefined {
  const manifest = ifThere(() => copy.readText(`/sync/${MANIFEST}`))
  if (manifest === undefined) return undefined
  const digests = databases.map(({ name, limit }) => {
    return [name, digestOf(copy.readBytes(`/sync/${name}`, limit))] as const
  })
  return judgeSet(manifest, repositories, new Map(digests))
}

/**
 * When the newest sync database was made, without a copy; see DatabaseCopy.
 *
 * @throws as withDatabaseCopy() does
 */
export async function askNewestDatabase(
  dbPath: string,
  repositories: readonly string[],
  deadline: Deadline,
): Promise<Date> {
  return newestOf(await findRegular(`${dbPath}/sync`, repositories.map(databaseFile), deadline))
}

function databaseFile(repository: string): WantedFile {
  return { name: `${repository}.db`, limit: LARGEST_DATABASE }
}

function newestOf(files: readonly { mtimeMs: number }[]): Date {
  return new Date(Math.max(...files.map(({ mtimeMs }) => mtimeMs)))
}

/**
 * A text of pacman's about the copy, with the host's own paths.
 *
 * @param dbPath the real one
 */
export function inHostPaths(
  text: string,
  copy: string,
  dbPath: string,
  pacmanConf: string,
): string {
  return text
    .replaceAll(new RegExp(`${copy}/[a-z-]+\\.conf`, 'g'), pacmanConf)
    .replaceAll(copy, dbPath)
}

function linkAll(copy: Host, files: readonly string[]): void {
  copy.makeDirectory('/packages')
  for (const file of files) {
    const link = `/packages/${basename(file)}`
    if (copy.lstat(link) === undefined) copy.makeLink(link, file)
  }
}

interface WantedFile {
  name: string
  /** in bytes */
  limit: number
}

/**
 * The files that exist. A program looks, as they may be on a server that is gone.
 *
 * @throws SentinelError if there is none, or one of them is no regular file, or too large
 */
async function findRegular(
  from: string,
  files: readonly WantedFile[],
  deadline: Deadline,
): Promise<(WantedFile & { mtimeMs: number })[]> {
  const paths = files.map(({ name }) => `${from}/${name}`)
  const args = ['--printf=%n\\0%F\\0%s\\0%Y\\0', '--', ...paths]
  const ended = await awaitProgram('/usr/bin/stat', args, { timeoutMs: deadline.left() })
  if (ended.timedOut) throw notCopied(from, 'it took too long')
  const words = ended.stdout.toString().split('\0')
  const found = files.flatMap((file) => {
    const at = words.indexOf(`${from}/${file.name}`)
    if (at < 0) return []
    const [type = '', size, seconds] = words.slice(at + 1, at + 4)
    if (!type.startsWith('regular ')) throw notCopied(from, `${file.name} is a ${type}`)
    if (Number(size) > file.limit) throw tooLarge(from, file)
    return [{ ...file, mtimeMs: Number(seconds) * 1000 }]
  })
  if (found.length > 0) return found
  throw notCopied(from, ended.stderr.trim().split('\n')[0] ?? '')
}

/**
 * Copies one file with its time. dd(1) does it: it can be killed, opens no link, does not wait for
 * the other end of a FIFO, and stops at the limit, whatever has taken the file's place meanwhile.
 */
async function copyFile(
  from: string,
  copy: Host,
  { name, limit, mtimeMs }: WantedFile & { mtimeMs: number },
  deadline: Deadline,
): Promise<void> {
  const target = `/sync/${name}`
  const size = [
    'bs=64K',
    `count=${Math.ceil(limit / 2 ** 16) + 1}`,
    'iflag=nofollow,nonblock,fullblock',
  ]
  const args = [`if=${from}/${name}`, `of=${copy.path(target)}`, 'status=none', ...size]
  const ended = await awaitProgram('/usr/bin/dd', args, { timeoutMs: deadline.left() })
  if (ended.timedOut) throw notCopied(from, 'it took too long')
  if (ended.exitCode !== 0) throw notCopied(from, ended.stderr.trim())
  if ((copy.lstat(target)?.size ?? 0) > limit) throw tooLarge(from, { name, limit })
  copy.setTime(target, mtimeMs)
}

function tooLarge(from: string, { name, limit }: WantedFile): NotCopied {
  return notCopied(from, `${name} has more than ${sizeText(limit)}`)
}

function notCopied(from: string, reason: string): NotCopied {
  return new NotCopied(`the sync databases of ${from} cannot be copied (${reason})`)
}
