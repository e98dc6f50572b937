import { join } from 'node:path'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import type { Mapping } from '../process/maps.ts'
import { inBatches } from './inodes.ts'

/** The ID of the mount each mapping's file was opened on; undefined for a mapping that has gone. */
export type MountIds = Map<Mapping, string | undefined>

/**
 * Asks the kernel on which mount a mapped file is. The name in maps does not tell: on a mount that
 * was detached it begins at that mount's own root, so that anybody can own a deleted "/usr/lib/x".
 * Through a program that can be killed (src/mount-ids.ts).
 *
 * @returns undefined below a --root whose processes are no live ones: only the running kernel knows
 * @throws SentinelError where the kernel did not answer for every mapping
 */
export async function readMountIds(
  host: Host,
  mappings: Mapping[],
  deadline: Deadline,
): Promise<MountIds | undefined> {
  if (host.root !== '' && host.lstat('/proc/1/map_files') === undefined) return undefined
  const ids: MountIds = new Map()
  for (const batch of inBatches(mappings)) {
    const files = batch.map(({ pid, range }) => host.path(`/proc/${pid}/map_files/${short(range)}`))
    const program = join(__dirname, 'mount-ids.cjs')
    const limits = { timeoutMs: deadline.left() / 2 }
    const ended = await awaitProgram(process.execPath, [program, ...files], limits)
    const answers = ended.stdout.toString().split('\n')
    batch.forEach((mapping, index) => {
      const answer = answers[index] ?? ''
      const gone = answer === 'ENOENT' || answer === 'ESRCH'
      if (!gone && !/^\d+$/.test(answer)) {
        const why = ended.timedOut ? 'no answer in time' : answer || ended.stderr.trim()
        throw new SentinelError(`/proc/${mapping.pid}/map_files cannot be read: ${why}`)
      }
      ids.set(mapping, gone ? undefined : answer)
    })
  }
  return ids
}

/** map_files names addresses without leading zeros, maps pads them to eight digits. [fs/proc/base.c] */
function short(range: string): string {
  return range.replace(/(^|-)0+(?=[0-9a-f])/g, '$1')
}
