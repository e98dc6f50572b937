import { SentinelError } from '../errors.ts'
import type { Host } from './host.ts'

/** A point in time as the host knows it. */
export interface BootClock {
  bootId: string
  /** ms since that boot */
  uptime: number
  /** ms since 1970, by a clock that may be wrong */
  wall: number
}

/** Throws SentinelError, or the system error, where the kernel does not tell. */
export function readBootClock(host: Host): BootClock {
  const bootId = host.bootId()
  // All boots would be the same one.
  if (bootId === '') throw new SentinelError('/proc/sys/kernel/random/boot_id is empty')
  return {
    bootId,
    uptime: Math.round(host.uptime() * 1000),
    wall: host.now(),
  }
}
