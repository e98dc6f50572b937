import type { UnitOptions } from './options.ts'
import { DOCUMENTATION } from './services.ts'
import { because, type UnitLine, unit, type UnitFile } from './unit.ts'

export function upgradeTimer({ upgradeCalendar, spread }: UnitOptions): UnitFile {
  return timer('pacman-upgrade', 'Upgrade packages daily', upgradeCalendar, spread, [
    because(
      'What was missed while the host was off waits for the next time: right after a boot, such as one by Kured, the workloads come back first.',
    ),
    'Persistent=false',
  ])
}

export function downloadTimer({ cacheCalendar, spread }: UnitOptions): UnitFile {
  const description = 'Download package updates daily'
  return timer('pacman-cache-update', description, cacheCalendar, spread, [
    because(
      'What was missed while the host was off is made up after the boot. A run that was skipped counts as made: the next one is the next in the calendar.',
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
        'Not AccuracySec= but the random delay spreads the hosts: each has its own place within it, the same every day, which follows from its machine ID (so clones need IDs of their own).',
      ),
      'AccuracySec=1min',
      `RandomizedDelaySec=${spread}`,
      'FixedRandomDelay=yes',
      ...persistence,
    ],
    Install: ['WantedBy=timers.target'],
  })
}
