import { KEYS, SECTIONS } from '../../src/config/keys.ts'

const HEAD = `# Configuration of kured-sentinel; see kured-sentinel.conf(5).
#
# Each key is listed with its default, commented out, or with an example when it has no default. An
# unknown section or key is an error. Units of durations are w, d, h, min, s and ms; a bare number
# is seconds. # and ; start a comment, also after a value: put a value that contains one in double
# quotes.
`

/** /etc/kured-sentinel.conf as installed: explains each key and sets none. */
export function sampleConf(): string {
  const sections = [...SECTIONS].map(([section, keys]) => {
    const entries = [...keys].map(([name, property]) => {
      const { about, shown, isExample } = KEYS[property]
      const line = isExample ? `# Example: ${name} = ${shown}` : `#${name} = ${shown}`
      return `${comment(about)}${line}\n`
    })
    return `[${section}]\n${entries.join('\n')}`
  })
  return [HEAD, ...sections].join('\n')
}

function comment(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && `${last} ${word}`.length <= 100) lines[lines.length - 1] += ` ${word}`
    else lines.push(`# ${word}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}
