import type { Deadline } from '../host/deadline.ts'
import { awaitProgram, complaint } from '../host/program.ts'
import { AS_NOBODY } from '../pacman/targets.ts'
import { nameVersion } from '../pacman/database/local.ts'
import { errorText } from '../errors.ts'
import { parseTar } from './tar.ts'

/** A host's installed packages: "linux-6.9.1.arch1-1" → the content of its desc. */
export type PackedDatabase = ReadonlyMap<string, Buffer>

/** A packed database is no larger, in bytes of the file and of what is in it. */
const LARGEST_PACKED = 8 * 2 ** 20
const LARGEST_CONTENT = 64 * 2 ** 20

/** In bytes. A desc with its list of files would have more, and is none that this program packs. */
const LARGEST_DESC = 256 * 2 ** 10

/**
 * Copies the archive through no link, waits for no FIFO, and stops at its limit. nobody unpacks it:
 * an archive of a stranger is no work for root. bsdtar comes with pacman.
 */
const UNPACK = `
cd -P -- "$1" || exit 1
top=$(pwd -P)
cd -P -- "./$2" || exit 1
[ "$(pwd -P)" = "\${top%/}/$2" ] || { echo "$1/$2 is a link" >&2; exit 1; }
limit=$3
shift 3
/usr/bin/dd if=./local.tar.zst bs=64K count="$limit" iflag=nofollow,nonblock,fullblock status=none |
"$@" /usr/bin/bsdtar --create --file - --format=ustar @-`

/**
 * Reads what a host has installed, by the packed database that it has written to the share.
 *
 * @param share its path on this machine
 * @param name of the host, for which isHostName() holds
 */
export async function readPackages(
  share: string,
  name: string,
  deadline: Deadline,
): Promise<PackedDatabase | { problem: string }> {
  const args = ['-c', UNPACK, 'unpack', share, name, String(LARGEST_PACKED / 2 ** 16)]
  const limits = { timeoutMs: deadline.left(), maxBytes: LARGEST_CONTENT }
  try {
    const ended = await awaitProgram('/usr/bin/sh', [...args, ...AS_NOBODY], limits)
    const packed = ended.exitCode === 0 ? pickPackages(parseTar(ended.stdout)) : new Map()
    if (packed.size > 0) return packed
    const [why = ''] = complaint(ended).split('\n')
    return {
      problem: `its packed database of packages cannot be read: ${why || 'it has no packages'}`,
    }
  } catch (error) {
    return { problem: `its packed database of packages cannot be read: ${errorText(error)}` }
  }
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
