/** The jobs that the timers start. */
export type Job = 'upgrade' | 'download'

/** Their services. */
export const UNITS: Record<Job, string> = {
  upgrade: 'pacman-upgrade.service',
  download: 'pacman-cache-update.service',
}

/** Looks after each boot whether the node is well. */
export const HEALTH_SERVICE = 'kured-sentinel-health.service'
