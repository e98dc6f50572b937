import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import type { ListKey } from '../ignored/edit.ts'
import {
  type IgnoredEntry,
  type IgnoredList,
  type IgnoredPackage,
  listIgnored,
} from '../ignored/list.ts'
import { printable, printableJson } from '../text/printable.ts'

interface IgnoreListOptions {
  json: true | undefined
  pacmanConf: string
  key: ListKey
}

/** `ignore list`: shows the ignored packages. @returns 0 */
export function ignoreList({ json, pacmanConf, key }: IgnoreListOptions): number {
  const list = listIgnored(new Host(), pacmanConf, key, new Deadline(30_000))
  write(1, json ? printableJson(list) : renderList(list, pacmanConf))
  return 0
}

/** A line for each entry, with its packages, and its warnings below it. */
function renderList({ key, entries, warnings }: IgnoredList, pacmanConf: string): string {
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
  if (entries.length === 0) lines.push(`${key} in ${printable(pacmanConf)} has no entries`)
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
