/** What a unit's name may hold as it is; `-` stands for a slash there. [systemd.unit(5)] */
const PLAIN = /[A-Za-z0-9:_.]/

/**
 * The name of the unit that systemd looks for at a path: `/var/cache` → `var-cache.mount`, as
 * `systemd-escape --path --suffix=…` gives it. Every other byte becomes `\xNN`, and so does a dot
 * at the very start, which would hide the file. [systemd.unit(5), "String Escaping"]
 *
 * @param path absolute and without `//`, `.` and `..`
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

/** A value as it stands in a unit file where systemd expands specifiers. [systemd.unit(5)] */
export function specifierFree(value: string): string {
  return value.replaceAll('%', '%%')
}

/**
 * A word of a list such as RequiresMountsFor=: spaces part words, quotes hold them together, and a
 * backslash is only itself where it is doubled. [tried with systemd 252 and 257: /a\b was read /ab]
 */
export function listWord(value: string): string {
  const text = specifierFree(value)
  return /[\s"'\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}

/** A word of a command line, where a dollar sign begins a variable as well. [systemd.service(5)] */
export function execWord(value: string): string {
  return listWord(value).replaceAll('$', '$$$$')
}
