import type { Host } from '../host/host.ts'

/**
 * Where a person's file is kept that is replaced or removed: beside it, as pacman does, and where
 * systemd reads nothing. An earlier one stays, unless it is the same.
 *
 * @returns a path of the host: "/etc/systemd/system/pacman-upgrade.timer.pacsave"
 */
export function whereToSave(host: Host, path: string): string {
  const bytes = host.readBytes(path)
  for (let number = 0; ; number += 1) {
    const saved = `${path}.pacsave${number === 0 ? '' : `.${number}`}`
    const there = host.lstat(saved)
    if (there === undefined) return saved
    if (there.isFile() && host.readBytes(saved).equals(bytes)) return saved
  }
}
