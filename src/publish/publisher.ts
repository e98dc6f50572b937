import { SentinelError } from '../errors.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { DatabaseManifest } from '../pacman/database/manifest.ts'
import { askManifest } from './databases.ts'

/** Who publishes: by name, and by its machine. */
export type Publisher = Pick<DatabaseManifest, 'host' | 'machine'>

export function ownPublisher(host: Host): Publisher {
  return { host: nameOf(host), machine: machineDigest(host) }
}

function nameOf(host: Host): string {
  try {
    return fleetName(host)
  } catch {
    return 'a host without a name'
  }
}

/** @throws SentinelError where another host publishes into these databases */
export async function mayPublish(host: Host, syncDir: string, deadline: Deadline): Promise<void> {
  const other = refuseOther(await askManifest(syncDir, deadline), ownPublisher(host))
  if (other !== '') throw new SentinelError(other)
}

/** Why this host is not to publish into these databases: another one does. '' if it may. */
export function refuseOther(manifest: DatabaseManifest | undefined, own: Publisher): string {
  if (manifest === undefined || manifest.machine === own.machine) return ''
  const { host, at } = manifest
  return `${host} published these databases at ${at}, and two cache hosts undo each other’s work. To do: kured-sentinel units install --role node on one of them, or, if ${host} is no cache host any more, kured-sentinel publish --take-over`
}
