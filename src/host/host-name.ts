import { ifThere } from '../errors.ts'
import { isRunByKured } from './caller.ts'
import type { Host } from './host.ts'

/** More than this is no name, in bytes. */
const LONGEST_FILE = 4096

/**
 * The host's name: the static one, else the kernel's. Kured leaves its commands in its pod's UTS
 * namespace, in which the kernel's is the pod's. [hostname(5); facts: nsenter -m alone]
 *
 * @returns '' where there is none
 * @throws the system error, or a SentinelError, when it cannot be read
 */
export function readHostName(host: Host): string {
  const lines = (ifThere(() => host.readText('/etc/hostname', LONGEST_FILE)) ?? '').split('\n')
  const said = lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#'))
  if (said !== undefined) return said
  if (isRunByKured()) return ''
  return (ifThere(() => host.readText('/proc/sys/kernel/hostname', LONGEST_FILE)) ?? '').trim()
}
