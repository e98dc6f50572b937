import {
  HEALTH_SERVICE,
  METRICS_SERVICE,
  NOTIFY_PATH,
  NOTIFY_SERVICE,
  UNITS,
} from '../systemd/jobs.ts'
import { healthService, healthTimer } from './health.ts'
import { metricsUnits } from './metrics.ts'
import { mountUnits } from './mounts.ts'
import { notifyPath, notifyService } from './notify.ts'
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
    notifyService(),
    notifyPath(),
    ...(options.metrics === undefined ? [] : metricsUnits(options.metrics)),
    ...mountUnits(options),
  ]
}

/** The names of all units but mounts: each service, and what starts it. */
export function serviceUnits(): string[] {
  const timed = [...Object.values(UNITS), HEALTH_SERVICE, METRICS_SERVICE].flatMap((service) => [
    service,
    service.replace(/\.service$/, '.timer'),
  ])
  const metricsPath = METRICS_SERVICE.replace(/\.service$/, '.path')
  return [...timed, metricsPath, NOTIFY_SERVICE, NOTIFY_PATH]
}
