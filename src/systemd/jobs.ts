/** The jobs that the timers start. */
export type Job = 'upgrade' | 'download'

/** Their services. */
export const UNITS: Record<Job, string> = {
  upgrade: 'pacman-upgrade.service',
  download: 'pacman-cache-update.service',
}

/** Writes the metrics. */
export const METRICS_SERVICE = 'kured-sentinel-metrics.service'

/** Looks after each boot whether the node is well. */
export const HEALTH_SERVICE = 'kured-sentinel-health.service'

/** Tells the programs in notify.d what has happened; the path unit starts it. */
export const NOTIFY_SERVICE = 'kured-sentinel-notify.service'
export const NOTIFY_PATH = 'kured-sentinel-notify.path'
