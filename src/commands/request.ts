import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { Exit, SentinelError } from '../errors.ts'
import { noteEvent } from '../history/note.ts'
import { callerName, mustBeRoot } from '../host/caller.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import {
  type PersonsRequest,
  readPersonsRequest,
  refuseReason,
  REQUEST_FILE,
  removePersonsRequest,
  writePersonsRequest,
} from '../sentinel/request-file.ts'
import { REPORT_LOST, writeReport } from '../terminal/report.ts'
import { printable, printableLines } from '../text/printable.ts'

interface RequestOptions {
  json: boolean
  dryRun: boolean
  root: string | undefined
  reason?: string | undefined
}

/** `request`: asks for a reboot, in place of an earlier request, or shows that. Its exit code is 0. */
export function request({ json, dryRun, root, reason }: RequestOptions): Answer<'request'> {
  const host = new Host(root)
  if (reason === undefined) {
    const known = readOwn(host)
    if (!json) write(1, known === undefined ? 'no request\n' : printableLines([describe(known)]))
    return requestAnswer(known, { changed: false, dryRun })
  }
  const why = refuseReason(reason)
  if (why !== undefined) throw new SentinelError(why)
  mustAsk(host)
  const made = newRequest(host, reason.trim())
  const known = readable(host)
  const isSame = known?.reason === made.reason && known.bootId === made.bootId
  if (!isSame && !dryRun) {
    writePersonsRequest(host, made)
    noteEvent(host, { kind: 'request', reason: made.reason, by: made.by })
  }
  const what = isSame ? known : made
  const untold = isSame || dryRun ? undefined : REPORT_LOST
  if (!json) writeReport(untold, () => write(1, renderAsked(what, isSame, dryRun)))
  return { ...requestAnswer(what, { changed: !isSame, dryRun }), untold }
}

/** `request --cancel`: takes it back, also one that cannot be read. Its exit code is 0, also without one. */
export function cancelRequest({ json, dryRun, root }: RequestOptions): Answer<'request'> {
  const host = new Host(root)
  mustAsk(host)
  const known = readable(host)
  const cancelled = dryRun ? isThere(host) : removePersonsRequest(host)
  if (cancelled && !dryRun) {
    noteEvent(host, { kind: 'request-cancelled', reason: known?.reason ?? '', by: callerName() })
  }
  const done = dryRun ? 'would be cancelled' : 'cancelled'
  const text = cancelled ? `${done}: ${known?.reason ?? 'a request that is damaged'}` : 'no request'
  const untold = cancelled && !dryRun ? REPORT_LOST : undefined
  if (!json) writeReport(untold, () => write(1, printableLines([text])))
  const answer = requestAnswer(undefined, { changed: cancelled, dryRun })
  return { ...answer, ...(cancelled && { verdict: 'cancelled' }), untold }
}

/** On this host only root may ask; the files of another root are their owner's. */
function mustAsk(host: Host): void {
  if (host.root === '') mustBeRoot('a request')
}

function isThere(host: Host): boolean {
  return host.lstat(REQUEST_FILE) !== undefined
}

function newRequest(host: Host, reason: string): PersonsRequest {
  const bootId = host.bootId()
  const at = new Date(host.now()).toISOString()
  return { reason, by: printable(callerName()), at, bootId }
}

/** That of this boot. Throws SentinelError when it cannot be read. */
function readOwn(host: Host): PersonsRequest | undefined {
  const known = readPersonsRequest(host)
  return known?.bootId === host.bootId() ? known : undefined
}

function readable(host: Host): PersonsRequest | undefined {
  try {
    return readOwn(host)
  } catch {
    return undefined
  }
}

function requestAnswer(
  known: PersonsRequest | undefined,
  what: { changed: boolean; dryRun: boolean },
): Answer<'request'> {
  const shown = known && { reason: known.reason, by: known.by, at: known.at }
  return {
    verdict: shown === undefined ? 'none' : 'requested',
    exitCode: Exit.ok,
    findings: shown === undefined ? [] : [plainFinding('due', 'request', shown.reason)],
    details: { request: shown ?? null, ...what },
  }
}

function describe({ reason, by, at }: PersonsRequest): string {
  return `requested by ${by} at ${at}: ${reason}`
}

function renderAsked(asked: PersonsRequest, isSame: boolean, dryRun: boolean): string {
  if (dryRun) {
    return printableLines([
      isSame ? `${describe(asked)} (nothing to do)` : `would be requested: ${asked.reason}`,
    ])
  }
  return printableLines([
    describe(asked),
    'Kured is told at its next check. What keeps it back, kured-sentinel status says.',
  ])
}
