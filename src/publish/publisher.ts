import { SentinelError } from '../errors.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { DatabaseManifest } from '../pacman/database/manifest.ts'
import { prepareStaging } from '../pacman/database/staging.ts'
import { askManifest, putDatabases } from './databases.ts'

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

/**
 * Makes this host the one that publishes. The databases stay as they are until it does so.
 *
 * @throws SentinelError if nobody has published, or that cannot be written
 */
export async function takeOver(host: Host, dbPath: string, deadline: Deadline): Promise<void> {
  const manifest = await askManifest(`${dbPath}/sync`, deadline)
  if (manifest === undefined) {
    throw new SentinelError(
      `nobody has published into ${dbPath}/sync: there is nothing to take over`,
    )
  }
  prepareStaging(host, dbPath, deadline)
  const own = { ...manifest, ...ownPublisher(host) }
  await putDatabases(host, `${dbPath}/sync`, own, { put: [], remove: [] }, deadline)
}

/** Why this host is not to publish into these databases: another one does. '' if it may. */
export function refuseOther(manifest: DatabaseManifest | undefined, own: Publisher): string {
  if (manifest === undefined || manifest.machine === own.machine) return ''
  const { host, at } = manifest
  return `${host} published these databases at ${at}, and two cache hosts undo each other’s work. To do: kured-sentinel units install --role node on one of them, or, if ${host} is no cache host any more, kured-sentinel publish --take-over`
}
