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
import { printable, printableJson, printableLines } from '../text/printable.ts'

interface RequestOptions {
  json: boolean
  dryRun: boolean
  root: string | undefined
  reason?: string | undefined
}

/** `request`: asks for a reboot, in place of an earlier request, or shows that. @returns 0 */
export function request({ json, dryRun, root, reason }: RequestOptions): number {
  const host = new Host(root)
  if (reason === undefined) {
    show(json, readOwn(host))
    return Exit.ok
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
  writeReport(isSame || dryRun ? undefined : REPORT_LOST, () => {
    if (json) write(1, printableJson({ request: shown(what), changed: !isSame, dryRun }))
    else write(1, renderAsked(what, isSame, dryRun))
  })
  return Exit.ok
}

/** `request --cancel`: takes it back, also one that cannot be read. @returns 0, also without one */
export function cancelRequest({ json, dryRun, root }: RequestOptions): number {
  const host = new Host(root)
  mustAsk(host)
  const known = readable(host)
  const cancelled = dryRun ? isThere(host) : removePersonsRequest(host)
  if (cancelled && !dryRun) {
    noteEvent(host, { kind: 'request-cancelled', reason: known?.reason ?? '', by: callerName() })
  }
  const done = dryRun ? 'would be cancelled' : 'cancelled'
  const text = cancelled ? `${done}: ${known?.reason ?? 'a request that is damaged'}` : 'no request'
  writeReport(cancelled && !dryRun ? REPORT_LOST : undefined, () =>
    write(1, json ? printableJson({ cancelled, dryRun }) : printableLines([text])),
  )
  return Exit.ok
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

function shown({ reason, by, at }: PersonsRequest) {
  return { reason, by, at }
}

function show(json: boolean, known: PersonsRequest | undefined): void {
  if (json) write(1, printableJson({ request: known === undefined ? null : shown(known) }))
  else write(1, known === undefined ? 'no request\n' : printableLines([describe(known)]))
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
