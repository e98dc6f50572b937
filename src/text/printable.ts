/**
 * Characters that move a terminal's cursor, end a log's line, reorder its text or do not show:
 * controls, format characters (bidirectional marks among them), line and paragraph separators, and
 * halves of surrogate pairs. Names of processes and files are an attacker's to choose.
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text for one line of a terminal or a log. */
export function printable(text: string): string {
  return text.replace(CONTROL, escape)
}

/** The same for several lines, each with its end. */
export function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}

/** A line-ended JSON text, with the same characters escaped; a parser gets the original text back. */
export function printableJson(value: unknown): string {
  const text = `${JSON.stringify(value, null, 2)}\n`
  return text.replace(CONTROL, (char) => (char === '\n' ? char : escape(char)))
}

/** As JSON has it: one escape for each half of a character beyond the first 65,536. */
function escape(char: string): string {
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** Unified diffs that patch(1) takes: a tab, and a CR before the line's end, stay as they are. */
export function renderDiff(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      const [, text = '', end = ''] = /^(.*?)(\r?)$/s.exec(line) ?? []
      return text.split('\t').map(printable).join('\t') + end
    })
    .join('\n')
}
