import { UNITS } from '../systemd/jobs.ts'
import { mountUnits } from './mounts.ts'
import type { UnitOptions } from './options.ts'
import { downloadService, upgradeService } from './services.ts'
import { downloadTimer, upgradeTimer } from './timers.ts'
import type { UnitFile } from './unit.ts'

/** The units for options that checkOptions() has accepted. */
export function generate(options: UnitOptions): UnitFile[] {
  const download = [downloadService(options), downloadTimer(options)]
  return [
    ...(options.role === 'cache' ? download : []),
    upgradeService(options),
    upgradeTimer(options),
    ...mountUnits(options),
  ]
}

/** The names of both jobs' units: each service and its timer. */
export function jobUnits(): string[] {
  return Object.values(UNITS).flatMap((service) => [
    service,
    service.replace(/\.service$/, '.timer'),
  ])
}
