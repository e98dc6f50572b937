import { DOCUMENTATION, NO_START_LIMIT, SENTINEL } from './services.ts'
import { HEALTH_SERVICE } from '../systemd/jobs.ts'
import { because, unit, type UnitFile } from './unit.ts'

/** Whether the node came back well. */
export function healthService(): UnitFile {
  return unit(HEALTH_SERVICE, {
    Unit: [
      'Description=Look whether the node is well since its boot',
      DOCUMENTATION,
      ...NO_START_LIMIT,
    ],
    Service: [
      because(
        'Not oneshot: nothing waits for its end, which comes when the node is well. How often and how long it looks is configured in /etc/kured-sentinel.conf.',
      ),
      'Type=exec',
      'Nice=10',
      `ExecStart=${SENTINEL} health --wait`,
      because('As long as it cannot look, nobody knows: then the check asks for no reboot.'),
      'Restart=on-failure',
      'RestartSec=30s',
    ],
  })
}

export function healthTimer(): UnitFile {
  return unit('kured-sentinel-health.timer', {
    Unit: ['Description=Look whether the node is well since its boot', DOCUMENTATION],
    Timer: [
      because(
        'A timer and not a service of multi-user.target: the boot does not wait for it. The program itself waits for its first look.',
      ),
      'OnBootSec=30s',
      'AccuracySec=1s',
    ],
    Install: ['WantedBy=timers.target'],
  })
}
