/** What a program prints to a terminal, as lines of coloured pieces. */

/** A piece of one line in one style: "bold", "green", … */
interface Piece {
  text: string
  styles: readonly string[]
}

export type TerminalLine = readonly Piece[]

/** The styles that chalk sets and takes away. [ECMA-48, SGR] */
const SET: Record<string, string> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  36: 'cyan',
}
const COLOURS = ['red', 'green', 'yellow', 'cyan']

/** @param columns where the terminal breaks lines */
export function terminalLines(output: string, columns: number): TerminalLine[] {
  let styles: readonly string[] = []
  return output
    .replace(/\n$/, '')
    .split('\n')
    .flatMap((line) => {
      const pieces: Piece[] = []
      for (const part of line.split(/(\u001b\[\d+m)/)) {
        const code = /^\u001b\[(\d+)m$/.exec(part)?.[1]
        if (code !== undefined) styles = styled(styles, code)
        else if (part !== '') pieces.push({ text: part, styles })
      }
      return broken(pieces, columns)
    })
}

function styled(styles: readonly string[], code: string): readonly string[] {
  const style = SET[code]
  if (style !== undefined) return [...styles, style]
  if (code === '22') return styles.filter((one) => COLOURS.includes(one))
  if (code === '39') return styles.filter((one) => !COLOURS.includes(one))
  throw new Error(`the recording knows no style ${code}`)
}

function broken(pieces: readonly Piece[], columns: number): TerminalLine[] {
  const lines: Piece[][] = [[]]
  let column = 0
  for (const { text, styles } of pieces) {
    for (let rest = text; rest !== '';) {
      if (column === columns) {
        lines.push([])
        column = 0
      }
      const now = rest.slice(0, columns - column)
      lines.at(-1)?.push({ text: now, styles })
      column += now.length
      rest = rest.slice(now.length)
    }
  }
  return lines
}
