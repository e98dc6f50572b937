import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { HostProcesses, ProcessProblem } from '../proc/host-processes.ts'
import type { DeletedFile } from '../proc/maps.ts'

/** What a scanner saw: deleted files that are mapped executable, and what it could not read. */
export interface Scan {
  files: DeletedFile[]
  problems: ProcessProblem[]
}

/** Looks through the host's processes. Two kinds exist: our own, and the real lsof. */
export type Scanner = (
  host: Host,
  processes: HostProcesses,
  deadline: Deadline,
) => Scan | Promise<Scan>
