/** A line of a text and its end: '\n', or '' at the end of the file. A CR belongs to the line. */
export interface TextLine {
  text: string
  end: string
}

/** Takes a text apart, so that joinLines() gives back the same text. */
export function textLines(text: string): TextLine[] {
  const parts = text.split('\n')
  const last = parts.pop() ?? ''
  const lines = parts.map((part) => ({ text: part, end: '\n' }))
  return last === '' ? lines : [...lines, { text: last, end: '' }]
}

export function joinLines(lines: readonly TextLine[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}
