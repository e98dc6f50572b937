import { dirname } from 'node:path'
import type { Host } from '../host/host.ts'

/**
 * The sign that `kured-sentinel reboot` is about to reboot the host, and that no upgrade is to begin
 * now. A file and no mask or stopped timer: `systemctl mask --runtime` has no effect on a unit in
 * /etc/systemd/system [systemd#10583], and whatever is stopped must be started again, which a run
 * that is killed cannot do. This ends by itself: it names the uptime at which it does, and /run
 * does not outlive the boot.
 */
const FILE = '/run/kured-sentinel/reboot-pending'

/** Announces a reboot within that time. Throws the system error where it cannot. */
export function announceReboot(host: Host, forMs: number): void {
  host.makeDirectory(dirname(FILE))
  host.write(FILE, `${(host.uptime() + forMs / 1000).toFixed(0)}\n`)
}

/** Takes it back. */
export function callOffReboot(host: Host): void {
  host.remove(FILE)
}

/**
 * Whether a reboot is announced, for a preflight that then skips its upgrade. What cannot be read
 * announces nothing: it must not stop upgrades for ever.
 */
export function isRebootPending(host: Host): boolean {
  try {
    const end = Number.parseFloat(host.readText(FILE))
    return host.uptime() < end
  } catch {
    return false
  }
}
