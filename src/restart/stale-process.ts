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

function readNow(host: Host, pid: number): UnitProcess | undefined {
  const process = readProcess(host, pid)
  const membership = readMembership(host, pid)
  return process && membership && { ...process, ...membership }
}
