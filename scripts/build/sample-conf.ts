import { KEYS, SECTIONS } from '../../src/config/keys.ts'

const HEAD = `# Configuration of kured-sentinel; see kured-sentinel(8).
#
# Every key stands here with its default, behind a #; where there is none, an example does. An
# unknown section or key is an error. Durations are made of d, h, min, s and ms; a bare number is
# seconds. # and ; also begin a comment behind a value: put a value that holds one in double quotes.
`

/** /etc/kured-sentinel.conf as it is installed: each key with what it means, and nothing set. */
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
