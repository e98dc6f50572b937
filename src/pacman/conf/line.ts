/**
 * The longest line that pacman reads as one, in bytes: it calls fgets(3) with a buffer of PATH_MAX.
 * The rest of a longer line becomes a line of its own. [pacman, src/common/ini.c]
 */
export const LINE_BYTES = 4095

export type ConfLine =
  { kind: 'section'; name: string } | { kind: 'directive'; key: string; value: string | undefined }

/**
 * Reads one line of a pacman.conf as pacman does. A `#` begins a comment only as the first
 * character, and a section's `]` must be the last one; all else is a directive, even nonsense.
 *
 * @param raw the line as latin1, with or without its end
 * @returns undefined for a comment or an empty line
 */
export function readLine(raw: string): ConfLine | undefined {
  const line = trim(untilNul(raw))
  if (line === '' || line.startsWith('#')) return undefined
  if (line.startsWith('[') && line.endsWith(']')) {
    return { kind: 'section', name: line.slice(1, -1) }
  }
  const equals = line.indexOf('=')
  if (equals < 0) return { kind: 'directive', key: line, value: undefined }
  return {
    kind: 'directive',
    key: trim(line.slice(0, equals)),
    value: trim(line.slice(equals + 1)),
  }
}

/** The lines of a latin1 text as fgets(3) gives them to pacman: a too long line in pieces. */
export function* splitLines(
  text: string,
): Generator<{ raw: string; line: number; tooLong: boolean }> {
  let line = 0
  for (let start = 0, end = 0; start < text.length; start = end) {
    const newline = text.indexOf('\n', start)
    end = newline < 0 ? text.length : newline + 1
    line++
    let tooLong = (newline < 0 ? end : newline) - start > LINE_BYTES
    for (let piece = start; piece < end; piece += LINE_BYTES) {
      yield { raw: text.slice(piece, Math.min(piece + LINE_BYTES, end)), line, tooLong }
      tooLong = false
    }
  }
}

/** The text before the first NUL, where a string ends for C. */
export function untilNul(text: string): string {
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}

/** Without the blanks of isspace(3) at both ends; String.trim would also take a 0xA0 byte. */
function trim(text: string): string {
  return trimStart(trimEnd(text))
}

export function trimStart(text: string): string {
  let start = 0
  while (start < text.length && isSpace(text.charCodeAt(start))) start++
  return text.slice(start)
}

export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(0, end)
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/** A line of a text and its end: '\n', or '' at the end of the file. A CR belongs to the line. */
export interface TextLine {
  text: string
  end: string
}

/** Splits a text into lines; joinLines() gives back the same text. */
export function textLines(text: string): TextLine[] {
  const parts = text.split('\n')
  const last = parts.pop() ?? ''
  const lines = parts.map((part) => ({ text: part, end: '\n' }))
  return last === '' ? lines : [...lines, { text: last, end: '' }]
}

export function joinLines(lines: readonly TextLine[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}
