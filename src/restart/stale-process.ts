import type { Host } from '../host/host.ts'
import { readMembership, readProcess } from '../proc/process.ts'
import type { Finding } from '../sentinel/finding.ts'

/** A process that runs replaced code, with all that tells it from another that takes its PID. */
export interface StaleProcess {
  pid: number
  command: string
  /** by its own cgroup; a user's own unit where userSlice says so */
  unit: string | undefined
  userSlice: boolean
  /** seconds after boot */
  startedAt: number
  /** the paths of its cgroups, one for each hierarchy */
  cgroups: string[]
}

/** A process that was found and is no more. */
export type Gone = Pick<StaleProcess, 'pid' | 'command' | 'unit'>

/**
 * The processes of a scan's findings. One that has ended since, or whose PID was taken by another,
 * is gone: that one has another unit, or began after the scan did.
 *
 * @param scanStart the host's uptime before the scan, in seconds
 * @throws the system error where a process that still runs cannot be read
 */
export function identify(
  host: Host,
  findings: readonly Finding[],
  scanStart: number,
): { stale: StaleProcess[]; gone: Gone[] } {
  const stale: StaleProcess[] = []
  const gone: Gone[] = []
  const found = new Map(findings.map((finding) => [finding.pid, finding]))
  for (const [pid, finding] of found) {
    if (pid === undefined) continue
    const now = readNow(host, pid)
    if (now !== undefined && now.unit === finding.unit && now.startedAt < scanStart) stale.push(now)
    else gone.push({ pid, command: finding.command ?? '', unit: finding.unit })
  }
  return { stale, gone }
}

/** Whether a process is still the one that was found, and in the unit where it was. */
export function isStillThere(host: Host, process: StaleProcess): boolean {
  const now = readNow(host, process.pid)
  return (
    now?.startedAt === process.startedAt &&
    now.unit === process.unit &&
    now.userSlice === process.userSlice
  )
}

/** Whether a process is in that cgroup, or below it; '' is what a unit has that does not run. */
export function isBelow({ cgroups }: StaleProcess, controlGroup: string): boolean {
  if (controlGroup === '') return false
  return cgroups.some((path) => path === controlGroup || path.startsWith(`${controlGroup}/`))
}

function readNow(host: Host, pid: number): StaleProcess | undefined {
  const process = readProcess(host, pid)
  const membership = readMembership(host, pid)
  if (process === undefined || membership === undefined) return undefined
  const { unit, userSlice, cgroups } = membership
  return { ...process, unit, userSlice, cgroups }
}
