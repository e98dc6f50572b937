import { dirname } from 'node:path'
import type { Host } from '../host/host.ts'

/** There from the moment in which the gate lets a reboot begin; /run ends with the boot. */
const FILE = '/run/kured-sentinel/going-down'

export function isGoingDown(host: Host): boolean {
  return host.lstat(FILE) !== undefined
}

/** Throws the system error. */
export function setGoingDown(host: Host, goesDown: boolean): void {
  host.makeDirectory(dirname(FILE))
  if (goesDown) host.write(FILE, '')
  else host.remove(FILE)
}
