import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { Deadline } from '../host/deadline.ts'
import { askFreeSpace, askRealPath } from '../host/directory.ts'
import { Host } from '../host/host.ts'
import { mountedAt } from '../proc/mountinfo.ts'

/**
 * Where the generated units mount the third export. Not below /var/lib/kured-sentinel: systemd makes a
 * mount point, and a state directory without the list of requests would be one that has lost it.
 */
export const FLEET_DIRECTORY = '/var/cache/kured-sentinel/fleet'

export type FleetSettings = Pick<Config, 'fleetDirectory' | 'fleetMount'>

/** none: this host takes no part. silent: it does, and the share cannot be seen. */
export type Share =
  | { state: 'none' }
  | { state: 'silent'; problem: string }
  /** path: on this machine, without links */
  | { state: 'there'; path: string }

/** The longest that a server may keep anybody waiting, in ms. */
const SHARE_MS = 15_000

/** The time for all that is asked of the share. */
export function shareDeadline(deadline: Deadline): Deadline {
  return new Deadline(Math.min(SHARE_MS, deadline.left() * 0.7))
}

/** Looks for the share through programs that can be left behind. Mounts an idle automount. */
export async function findShare(
  host: Host,
  { fleetDirectory, fleetMount }: FleetSettings,
  deadline: Deadline,
): Promise<Share> {
  const directory = fleetDirectory || FLEET_DIRECTORY
  // The directory itself may be a dead server's; the one above it is this host's.
  if (fleetDirectory === '' && host.lstat(dirname(directory)) === undefined) {
    return { state: 'none' }
  }
  const answer = await askFreeSpace(host.path(directory), deadline)
  if ('problem' in answer) {
    const isMissing = answer.problem.includes('No such file or directory')
    if (isMissing && fleetDirectory === '') return { state: 'none' }
    return silent(`${directory} does not answer: ${answer.problem}`)
  }
  const path = await askRealPath(host.path(directory), deadline)
  if (!fleetMount) return { state: 'there', path }
  // This process's own mounts and paths, also where the host's files are below a root.
  const mounted = mountedAt(new Host().readText('/proc/self/mountinfo'), path)
  if (mounted !== undefined && mounted.type !== 'autofs') return { state: 'there', path }
  return silent(`${directory} is not mounted`)
}

function silent(problem: string): Share {
  return { state: 'silent', problem }
}
