import { sealed } from './digest.ts'

/** A unit file as the generator gives it. */
export interface UnitFile {
  /** the file's name, which is the unit's */
  name: string
  text: string
  /** whether `--enable` enables and starts it: timers, mounts, automounts */
  enable: boolean
}

/** A section's lines: `Key=value`, or a comment, which is wrapped into lines of its own. */
export type UnitLine = string | { because: string }

/** A unit with its sections in the order given, and sealed. */
export function unit(name: string, sections: Record<string, UnitLine[]>): UnitFile {
  const text = Object.entries(sections)
    .map(([section, lines]) => `[${section}]\n${lines.map(print).join('')}`)
    .join('\n')
  return { name, text: sealed(text), enable: 'Install' in sections }
}

/** The reason for the lines that follow. */
export function because(reason: string): UnitLine {
  return { because: reason }
}

function print(line: UnitLine): string {
  return typeof line === 'string' ? `${line}\n` : comment(line.because)
}

function comment(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length === 0 || longer.length > 97) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines.map((line) => `# ${line}\n`).join('')
}
