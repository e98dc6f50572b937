import { nightsOf, TURN_MS } from '../cluster/round.ts'
import type { Config } from '../config/config.ts'
import { judgeBrake, type Brake } from '../fleet/brake.ts'
import { spoken } from '../sentinel/finding.ts'
import type { FleetEntry, FleetView } from '../fleet/read.ts'
import type { FleetRow } from '../fleet/row.ts'
import { chalk } from '../terminal/colours.ts'
import { durationText } from '../text/duration.ts'
import { listed, shortened } from '../text/listed.ts'

/** Each host writes once a night at least: what is older than this is marked, in ms. */
const OLD_MS = 36 * 3_600_000

/** How often Kured asks, by kured-values.yaml, in ms. */
const PERIOD_MS = 30 * 60_000

type ShownEntry = FleetEntry & {
  isOld: boolean
  /** what it holds back, if it does */
  brake: Brake | null
}

/** The fleet as a person sees it. */
export interface FleetOverview {
  checkedAt: string
  clock: 'server' | 'own'
  hosts: ShownEntry[]
  /** the hosts for which a reboot is due */
  due: string[]
  /** until each of them was rebooted once, in windows; null where the window is not given */
  round: { windowMs: number; turnMs: number; nights: number } | null
  exitCode: number
}

/** @param window how long reboots may begin in a night, in ms */
export function overlook(
  view: FleetView & { state: 'seen' },
  config: Config,
  window: number | undefined,
  checkedAt: string,
): FleetOverview {
  const settings = { ...config, fleetAtOnce: 1 }
  const hosts = view.entries.map((entry): ShownEntry => {
    // A host's own row holds nobody else's back but the others': so each is judged for a stranger.
    const [brake = null] = judgeBrake([entry], '', settings)
    return { ...entry, isOld: entry.ageMs > OLD_MS, brake }
  })
  const due = hosts.flatMap(({ host, row }) =>
    'problem' in row || row.verdict !== 'reboot' ? [] : [host],
  )
  const isTrouble = hosts.some(({ isOld, brake }) => isOld || (brake && brake.kind !== 'underway'))
  const { healthAfter, healthStable, fleetAtOnce } = config
  const turnMs = TURN_MS + healthAfter + healthStable
  const nights =
    window === undefined
      ? undefined
      : nightsOf(Math.ceil(due.length / fleetAtOnce), turnMs, PERIOD_MS, window)
  return {
    checkedAt,
    clock: view.clock,
    hosts,
    due,
    round:
      window === undefined || nights === undefined ? null : { windowMs: window, turnMs, nights },
    exitCode: isTrouble ? 1 : 0,
  }
}

const HEADINGS = ['NODE', 'VERDICT', 'HEALTH', 'UP', 'KERNEL', 'KUBELET', 'UPGRADED', 'HEARD']

/** A row for each host (its texts are safe to print, by parseRow()), with what needs words below it, and what the next nights bring. */
export function renderFleet({ hosts, due, round, clock }: FleetOverview): string {
  const rows = hosts.map((entry) => ({ cells: cellsOf(entry), notes: notesOf(entry) }))
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const table = rows.flatMap(({ cells, notes }) => [
    line(cells),
    ...notes.map((note) => `  ${chalk.dim(note)}`),
  ])
  const end = [
    hosts.length === 0
      ? 'no host has told here how it is: kured-sentinel fleet report, on each'
      : due.length === 0
        ? 'no reboot is due'
        : `a reboot is due for ${due.length} of ${hosts.length}: ${listed(due, 10)}`,
    ...(round === null || due.length === 0
      ? []
      : [
          `they take ${round.nights === 1 ? 'one night' : `${round.nights} nights`} of ${durationText(round.windowMs)}, about`,
        ]),
    ...(clock === 'own'
      ? ['the ages are by this host’s clock, as it may not write to the fleet directory']
      : []),
  ]
  return [chalk.bold(line(HEADINGS)), ...table, ...end].map((text) => `${text}\n`).join('')
}

function cellsOf({ host, ageMs, isOld, row }: ShownEntry): string[] {
  const heard = `${isOld ? 'OLD: ' : ''}${durationText(ageMs)} ago`
  if ('problem' in row) return [host, 'unseen', '', '', '', '', '', heard]
  const { phase, verdict, health, uptimeMs, kernel, kubelet, upgrade } = row
  const up = phase === 'going-down' ? 'rebooting' : durationText(uptimeMs + Math.max(0, ageMs))
  const cells = [host, VERDICTS[verdict], health?.verdict ?? 'not watched', up, kernel, kubelet]
  return [...cells, upgradeCell(upgrade), heard]
}

const VERDICTS: Record<FleetRow['verdict'], string> = {
  reboot: 'due',
  none: 'none',
  attention: 'attention',
}

function upgradeCell(upgrade: FleetRow['upgrade']): string {
  if (upgrade === null) return 'never'
  const day = /^\d{4}-\d\d-\d\d/.exec(upgrade.at)?.[0] ?? ''
  const skips = upgrade.skips === 0 ? '' : `, ${upgrade.skips} skipped`
  return `${day} ${upgrade.outcome}: ${upgrade.packages}${skips}`
}

/** Only of what cannot be seen does the row itself not tell what to do. */
function brakeText({ kind, message, remedy }: Brake): string {
  return kind === 'unseen' ? spoken({ message, remedy }) : message
}

function notesOf({ host, row, brake }: ShownEntry): string[] {
  const waits =
    brake === null ? [] : [`others wait: ${brakeText(brake).replace(`waits for ${host}: `, '')}`]
  if ('problem' in row) return waits
  const hold = row.hold === null ? [] : [`held until ${row.hold.until}: ${row.hold.reason}`]
  const { upgrade, health } = row
  const isBad = upgrade?.outcome === 'failed' || upgrade?.outcome === 'interrupted'
  const failed = isBad && upgrade ? [`upgrade ${upgrade.outcome}: ${upgrade.reason}`] : []
  const sick = brake === null && health?.verdict !== 'healthy' ? (health?.reasons ?? []) : []
  return [...shortened(row.causes, 3), ...shortened(sick, 3), ...failed, ...hold, ...waits]
}
