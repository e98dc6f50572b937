import { execWord } from '../systemd/escape.ts'
import { STATE_DIRECTORY } from '../state/store.ts'
import { METRICS_SERVICE } from '../systemd/jobs.ts'
import { DOCUMENTATION, NO_START_LIMIT, PRIORITY, SENTINEL } from './services.ts'
import { because, unit, type UnitFile } from './unit.ts'

const NAME = METRICS_SERVICE.replace(/\.service$/, '')

/** What writes the metrics: now and then, and after each event. */
export function metricsUnits(directory: string): UnitFile[] {
  return [metricsService(directory), metricsTimer(), metricsPath()]
}

function metricsService(directory: string): UnitFile {
  return unit(METRICS_SERVICE, {
    Unit: [
      'Description=Write metrics of kured-sentinel for node_exporter',
      DOCUMENTATION,
      ...NO_START_LIMIT,
    ],
    Service: [
      ...PRIORITY,
      `ExecStart=${SENTINEL} metrics --textfile ${execWord(directory)}`,
      because(
        'More than all its own limits together: a look that hangs does not end the later ones.',
      ),
      'TimeoutStartSec=5min',
    ],
  })
}

function metricsTimer(): UnitFile {
  return unit(`${NAME}.timer`, {
    Unit: ['Description=Write metrics of kured-sentinel for node_exporter', DOCUMENTATION],
    Timer: [
      because(
        'Also without an event: processes end, a hold runs out, Kured falls silent. Counted from the last run, whoever began it.',
      ),
      'OnBootSec=1min',
      'OnUnitInactiveSec=5min',
      'AccuracySec=10s',
    ],
    Install: ['WantedBy=timers.target'],
  })
}

function metricsPath(): UnitFile {
  return unit(`${NAME}.path`, {
    Unit: ['Description=Write metrics of kured-sentinel after each event', DOCUMENTATION],
    Path: [
      because(
        'Each event is written there, and each record of a run. systemd sees it: what wrote it, an answer to Kured among it, neither waits for the metrics nor fails by them.',
      ),
      `PathChanged=${STATE_DIRECTORY}`,
    ],
    Install: ['WantedBy=paths.target'],
  })
}
