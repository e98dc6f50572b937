import type { IgnoredList, IgnoredEntry, IgnoredPackage } from '../ignored/list.ts'
import { printable } from '../text/printable.ts'

/** A line for each entry, with what it holds, and its warnings below. */
export function renderHeld({ key, entries, warnings }: IgnoredList, pacmanConf: string): string {
  const rows = entries.map((entry) => ({ entry, place: `${entry.file}:${entry.line}` }))
  const [name, place] = [
    Math.max(...entries.map((entry) => printable(entry.name).length)),
    Math.max(...rows.map((row) => printable(row.place).length)),
  ]
  const lines = rows.flatMap((row) => [
    `${printable(row.entry.name).padEnd(name)}  ${printable(row.place).padEnd(place)}  ${versions(row.entry)}`,
    ...row.entry.warnings.map(
      (warning) => `  warning: ${printable(`${row.entry.name} ${warning}`)}`,
    ),
  ])
  if (entries.length === 0) lines.push(`${key} in ${printable(pacmanConf)} holds nothing`)
  lines.push(...warnings.map((warning) => `warning: ${printable(warning)}`))
  return `${lines.join('\n')}\n`
}

function versions({ name, packages }: IgnoredEntry): string {
  if (packages.length === 0) return 'nothing installed'
  const [first] = packages
  if (packages.length === 1 && first?.name === name) return versionsOf(first)
  return packages.map((one) => `${printable(one.name)} ${versionsOf(one)}`).join('; ')
}

function versionsOf({ installed, available }: IgnoredPackage): string {
  const here = installed === undefined ? 'not installed' : `installed ${installed}`
  return printable(available === undefined ? here : `${here}, available ${available}`)
}
