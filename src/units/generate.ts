import { HEALTH_SERVICE, UNITS } from '../systemd/jobs.ts'
import { healthService, healthTimer } from './health.ts'
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
    healthService(),
    healthTimer(),
    ...mountUnits(options),
  ]
}

/** The names of all units but mounts: each service and its timer. */
export function serviceUnits(): string[] {
  return [...Object.values(UNITS), HEALTH_SERVICE].flatMap((service) => [
    service,
    service.replace(/\.service$/, '.timer'),
  ])
}
