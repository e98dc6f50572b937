import { readLine, type TextLine } from '../pacman/conf/line.ts'

/** Where new names of a list go. */
export interface InsertionPoint {
  /** the index of the line to extend, or to insert a new line after; -1: no [options] section */
  anchor: number
  extend: boolean
  /** the beginning of a new line, with the file's own spacing */
  prefix: string
  /** names that are already in the searched part */
  present: ReadonlySet<string>
}

/**
 * Finds the place for new names: the list's last line with names in the first [options] block that
 * has one, else an empty line of the list, else one commented out, else the header of [options].
 *
 * A block is searched only up to its first Include, since the included file may leave pacman in
 * another section, where the list has no effect. (See readPacmanConf.)
 */
export function findInsertionPoint(lines: readonly TextLine[], key: string): InsertionPoint {
  const present = new Set<string>()
  const commented = new RegExp(`^([ \\t]{0,99})#[ \\t]*(${key}[ \\t]{0,99}=[ \\t]{0,99})`)
  let filled: InsertionLine | undefined
  let empty: InsertionLine | undefined
  let comment: InsertionLine | undefined
  let head: InsertionLine | undefined
  let block = 0
  let inOptions = false
  for (const [anchor, { text }] of lines.entries()) {
    const line = readLine(text)
    if (line?.kind === 'section') {
      inOptions = line.name === 'options'
      block++
      if (inOptions) head ??= { anchor, block, prefix: `${key} = ` }
    } else if (line?.kind === 'directive' && line.key === 'Include') inOptions = false
    if (!inOptions) continue
    if (line === undefined) {
      const [, indent = '', rest = ''] = commented.exec(text) ?? []
      if (rest !== '') comment ??= { anchor, block, prefix: spaced(indent + rest) }
    } else if (line.kind === 'directive' && line.key === key && line.value !== undefined) {
      const names = line.value.split(' ').filter((name) => name !== '')
      for (const name of names) present.add(name)
      const place = { anchor, block, prefix: prefixOf(text, key) }
      if (names.length === 0) empty ??= place
      else if (filled === undefined || filled.block === block) filled = place
    }
  }
  const { anchor = -1, prefix = '' } = filled ?? empty ?? comment ?? head ?? {}
  return { anchor, extend: filled !== undefined, prefix, present }
}

interface InsertionLine {
  anchor: number
  block: number
  prefix: string
}

/** The line's own beginning, or a plain one if that has unusual characters. */
function prefixOf(text: string, key: string): string {
  const own = new RegExp(`^[ \\t]{0,99}${key}[ \\t]{0,99}=[ \\t]{0,99}`).exec(text)?.[0]
  return own === undefined ? `${key} = ` : spaced(own)
}

/** `Key =` wants a space before its first name, `Key=` does not. */
function spaced(prefix: string): string {
  return /[ \t]=$/.test(prefix) ? `${prefix} ` : prefix
}
