import type { UnitOptions } from './options.ts'
import { DOCUMENTATION } from './services.ts'
import { because, type UnitLine, unit, type UnitFile } from './unit.ts'

export function upgradeTimer({ upgradeCalendar, spread }: UnitOptions): UnitFile {
  return timer('pacman-upgrade', 'Upgrade packages daily', upgradeCalendar, spread, [
    because(
      'A run missed while the host was off is not made up for: after a boot, such as one by Kured, the workload starts first.',
    ),
    'Persistent=false',
  ])
}

export function downloadTimer({ cacheCalendar, spread }: UnitOptions): UnitFile {
  const description = 'Download package updates daily'
  return timer('pacman-cache-update', description, cacheCalendar, spread, [
    because(
      'A run missed while the host was off is made up for after the boot. A skipped run counts as done: the next run is the next one in the calendar.',
    ),
    'Persistent=true',
  ])
}

function timer(
  name: string,
  description: string,
  calendar: string,
  spread: string,
  persistence: UnitLine[],
): UnitFile {
  return unit(`${name}.timer`, {
    Unit: [`Description=${description}`, DOCUMENTATION],
    Timer: [
      `OnCalendar=${calendar}`,
      because(
        'RandomizedDelaySec= spreads the hosts, not AccuracySec=: each host has its own delay, the same every day, computed from its machine ID (clones need IDs of their own).',
      ),
      'AccuracySec=1min',
      `RandomizedDelaySec=${spread}`,
      'FixedRandomDelay=yes',
      ...persistence,
    ],
    Install: ['WantedBy=timers.target'],
  })
}
