import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { awaitProgram, complaint } from '../host/program.ts'

/**
 * Puts a file into a host's own directory, whole or not at all. The directory must be one, as a link
 * in its place would lead root anywhere; from there on nothing is named by its path.
 */
const PUT = `
umask 022
cd -P -- "$1" || exit 1
top=$(pwd -P)
[ -d "./$2" ] || [ -L "./$2" ] || /usr/bin/mkdir -m 755 -- "./$2" || exit 1
cd -P -- "./$2" || exit 1
[ "$(pwd -P)" = "\${top%/}/$2" ] || { echo "$1/$2 is a link" >&2; exit 1; }
/usr/bin/find . -maxdepth 1 -name '.new.*' -mmin +60 -delete
/usr/bin/find .. -maxdepth 1 -name '.clock.*' -mmin +60 -delete
new=.new.$$.$4
/usr/bin/dd if="$3" of="$new" bs=64K conv=excl,fsync oflag=nofollow status=none &&
/usr/bin/mv -f -T -- "$new" "$4" && /usr/bin/sync -- . || { /usr/bin/rm -f -- "$new"; exit 1; }`

/**
 * Writes one of this host's files to the share: atomically, synced, through a program that can be left
 * behind. Others see the old file or the new one.
 *
 * @param share its path on this machine
 * @param from the file to copy, a path of this machine
 * @throws SentinelError if it is not there within the time
 */
export async function putFile(
  { share, name, from, as }: { share: string; name: string; from: string; as: string },
  deadline: Deadline,
): Promise<void> {
  const limits = { timeoutMs: deadline.left() }
  const ended = await awaitProgram('/usr/bin/sh', ['-c', PUT, 'put', share, name, from, as], limits)
  if (ended.exitCode === 0) return
  throw new SentinelError(`${share}/${name}/${as} cannot be written: ${complaint(ended)}`)
}

/**
 * Removes a host's directory from the share. It comes back with that host's next report.
 *
 * @returns whether anything was there
 * @throws SentinelError if it is not gone within the time
 */
export async function removeHost(
  share: string,
  name: string,
  deadline: Deadline,
): Promise<boolean> {
  const path = `${share}/${name}`
  const ask = (program: string, ...args: string[]) =>
    awaitProgram(`/usr/bin/${program}`, [...args, '--', path], { timeoutMs: deadline.left() })
  const found = await ask('stat', '--printf=')
  const ended = await ask('rm', '-rf', '--one-file-system')
  if (ended.exitCode === 0) return found.exitCode === 0
  throw new SentinelError(`${path} cannot be removed: ${complaint(ended)}`)
}
