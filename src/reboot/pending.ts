import { dirname } from 'node:path'
import type { Host } from '../host/host.ts'

/**
 * Announces that `kured-sentinel reboot` is about to reboot the host, so that no upgrade begins. A
 * file instead of a mask or a stopped timer: `systemctl mask --runtime` has no effect on a unit in
 * /etc/systemd/system [systemd#10583], and a killed run cannot start a stopped timer again. The
 * file expires by itself: it contains the uptime of its end, and /run does not outlive the boot.
 */
const FILE = '/run/kured-sentinel/reboot-pending'

/** Announces a reboot within that time. Throws the system error when it cannot. */
export function announceReboot(host: Host, forMs: number): void {
  host.makeDirectory(dirname(FILE))
  host.write(FILE, `${(host.uptime() + forMs / 1000).toFixed(0)}\n`)
}

/** Withdraws the announcement. */
export function callOffReboot(host: Host): void {
  host.remove(FILE)
}

/**
 * Whether a reboot is announced; preflight then skips the upgrade. An unreadable file does not
 * count: it must not stop upgrades for ever.
 */
export function isRebootPending(host: Host): boolean {
  try {
    const end = Number.parseFloat(host.readText(FILE))
    return host.uptime() < end
  } catch {
    return false
  }
}
