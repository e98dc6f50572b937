/**
 * Characters that move a terminal's cursor, end a log line, reorder text or are invisible:
 * controls, format characters (including bidirectional marks), line and paragraph separators, and
 * halves of surrogate pairs. An attacker can choose the names of processes and files.
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text that is safe in one line of a terminal or a log. */
export function printable(text: string): string {
  return text.replace(CONTROL, escape)
}

/** The same for several lines, each with its end. */
export function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}

/** JSON and a final newline, with the same characters escaped; a parser restores the original. */
export function printableJson(value: unknown): string {
  const text = `${JSON.stringify(value, null, 2)}\n`
  return text.replace(CONTROL, (char) => (char === '\n' ? char : escape(char)))
}

/** As in JSON: a character above U+FFFF becomes two escapes, one for each surrogate. */
function escape(char: string): string {
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** Makes a unified diff safe for a terminal. Tabs and the CR of CRLF stay: patch(1) needs them. */
export function renderDiff(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      const [, text = '', end = ''] = /^(.*?)(\r?)$/s.exec(line) ?? []
      return text.split('\t').map(printable).join('\t') + end
    })
    .join('\n')
}
