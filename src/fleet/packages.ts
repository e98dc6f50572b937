import { errorText } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { askListing } from '../host/listing.ts'
import { complaint, runProgram } from '../host/program.ts'
import { nameVersion } from '../pacman/database/local.ts'
import { AS_NOBODY } from '../pacman/targets.ts'
import { readSharedFiles } from './files.ts'
import { parseTar } from './tar.ts'

/** A host's installed packages: "linux-6.9.1.arch1-1" → the content of its desc. */
export type PackedDatabase = ReadonlyMap<string, Buffer>

const PACKED_FILE = 'local.tar.zst'

/** A packed database is no larger, in bytes of the file and of what is in it; nor are all of them. */
const LARGEST_PACKED = 4 * 2 ** 20
const LARGEST_CONTENT = 64 * 2 ** 20
const LARGEST_TOTAL = 256 * 2 ** 20

/** In bytes. */
const LARGEST_DESC = 256 * 2 ** 10

/** Read at once, in bytes; and the time for them, in ms. */
const BATCH = 16 * 2 ** 20
const BATCH_MS = 30_000

/** What lists them: one level down. */
const TESTS = ['-mindepth', '2', '-maxdepth', '2', '-name', PACKED_FILE]

/**
 * Reads the hosts' packed databases, as they are on the share.
 *
 * @param names of hosts
 * @returns by host; one that is missing has none that can be read
 * @throws SentinelError if the share does not answer in time
 */
export async function readArchives(
  share: string,
  names: readonly string[],
  deadline: Deadline,
): Promise<Map<string, Buffer>> {
  const limit = () => new Deadline(Math.min(BATCH_MS, deadline.left()))
  const limits = { timeoutMs: limit().left() }
  const listing = await askListing(share, { tests: TESTS, time: 'changed' }, limits)
  const found = 'problem' in listing ? [] : listing.entries
  const sizes = new Map(
    found
      .filter(({ type, size }) => type === 'f' && size <= LARGEST_PACKED)
      .map(({ path, size }) => [path, size]),
  )
  const archives = new Map<string, Buffer>()
  let total = 0
  let batch: string[] = []
  let bytes = 0
  const flush = async () => {
    const files = await readSharedFiles(share, batch, LARGEST_PACKED, limit())
    // A copy: what is cut out of the output would keep all of it in memory.
    for (const [file, content] of files)
      archives.set(file.split('/', 1).join(), Buffer.from(content))
    batch = []
    bytes = 0
  }
  for (const name of names) {
    const file = `${name}/${PACKED_FILE}`
    const size = sizes.get(file)
    total += size ?? 0
    if (size === undefined || total > LARGEST_TOTAL) continue
    batch.push(file)
    bytes += size
    if (bytes >= BATCH) await flush()
  }
  await flush()
  return archives
}

/**
 * Unpacks a database. nobody does it: an archive of a stranger is no work for root. bsdtar comes with
 * pacman.
 */
export function unpackPackages(
  archive: Buffer,
  deadline: Deadline,
): PackedDatabase | { problem: string } {
  const [program = '', ...as] = AS_NOBODY
  const bsdtar = ['/usr/bin/bsdtar', '--create', '--file', '-', '--format=ustar', '@-']
  const limits = {
    timeoutMs: Math.min(BATCH_MS, deadline.left()),
    maxBytes: LARGEST_CONTENT,
    input: archive,
  }
  try {
    const ended = runProgram(program, [...as, ...bsdtar], limits)
    const packed = ended.exitCode === 0 ? pickPackages(parseTar(ended.stdout)) : new Map()
    if (packed.size > 0) return packed
    const [why = ''] = complaint(ended).split('\n')
    return unreadable(why || 'it has no packages')
  } catch (error) {
    return unreadable(errorText(error))
  }
}

function unreadable(why: string): { problem: string } {
  return { problem: `its packed database of packages cannot be read: ${why}` }
}

/** Only what is a package's desc by its name and its size. */
function pickPackages(files: ReadonlyMap<string, Buffer>): PackedDatabase {
  const found = [...files].flatMap(([path, content]) => {
    const directory = /^\.\/([A-Za-z0-9@_+][\w@.+:~-]{0,250})\/desc$/.exec(path)?.[1]
    if (directory === undefined || nameVersion(directory) === undefined) return []
    return content.length <= LARGEST_DESC ? [[directory, content] as const] : []
  })
  return new Map(found)
}
