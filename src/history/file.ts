import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { STATE_DIRECTORY } from '../state/store.ts'
import { countEvents, type EventCounts } from './count.ts'
import { isEntry, type HistoryEntry } from './fields.ts'
import { oneOf, shape, whole } from '../text/guard.ts'
import { cutText } from '../text/listed.ts'

/** One event in each line, as JSON, in the order of writing. */
export const HISTORY_FILE = `${STATE_DIRECTORY}/history.jsonl`

/** The file's limit, and what is kept when it is reached, in bytes. */
const MOST_BYTES = 2 ** 20
const KEPT_BYTES = 3 * 2 ** 18

/** Room for the line that counts what has gone, in bytes. */
const TALLY_BYTES = 4096

/** The longest text of an event, in characters. */
const LONGEST_TEXT = 1000
/** The longest list; and in a line that is longer than this, in characters. */
const LONGEST_LIST = 1000
const SHORTER_LIST = 20
const LONG_LINE = 100_000

export interface HistoryFile {
  entries: HistoryEntry[]
  /** lines that are no events: torn by a power cut, or written by another program or version */
  unreadable: number
}

/**
 * The events, oldest first; none where there is no file.
 *
 * @throws SentinelError when the file cannot be read
 */
export function readHistory(host: Host): HistoryFile {
  const { entries, unreadable } = parseLines(readLines(host))
  return { entries, unreadable }
}

/**
 * How often each thing has happened, and how many lines are no events. The oldest events go, and
 * stay counted: the counts fall only where the file itself is lost.
 *
 * @throws SentinelError when the file cannot be read
 */
export function countHistory(host: Host): { counts: EventCounts; unreadable: number } {
  const { entries, unreadable, gone } = parseLines(readLines(host))
  return { counts: countEvents(entries, gone), unreadable }
}

/** gone: the counts of events that have made room for others, from the file's first line. */
function parseLines(lines: readonly string[]): HistoryFile & { gone: EventCounts } {
  const gone = parseTally(lines[0] ?? '')
  const events = gone === undefined ? lines : lines.slice(1)
  const entries = events.map(parseLine).filter((entry) => entry !== undefined)
  return { entries, unreadable: events.length - entries.length, gone: gone ?? {} }
}

/** Not an event, as it did not happen on the host: an older program takes it for unreadable. */
function parseTally(line: string): EventCounts | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isTally(value) ? value.counts : undefined
  } catch {
    return undefined
  }
}

const isTally = shape({ kind: oneOf('gone'), counts: isCounts })

function isCounts(value: unknown): value is EventCounts {
  return typeof value === 'object' && value !== null && Object.values(value).every(whole)
}

function readLines(host: Host): string[] {
  try {
    return readTail(host, MOST_BYTES).split('\n').filter(Boolean)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw new SentinelError(`${HISTORY_FILE} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

/** The lines that begin in the file's last bytes. */
function readTail(host: Host, most: number): string {
  const size = host.stat(HISTORY_FILE)?.size ?? 0
  const start = Math.max(0, size - most)
  const tail = host.readPart(HISTORY_FILE, start, size - start).toString()
  return start === 0 ? tail : tail.slice(tail.indexOf('\n') + 1)
}

function parseLine(line: string): HistoryEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Appends events, in one synced write. Only for who holds the state's lock. The oldest lines go when
 * the file would have more than 1 MiB.
 *
 * @throws the system error; the file then has its old lines, perhaps with a torn one behind them
 */
export function appendHistory(host: Host, entries: readonly HistoryEntry[]): void {
  const added = entries.map((entry) => `${boundedJson(entry)}\n`).join('')
  const size = host.stat(HISTORY_FILE)?.size ?? 0
  // A torn last line must not take the next one along.
  const isTorn = size > 0 && host.readPart(HISTORY_FILE, size - 1, 1)[0] !== 0x0a
  const text = isTorn ? `\n${added}` : added
  const room = MOST_BYTES - Buffer.byteLength(text)
  if (size <= room) host.append(HISTORY_FILE, text)
  else host.write(HISTORY_FILE, shortened(host, room) + text)
}

/** The newest lines, below the counts of those that go: both come in one write, or none does. */
function shortened(host: Host, room: number): string {
  const kept = readTail(host, Math.max(0, Math.min(KEPT_BYTES, room - TALLY_BYTES)))
  const lines = readLines(host)
  const leaving = lines.slice(0, lines.length - kept.split('\n').filter(Boolean).length)
  const { entries, gone } = parseLines(leaving)
  return `${JSON.stringify({ kind: 'gone', counts: countEvents(entries, gone) })}\n${kept}`
}

/** JSON in one line, with long texts and lists cut. */
export function boundedJson(value: object): string {
  const line = JSON.stringify(value, bounded(LONGEST_LIST))
  return line.length <= LONG_LINE ? line : JSON.stringify(value, bounded(SHORTER_LIST))
}

function bounded(longestList: number) {
  return (_key: string, value: unknown): unknown => {
    if (typeof value === 'string') return cutText(value, LONGEST_TEXT)
    return Array.isArray(value) ? value.slice(0, longestList) : value
  }
}
