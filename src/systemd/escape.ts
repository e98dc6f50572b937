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
 * A word of a list such as RequiresMountsFor=, where spaces part words and quotes hold them
 * together, but a backslash is itself. [systemd, config_parse_unit_mounts_for,
 * EXTRACT_RETAIN_ESCAPE]
 */
export function listWord(value: string): string {
  const text = specifierFree(value)
  if (!/[\s"']/.test(text)) return text
  return `"${text.replaceAll('"', `"'"'"`)}"`
}
