/** Characters that stay unescaped in a unit's name; `-` stands for a slash. [systemd.unit(5)] */
const PLAIN = /[A-Za-z0-9:_.]/

/**
 * The name of the unit for a path: `/var/cache` → `var-cache.mount`, as with `systemd-escape --path
 * --suffix=…`. All other bytes become `\xNN`, also a leading dot, which would hide the file.
 * [systemd.unit(5), "String Escaping"]
 *
 * @param path absolute, without `//`, `.` and `..`
 */
export function unitNameOf(path: string, suffix: 'mount' | 'automount'): string {
  const bytes = Buffer.from(path.replace(/^\/+|\/+$/g, ''))
  const name = Array.from(bytes, (byte, index) => {
    const char = String.fromCharCode(byte)
    if (char === '/') return '-'
    if (PLAIN.test(char) && !(char === '.' && index === 0)) return char
    return `\\x${byte.toString(16).padStart(2, '0')}`
  }).join('')
  return `${name === '' ? '-' : name}.${suffix}`
}

/** Escapes a value for a setting in which systemd expands specifiers. [systemd.unit(5)] */
export function specifierFree(value: string): string {
  return value.replaceAll('%', '%%')
}

/**
 * Escapes a word of a list such as RequiresMountsFor=: spaces separate words, quotes group them,
 * and a literal backslash is written twice. [tried with systemd 252 and 257: /a\b was read as /ab]
 */
export function listWord(value: string): string {
  const text = specifierFree(value)
  return /[\s"'\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}

/** Escapes a word of a command line, in which `$` also starts a variable. [systemd.service(5)] */
export function execWord(value: string): string {
  return listWord(value).replaceAll('$', '$$$$')
}

/**
 * The words of a line, where one with a backslash or a blank stands in double quotes, with its
 * backslashes doubled: a command line of a unit, or a list that `systemctl show` prints, such as
 * Names=; Id= comes as it is. [systemd, bus-print-properties.c, shell_maybe_quote(); seen with 257]
 */
export function quotedWords(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? []
  return words.map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word,
  )
}

/** The words of a command line that is made of execWord()s: what was given to it. */
export function execWords(line: string): string[] {
  return quotedWords(line).map((word) => specifiersExpanded(word.replaceAll('$$', '$')))
}

/** The value that specifierFree() has escaped. */
export function specifiersExpanded(value: string): string {
  return value.replaceAll('%%', '%')
}
