import { dirname } from 'node:path'
import type { BootClock } from '../host/boot-clock.ts'
import type { Host } from '../host/host.ts'
import type { CheckFacts } from './facts.ts'
import type { Finding } from '../sentinel/finding.ts'

/** When each kind of cause was first seen, by the uptime: in /run, as a boot clears the causes. */
const DUE_FILE = '/run/kured-sentinel/due.json'

type Kind = Finding['kind']

/**
 * Since when a reboot is due, by kind of cause, also while something holds it back. A cause is due
 * since a look first saw it; a kernel since pacman installed it, where that was in this boot.
 *
 * @param keeps whether what is seen first now is written for later looks
 * @returns ms since 1970, by the present clock: one that was set since the boot moves nothing
 */
export function collectDueSince(
  host: Host,
  { reasons, ignored }: Pick<CheckFacts, 'reasons' | 'ignored'>,
  now: BootClock,
  keeps: boolean,
): ReadonlyMap<Kind, number> {
  const due = [...reasons, ...ignored].filter(({ effect }) => effect === 'reboot')
  const known = readKnown(host)
  const seen = new Map<Kind, number>()
  for (const finding of due) {
    const { kind } = finding
    const first = known.get(kind) ?? installedAt(finding, now) ?? now.uptime
    seen.set(kind, Math.min(first, seen.get(kind) ?? first))
  }
  if (keeps) keep(host, known, seen)
  const bootedAt = now.wall - now.uptime
  return new Map([...seen].map(([kind, uptime]) => [kind, bootedAt + uptime]))
}

/** The uptime at which pacman has installed the kernel; undefined if that was in no uptime so far. */
function installedAt({ kind, installedAt: at }: Finding, now: BootClock): number | undefined {
  if (kind !== 'kernel' || at === undefined) return undefined
  const uptime = Number(at) * 1000 - (now.wall - now.uptime)
  return uptime >= 0 && uptime <= now.uptime ? Math.round(uptime) : undefined
}

/** None where the file is missing or damaged: then a cause is due since now. */
function readKnown(host: Host): Map<string, number> {
  try {
    const value: unknown = JSON.parse(host.readText(DUE_FILE, 10_000))
    if (typeof value !== 'object' || value === null) return new Map()
    return new Map(
      Object.entries(value).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number',
      ),
    )
  } catch {
    return new Map()
  }
}

/** If that fails, the next look sees it for the first time. */
function keep(host: Host, known: ReadonlyMap<string, number>, seen: ReadonlyMap<Kind, number>) {
  const text = (map: ReadonlyMap<string, number>) => JSON.stringify(Object.fromEntries(map))
  if (text(known) === text(seen)) return
  try {
    host.makeDirectory(dirname(DUE_FILE))
    host.write(DUE_FILE, text(seen))
  } catch {
    // Nothing is lost but the time.
  }
}
