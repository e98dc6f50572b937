import { errorText } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { askListing } from '../host/listing.ts'
import { complaint, runProgram } from '../host/program.ts'
import { nameVersion } from '../pacman/database/local.ts'
import { asNobody } from '../pacman/targets.ts'
import { splitByWeight } from '../text/split.ts'
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
  const sizeOf = (file: string) => sizes.get(file) ?? 0
  const there = names.map((name) => `${name}/${PACKED_FILE}`).filter((file) => sizes.has(file))
  // What is too much in all is left out, from the first one on.
  const [files = []] = splitByWeight(there, sizeOf, LARGEST_TOTAL)
  const archives = new Map<string, Buffer>()
  for (const batch of splitByWeight(files, sizeOf, BATCH)) {
    const read = await readSharedFiles(share, batch, LARGEST_PACKED, limit())
    for (const [file, content] of read) {
      // A copy: what is cut out of the output would keep all of it in memory.
      archives.set(file.split('/', 1).join(), Buffer.from(content))
    }
  }
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
  const bsdtar = ['/usr/bin/bsdtar', '--create', '--file', '-', '--format=ustar', '@-']
  const [program = '', ...args] = [...asNobody(), ...bsdtar]
  const limits = {
    timeoutMs: Math.min(BATCH_MS, deadline.left()),
    maxBytes: LARGEST_CONTENT,
    input: archive,
  }
  try {
    const ended = runProgram(program, args, limits)
    if (ended.exitCode === 0) return pickPackages(parseTar(ended.stdout))
    const [why = ''] = complaint(ended).split('\n')
    return unreadable(why)
  } catch (error) {
    return unreadable(errorText(error))
  }
}

function unreadable(why: string): { problem: string } {
  return { problem: `its packed database of packages cannot be read: ${why}` }
}

/**
 * Each package's desc. A version may have any printable character of ASCII but colon, slash and dash.
 * What cannot be taken for a package makes all of it unknown: without one
 * that is installed, its upgrade would not be fetched, and its file would be pruned. [PKGBUILD(5), pkgver]
 */
function pickPackages(files: ReadonlyMap<string, Buffer>): PackedDatabase | { problem: string } {
  const found = new Map<string, Buffer>()
  for (const [path, content] of files) {
    const [, entry] = /^\.\/([^/]+)\/desc$/s.exec(path) ?? []
    if (entry === undefined) continue
    const isPackage = /^[A-Za-z0-9@_+][!-~]{0,250}$/.test(entry) && nameVersion(entry) !== undefined
    if (!isPackage) return unreadable(`${entry} is no package`)
    if (content.length > LARGEST_DESC) return unreadable(`${entry} is too large`)
    found.set(entry, content)
  }
  return found.size > 0 ? found : unreadable('it has no packages')
}
