import type { Host } from '../host/host.ts'

/** A point in time as the host knows it. */
export interface Moment {
  bootId: string
  /** ms since that boot */
  uptime: number
  /** ms since 1970, by a clock that may be wrong */
  wall: number
}

/** Throws the system error where the kernel does not tell. */
export function readMoment(host: Host): Moment {
  return {
    bootId: host.readText('/proc/sys/kernel/random/boot_id').trim(),
    uptime: Math.round(host.uptime() * 1000),
    wall: host.now(),
  }
}
