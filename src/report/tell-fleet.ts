import type { Config } from '../config/config.ts'
import { errorText, SentinelError } from '../errors.ts'
import { rowText } from '../fleet/row.ts'
import { findShare, shareDeadline } from '../fleet/share.ts'
import { putFile } from '../fleet/write.ts'
import { Deadline } from '../host/deadline.ts'
import { awaitAlone } from '../host/flock.ts'
import { Host } from '../host/host.ts'
import { withPrivateDirectory } from '../host/private-directory.ts'
import { Snapshot } from '../host/snapshot.ts'
import { packLocalDatabase } from '../pacman/database/pack.ts'
import { databasePath, readHostConf } from '../pacman/conf/conf.ts'
import { setGoingDown } from './going-down.ts'
import { collectOwnRow } from './own-row.ts'

/** Another report is done within this time, in ms: with a share that does not answer. */
const ALONE_MS = 60_000

export interface ToldFleet {
  /** the share is not there: this host takes no part */
  told: boolean
  name?: string
}

/**
 * Writes this host's row to the fleet directory, if there is one. Reports of one host come one after
 * the other, so that an older row never takes the place of a newer one.
 *
 * @param withPackages whether its packed database of packages goes along
 * @throws SentinelError, or the system error, where it cannot be written
 */
export async function tellFleet(
  host: Host,
  config: Config,
  { withPackages }: { withPackages: boolean },
): Promise<ToldFleet> {
  const looking = shareDeadline(new Deadline(config.timeout))
  const share = await findShare(host, config, looking)
  if (share.state === 'none') return { told: false }
  if (share.state === 'silent') throw new SentinelError(share.problem)
  return awaitAlone('fleet', ALONE_MS, () =>
    withPrivateDirectory(async (path) => {
      // A new Snapshot: what was true before the wait may not be so now.
      const now = new Snapshot(host.root)
      const row = await collectOwnRow(now, config, new Deadline(config.timeout))
      const work = new Host(path)
      const put = (as: string) =>
        putFile(
          { share: share.path, name: row.host, from: work.path(`/${as}`), as },
          shareDeadline(new Deadline(Infinity)),
        )
      work.write('/status.json', rowText(row))
      await put('status.json')
      if (withPackages) {
        const dbPath = databasePath(readHostConf(now))
        await put(packLocalDatabase(now, dbPath, work))
      }
      return { told: true, name: row.host }
    }),
  )
}

/**
 * tellFleet() where the host's own work counts more.
 *
 * @param read gives the configuration, and may fail as well
 * @returns why it failed; '' if it did not
 */
export async function tryTellFleet(
  host: Host,
  read: () => Config,
  what: { withPackages: boolean },
): Promise<string> {
  try {
    await tellFleet(host, read(), what)
    return ''
  } catch (error) {
    return `the fleet could not be told: ${errorText(error)}`
  }
}

/**
 * Tells the fleet that this host goes down for a reboot, before it does. Others wait for it from then
 * on; if they cannot be told, they would go down with it, so it must not.
 *
 * @throws SentinelError, or the system error, where they cannot be told
 */
export async function tellGoingDown(host: Host, config: Config): Promise<void> {
  setGoingDown(host, true)
  await tellFleet(host, config, { withPackages: false })
}

/** The reboot was called off. @returns why the fleet could not be told; '' if it was */
export function tellStaysUp(host: Host, config: Config): Promise<string> {
  setGoingDown(host, false)
  return tryTellFleet(host, () => config, { withPackages: false })
}
