import { mountUnits } from './mounts.ts'
import type { UnitOptions } from './options.ts'
import { downloadService, upgradeService } from './services.ts'
import { downloadTimer, upgradeTimer } from './timers.ts'
import type { Unit } from './unit.ts'

/** The units for these options, which checkOptions() has seen. */
export function generate(options: UnitOptions): Unit[] {
  const download = [downloadService(options), downloadTimer(options)]
  return [
    ...(options.role === 'cache' ? download : []),
    upgradeService(options),
    upgradeTimer(options),
    ...mountUnits(options),
  ]
}
