import type { Answer } from '../envelope/commands.ts'
import { plainFinding, type State } from '../envelope/envelope.ts'
import { Exit } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import type { ListKey } from '../ignored/edit.ts'
import {
  type IgnoredEntry,
  type IgnoredList,
  type IgnoredPackage,
  listIgnored,
} from '../ignored/list.ts'
import { distributionOf } from '../kubernetes/distribution.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import { describeIgnored, judgeOffer } from '../skew/fit.ts'
import { kubernetesPackages } from '../skew/packages.ts'
import { askVersions } from '../skew/server.ts'
import { printable } from '../text/printable.ts'

interface IgnoreListOptions {
  json: true | undefined
  pacmanConf: string
  key: ListKey
}

/** `ignore list`: shows the ignored packages. Its exit code is 0. */
export async function ignoreList({
  json,
  pacmanConf,
  key,
}: IgnoreListOptions): Promise<Answer<'ignore list'>> {
  const host = new Snapshot()
  const deadline = new Deadline(30_000)
  const list = listIgnored(host, pacmanConf, key, deadline)
  const notes = await notesOnVersions(host, list, deadline)
  if (!json) write(1, renderList(list, notes, pacmanConf))
  const { entries } = list
  const doubts = entries.flatMap(({ name, warnings }) => warnings.map((text) => `${name} ${text}`))
  return {
    verdict: entries.length > 0 ? 'ignored' : 'none',
    exitCode: Exit.ok,
    findings: [
      ...[...doubts, ...list.warnings].map((text) => plainFinding('warning', 'ignored', text)),
      ...notes.map(({ fits, message, package: name }) =>
        plainFinding(FITS.get(fits) ?? 'unknown', 'version', `${name} ${message}`),
      ),
    ],
    details: { ...list, versions: notes },
  }
}

const FITS = new Map<boolean | undefined, State>([
  [true, 'ok'],
  [false, 'warning'],
])

/** What the apiserver's version means for an ignored package. */
interface VersionNote {
  package: string
  /** whether the version that is available fits; undefined where that is not known */
  fits: boolean | undefined
  message: string
}

async function notesOnVersions(
  host: Host,
  { entries }: IgnoredList,
  deadline: Deadline,
): Promise<VersionNote[]> {
  const ignored = entries.flatMap((entry) => entry.packages)
  if (ignored.length === 0 || distributionOf(host) === undefined) return []
  const parts = kubernetesPackages(host, databasePath(readHostConf(host)), deadline)
  const offers = ignored.flatMap(({ name, available }) => {
    const found = parts.get(name)
    return found === undefined || available === undefined ? [] : [{ name, available, ...found }]
  })
  const [first] = offers
  if (first === undefined) return []
  const known = await askVersions(host, deadline)
  if (known === undefined) return []
  if ('unknown' in known) {
    return [{ package: first.name, fits: undefined, message: `not compared: ${known.unknown}` }]
  }
  return offers.flatMap((offer) => {
    const judged = judgeOffer(offer, known)
    if (judged === undefined) return []
    const message = describeIgnored(offer, judged)
    return [{ package: offer.name, fits: judged.fits, message }]
  })
}

/** A line for each entry, with its packages, and its warnings below it. */
function renderList(
  { key, entries, warnings }: IgnoredList,
  notes: VersionNote[],
  pacmanConf: string,
): string {
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
  lines.push(...notes.map((note) => printable(`${note.package} ${note.message}`)))
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
