import { SentinelError } from '../errors.ts'
import { findInsertionPoint } from './insertion-point.ts'
import { checkName } from './name.ts'
import {
  joinLines,
  LINE_BYTES,
  readLine,
  textLines,
  trimEnd,
  trimStart,
  untilNul,
  type TextLine,
} from '../pacman/conf/line.ts'

/** The lists of ignored packages in [options]. */
export type ListKey = 'IgnorePkg' | 'IgnoreGroup'

/**
 * Adds names to a list in the text of one file that has an [options] section, as one small change:
 * at the end of an existing line, else on a new line, as findInsertionPoint() says. All other
 * bytes stay. A name that is already there is left out.
 *
 * @param text the file as latin1, so that any byte survives
 * @throws SentinelError for a bad name, or without an [options] section
 */
export function addEntries(text: string, key: ListKey, names: readonly string[]): string {
  for (const name of names) {
    const reason = checkName(name)
    if (reason !== undefined) throw new SentinelError(`${name} ${reason}`)
  }
  const lines = textLines(text)
  const { anchor, extend, prefix, present } = findInsertionPoint(lines, key)
  const line = lines[anchor]
  if (line === undefined) throw new SentinelError('there is no [options] section')
  const missing = [...new Set(names)].filter((name) => !present.has(name))
  if (extend) {
    while (missing[0] !== undefined && fits(line, missing[0])) append(line, missing.shift())
  }
  const added: string[] = []
  for (const name of missing) {
    const last = added.at(-1)
    const longer = `${last} ${name}`
    // 2: the line's end may be CR LF
    if (last !== undefined && longer.length + 2 < LINE_BYTES) added[added.length - 1] = longer
    else added.push(prefix + name)
  }
  insertAfter(lines, anchor, added)
  return joinLines(lines)
}

/**
 * Removes names from every line of a list in the text of one file, in any section: a line outside
 * of [options] has no effect anyway. A line that loses its last name is removed.
 *
 * @param text the file as latin1
 */
export function removeEntries(text: string, key: ListKey, names: readonly string[]): string {
  const unwanted = new Set(names.map((name) => Buffer.from(name).toString('latin1')))
  const lines = textLines(text)
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index]
    if (line === undefined || !isList(line, key)) continue
    const [start, end] = valueSpan(line.text)
    const words = line.text.slice(start, end).split(' ')
    const kept = words.filter((word) => !unwanted.has(word))
    if (kept.length === words.length) continue
    if (kept.every((word) => word === '')) removeLine(lines, index)
    else line.text = line.text.slice(0, start) + kept.join(' ') + line.text.slice(end)
  }
  return joinLines(lines)
}

function isList({ text }: TextLine, key: ListKey): boolean {
  const found = readLine(text)
  return found?.kind === 'directive' && found.key === key && found.value !== undefined
}

/** Where the value begins and ends, without the blanks around it. */
function valueSpan(text: string): [start: number, end: number] {
  const read = trimEnd(untilNul(text))
  const value = read.slice(read.indexOf('=') + 1)
  return [read.length - trimStart(value).length, read.length]
}

function fits({ text, end }: TextLine, name: string): boolean {
  return text.length + 1 + name.length + end.length < LINE_BYTES
}

function append(line: TextLine, name = ''): void {
  const [, end] = valueSpan(line.text)
  line.text = `${line.text.slice(0, end)} ${name}${line.text.slice(end)}`
}

/** New lines end like the line before them. A file without a final newline stays without one. */
function insertAfter(lines: TextLine[], anchor: number, texts: string[]): void {
  const line = lines[anchor]
  if (line === undefined || texts.length === 0) return
  const open = line.end === ''
  const cr = (open ? endsInCr(lines, anchor) : line.text.endsWith('\r')) ? '\r' : ''
  if (open) {
    line.text += cr
    line.end = '\n'
  }
  const added = texts.map((text) => ({ text: text + cr, end: '\n' }))
  const last = texts.at(-1)
  if (open && last !== undefined) added.splice(-1, 1, { text: last, end: '' })
  lines.splice(anchor + 1, 0, ...added)
}

/** Undoes insertAfter() to the byte. */
function removeLine(lines: TextLine[], index: number): void {
  const [removed] = lines.splice(index, 1)
  const before = lines[index - 1]
  if (removed?.end !== '' || before === undefined) return
  before.end = ''
  if (endsInCr(lines, index - 1)) before.text = before.text.replace(/\r$/, '')
}

/** Whether a line without an end would get CR LF: if the first line of the file has it. */
function endsInCr(lines: TextLine[], index: number): boolean {
  return index > 0 && lines[0]?.text.endsWith('\r') === true
}
