import type { Host } from '../host/host.ts'
import { readMembership, readProcess, type UnitProcess } from '../proc/process.ts'

/** A process that was found and has ended since. */
export type Gone = Pick<UnitProcess, 'pid' | 'command' | 'unit'>

/** Whether the process that was found still exists, in the same unit. */
export function isStillThere(host: Host, process: UnitProcess): boolean {
  const now = readNow(host, process.pid)
  return (
    now?.startedAt === process.startedAt &&
    now.unit === process.unit &&
    now.userSlice === process.userSlice
  )
}

/** Whether a process is in that cgroup or below; a unit that does not run has the cgroup ''. */
export function isBelow({ cgroups }: UnitProcess, controlGroup: string): boolean {
  if (controlGroup === '') return false
  return cgroups.some((path) => path === controlGroup || path.startsWith(`${controlGroup}/`))
}

function readNow(host: Host, pid: number): UnitProcess | undefined {
  const process = readProcess(host, pid)
  const membership = readMembership(host, pid)
  return process && membership && { ...process, ...membership }
}
