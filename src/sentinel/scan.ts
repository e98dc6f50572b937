import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { Mapping } from '../process/maps.ts'
import type { Finding } from './finding.ts'

/** What a scanner saw: deleted executable mappings, and what it could not read. */
export interface Scan {
  mappings: Mapping[]
  problems: Finding[]
}

/** Looks through all processes. Two kinds exist: our own, and the real lsof. */
export type Scanner = (host: Host, deadline: Deadline) => Scan | Promise<Scan>
