/**
 * Characters that move a terminal's cursor, end a log's line or reorder its text: C0 and C1
 * controls, DEL, line and paragraph separators, bidirectional marks, and halves of surrogate pairs.
 * Process names and paths are an attacker's to choose.
 */
// eslint-disable-next-line no-control-regex
const CONTROL =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu

/** Text for one line of a terminal or a log. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => `\\u${hex(char)}`)
}

/** JSON, with the same characters escaped; a parser gets the original text back. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2)
  return text.replace(CONTROL, (char) => (char === '\n' ? char : `\\u${hex(char)}`))
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, '0')
}
