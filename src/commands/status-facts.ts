import type { RunRecord } from '../record/run-record.ts'
import type { NotSeen } from '../sentinel/not-seen.ts'
import { LATE_MS } from '../kubernetes/asked.ts'
import { isUnknown } from '../status/fact.ts'
import type { HostStatus } from '../status/status.ts'
import { chalk } from '../terminal/colours.ts'
import { durationText } from '../text/duration.ts'
import { countPackages, listed } from '../text/listed.ts'
import type { TableRow } from '../text/table.ts'
import { whenText } from '../text/when.ts'
import type { JobStatus } from '../units/status.ts'

/** What is known beside the verdict. Without a word of Kubernetes there is no line for it. */
export function factsOf(status: HostStatus, width: number): TableRow[] {
  const { restarts, kubelet } = status
  return [
    ...(restarts === undefined ? [] : [trouble('restarts', unknown(restarts))]),
    describeKured(status),
    ...(kubelet === undefined ? [] : [fact('kubelet', kubelet.message, kubelet.fits === false)]),
    ...describeUpgrades(status, width),
    describeReboot(status),
    ...describeNotSeen(status.notSeen),
  ]
}

function fact(subject: string, text: string, isTrouble = false): TableRow {
  return { subject, text, ...(isTrouble && { paintText: chalk.yellow }) }
}

function trouble(subject: string, text: string): TableRow {
  return fact(subject, text, true)
}

const unknown = (why: string) => `not known: ${why}`

function describeKured({ kured, uptime, now }: HostStatus): TableRow {
  const subject = 'Kured'
  if (isUnknown(kured)) return trouble(subject, unknown(kured.unknown))
  const { askedAgoMs, toldAt } = kured
  if (askedAgoMs === undefined) {
    const booted = isUnknown(uptime) ? undefined : uptime.ms
    const since = booted === undefined ? '' : `, ${durationText(booted)} ago`
    return fact(subject, `has not asked since the boot${since}`, (booted ?? LATE_MS) >= LATE_MS)
  }
  const late = askedAgoMs >= LATE_MS ? ', and should ask every minute' : ''
  const order =
    toldAt === undefined ? '' : `; told to reboot since ${whenText(Date.parse(toldAt), now)}`
  return fact(subject, `last asked ${durationText(askedAgoMs)} ago${late}${order}`, late !== '')
}

/** Between the last upgrade and the next, where both have room in one line. */
const APART = ' '.repeat(8)

function describeUpgrades({ upgrade, now }: HostStatus, width: number): TableRow[] {
  const subject = 'last upgrade'
  if (isUnknown(upgrade)) return [trouble(subject, unknown(upgrade.unknown))]
  const next = upgrade.next === undefined ? 'none planned' : whenText(upgrade.next, now)
  const { text, isTrouble } = describeLast(upgrade, now)
  const joined = `${text}${APART}next  ${next}`
  const isShort = `${subject}  ${joined}`.length <= Math.min(width, LONGEST_LINE)
  if (isShort && !isTrouble) return [fact(subject, joined)]
  return [fact(subject, text, isTrouble), fact('next upgrade', next)]
}

/** Beyond this two facts in a line are hard to read, however wide the terminal is. */
const LONGEST_LINE = 100

function describeLast({ run, skip }: JobStatus, now: number) {
  const isSkipped = skip !== undefined && (run === undefined || skip.at > Date.parse(run.endedAt))
  const parts = [
    ...(isSkipped ? [`skipped ${whenText(skip.at, now)}: ${skip.why}`] : []),
    ...(run === undefined ? [] : [describeRun(run, now)]),
    ...(run?.lastEnd === undefined ? [] : [describeRun(run.lastEnd, now)]),
  ]
  const isTrouble = isSkipped || [run, run?.lastEnd].some((one) => one && isBad(one))
  return { text: parts.join('; before that ') || 'none so far', isTrouble }
}

type EndedRun = Omit<RunRecord, 'lastEnd'>

function isBad({ outcome, problems, repaired }: EndedRun): boolean {
  const isWell = outcome === 'completed' || outcome === 'nothing-to-do'
  return repaired !== true && (!isWell || problems.length > 0)
}

function describeRun(run: EndedRun, now: number): string {
  const { outcome, reason, problems, packages, endedAt, repaired, skips = 1 } = run
  const at = whenText(Date.parse(endedAt), now)
  const count = countPackages(packages)
  const since = repaired === true ? ' (repaired since)' : ''
  if (outcome === 'completed') {
    const flaws = problems.length === 0 ? '' : `, with problems: ${problems.join('; ')}`
    return `${at}, ${count}${flaws}${since}`
  }
  if (outcome === 'nothing-to-do') return `${at}, nothing to do`
  const times = outcome === 'skipped' && skips > 1 ? ` (${skips} times in a row)` : ''
  return `${outcome} ${at}${times}: ${reason}${since}`
}

const HOW = {
  planned: '',
  unknown: '',
  unplanned: ', not by kured-sentinel',
  'power-cut': ', after a power cut, a crash or a reset',
}
const HELPED = { yes: '; it helped', no: '; it did not help', unknown: '' }

function describeReboot({ reboot, now }: HostStatus): TableRow {
  const subject = 'last reboot'
  if (isUnknown(reboot)) return trouble(subject, unknown(reboot.unknown))
  const { agoMs, how, causes, helped } = reboot
  const why = causes.length === 0 ? '' : `, for ${listed(causes, 3)}${HELPED[helped]}`
  const isTrouble = how === 'power-cut' || (causes.length > 0 && helped === 'no')
  return fact(subject, `${whenText(now - agoMs, now)}${HOW[how]}${why}`, isTrouble)
}

/** Packages that are named. */
const NAMED = 5

/** Where older scripts or firmware may still be in use. */
function describeNotSeen({ scripts, firmware, problem }: NotSeen): TableRow[] {
  const rows = [
    ...(scripts.length > 0
      ? [`whether older scripts still run, of ${listed(scripts, NAMED)}`]
      : []),
    ...(firmware.length > 0
      ? [`whether devices run older firmware, of ${listed(firmware, NAMED)}`]
      : []),
    ...(problem === undefined ? [] : [`whether scripts or firmware were upgraded (${problem})`]),
  ]
  return rows.map((text) => fact('not seen', text))
}
