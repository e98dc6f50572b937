import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { ignore, unreadable, type Finding } from './finding.ts'
import { readPersonsRequest } from './request-file.ts'

/** A person's request for a reboot as a reason like any other; it counts in its own boot. */
export function collectRequest(host: Host, bootId: string): Finding[] {
  try {
    const request = readPersonsRequest(host)
    if (request === undefined) return []
    const message = `requested by ${request.by}: ${request.reason}`
    const finding: Finding = { kind: 'request', effect: 'reboot', message }
    return [request.bootId === bootId ? finding : ignore(finding, 'in an earlier boot')]
  } catch (error) {
    const remedy = 'To do: kured-sentinel request --cancel'
    return [unreadable(`${errorText(error)}. ${remedy}`, { kind: 'request' })]
  }
}
