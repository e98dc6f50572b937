import type { LogLine } from './log.ts'

/** A package that pacman has brought to another version. */
export interface Upgrade {
  package: string
  from: string
  to: string
}

/** The clock that wrote the log may be behind by so much. In ms. */
const SLACK_MS = 60_000

/**
 * A package's changes of version since a time, in order: all behind the first line of that time, as a
 * clock may step back later. Where the log has no such line, only the last change.
 *
 * @param since in ms since 1970
 */
export function upgradesSince(
  lines: readonly LogLine[],
  isMeant: (name: string) => boolean,
  since: number,
): Upgrade[] {
  const start = lines.findIndex(({ at }) => at !== undefined && at >= since - SLACK_MS)
  const found = lines.flatMap(({ source, text }, index) => {
    const [, name, from, to] =
      /^(?:up|down)graded (\S+) \((\S+) -> (\S+)\)$/.exec(source === 'ALPM' ? text : '') ?? []
    if (name === undefined || from === undefined || to === undefined || !isMeant(name)) return []
    return [{ package: name, from, to, index }]
  })
  const late = start < 0 ? found.slice(-1) : found.filter(({ index }) => index >= start)
  return late.map(({ index: _, ...upgrade }) => upgrade)
}
