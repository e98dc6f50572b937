import { dirname } from 'node:path'
import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'

/**
 * There from the moment in which the gate lets a reboot begin; /run ends with the boot. It holds the
 * uptime at which it counts no more: systemd forces a shutdown after 30 minutes, and a host that is
 * still up then has not gone down. [reboot.target, JobTimeoutSec=30min]
 */
const FILE = '/run/kured-sentinel/going-down'
const LIMIT_S = 40 * 60

/** Whether this host is on its way down. Throws the system error when that cannot be read. */
export function isGoingDown(host: Host): boolean {
  const end = Number.parseFloat(ifThere(() => host.readText(FILE)) ?? '')
  return host.uptime() < end
}

/** Throws the system error. */
export function setGoingDown(host: Host, goesDown: boolean): void {
  host.makeDirectory(dirname(FILE))
  if (goesDown) host.write(FILE, `${(host.uptime() + LIMIT_S).toFixed(0)}\n`)
  else host.remove(FILE)
}
