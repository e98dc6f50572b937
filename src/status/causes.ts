import { basename } from 'node:path'
import type { CheckReport } from '../sentinel/check.ts'
import type { Finding } from '../sentinel/finding.ts'
import { listed } from '../text/listed.ts'

/** Findings about the same thing. */
export interface Cause {
  /** what it is about: a unit, "kernel" */
  subject: string
  text: string
  /** what clears it, or what to do; of one that does not count: why it does not */
  aside?: string
  /** attention: a person should look; due: a reason for a reboot */
  weight: 'attention' | 'due' | 'ignored'
}

/** Files, and messages, that are named in a cause. */
const MOST = 3

/**
 * The findings of a report by what they are about: what needs a person, the reasons for a reboot, and
 * what does not count. What is being waited for is the answer's to say.
 *
 * @param isRoot whether root looked: to others most processes are closed
 */
export function groupFindings(
  { reasons, ignored }: Pick<CheckReport, 'reasons' | 'ignored'>,
  isRoot: boolean,
): Cause[] {
  const groups = new Map<string, Finding[]>()
  for (const finding of [...reasons, ...ignored]) {
    if (finding.effect === 'busy' || finding.effect === 'held') continue
    const key = keyOf(finding, isRoot)
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  const causes = [...groups.values()].map((group) => describeGroup(group, isRoot))
  return (['attention', 'due', 'ignored'] as const).flatMap((weight) =>
    causes.filter((cause) => cause.weight === weight),
  )
}

function isCode({ kind }: Finding): boolean {
  return kind === 'library' || kind === 'executable'
}

/** Findings with the same key are one cause. */
function keyOf(finding: Finding, isRoot: boolean): string {
  const { kind, effect, message, pid, remedy = '', why = '' } = finding
  const last = effect === 'none' ? why : ''
  if (isCode(finding)) return JSON.stringify([subjectOf(finding), effect, remedy, last])
  if (kind === 'module' || kind === 'microcode') return JSON.stringify([kind, effect, last])
  if (kind === 'unreadable' && pid !== undefined) {
    return JSON.stringify(isRoot ? ['process', effect, last] : ['process'])
  }
  return JSON.stringify([kind, effect, message, last])
}

const SUBJECTS: Partial<Record<Finding['kind'], string>> = {
  unreadable: 'not seen',
  unfinished: 'upgrade',
  boot: 'next boot',
}

function subjectOf({ kind, unit, command, pid, ...finding }: Finding): string {
  if (isCode({ kind, ...finding })) return unit ?? command ?? 'a process'
  if (kind === 'unreadable' && pid !== undefined) return 'processes'
  return SUBJECTS[kind] ?? kind
}

function describeGroup(group: readonly Finding[], isRoot: boolean): Cause {
  const [first] = group
  if (first === undefined) throw new Error('a group has findings')
  const { effect, why, remedy } = first
  const weight = effect === 'attention' ? 'attention' : effect === 'reboot' ? 'due' : 'ignored'
  const subject = subjectOf(first)
  if (subject === 'processes' && !isRoot) {
    return { subject, text: unseen(group), aside: 'run it as root', weight }
  }
  const text = isCode(first) ? describeCode(group) : describeOthers(group)
  const aside = weight === 'ignored' ? why : remedy
  return { subject, text, weight, ...(aside !== undefined && { aside }) }
}

function unseen(group: readonly Finding[]): string {
  const { size } = new Set(group.map(({ pid }) => pid))
  return `${size === 1 ? 'one' : size} cannot be seen by an ordinary user`
}

/** "libcrypto.so.3, libssl.so.3 (sshd[412] and 3 more)" */
function describeCode(group: readonly Finding[]): string {
  const files = [...new Set(group.map(fileOf))]
  const processes = [...new Map(group.map((finding) => [finding.pid, finding])).values()]
  const names = processes.map(({ command = '', pid }) => `${command}[${pid}]`)
  const more = names.length > 1 ? ` and ${names.length - 1} more` : ''
  return `${listed(files, MOST)} (${names[0]}${more})`
}

/** A library of a package is known by its name; of all else the place matters. */
function fileOf({ kind, path = '', byPacman }: Finding): string {
  return kind === 'library' && byPacman === true ? basename(path) : path
}

function describeOthers(group: readonly Finding[]): string {
  const [first] = group
  if (group.length === 1 && first?.kind === 'kernel' && first.effect === 'reboot') {
    return describeKernel(first)
  }
  const more = group.length > MOST ? [`and ${group.length - MOST} more`] : []
  return [...group.slice(0, MOST).map(({ message }) => message), ...more].join('; ')
}

function describeKernel({ running, installed, package: name, message }: Finding): string {
  if (running === undefined || installed === undefined || running === installed) return message
  return `${running} runs, ${name === undefined ? '' : `${name} `}${installed} is installed`
}
