import { createHash } from 'node:crypto'
import { ifThere, SentinelError } from '../errors.ts'
import { readHostName } from '../host/host-name.ts'
import type { Host } from '../host/host.ts'

/** Whether a text may be a host's name, and so its directory's: never hidden, never a path. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}

/** This host's name in the fleet. @throws SentinelError where it has none */
export function fleetName(host: Host): string {
  const name = readHostName(host)
  if (isHostName(name)) return name
  throw new SentinelError(
    'this host has no name in the fleet, as /etc/hostname has none: hostnamectl set-hostname NAME',
  )
}

/** A digest of the machine's ID, which itself is to stay on its machine. [machine-id(5)] */
export function machineDigest(host: Host): string {
  const id = (ifThere(() => host.readText('/etc/machine-id', 4096)) ?? '').trim()
  return createHash('sha256').update(`kured-sentinel fleet ${id}`).digest('hex').slice(0, 16)
}
