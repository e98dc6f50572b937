import { SentinelError } from '../errors.ts'
import type { Host } from './host.ts'

/** A point in time by the host's clocks. */
export interface BootClock {
  bootId: string
  /** ms since the boot */
  uptime: number
  /** ms since 1970; this clock may be wrong */
  wall: number
}

/** Reads the clocks. Throws SentinelError, or the system error, when the kernel gives no answer. */
export function readBootClock(host: Host): BootClock {
  const bootId = host.bootId()
  // With an empty ID all boots would look like one.
  if (bootId === '') throw new SentinelError('/proc/sys/kernel/random/boot_id is empty')
  return {
    bootId,
    uptime: Math.round(host.uptime() * 1000),
    wall: host.now(),
  }
}
