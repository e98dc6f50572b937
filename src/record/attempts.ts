import { errorText } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, readPacmanConf, repositories } from '../pacman/conf/conf.ts'
import { newestDatabases } from '../pacman/database/staging.ts'
import { askOfferedKeyrings, listKeyrings } from '../pacman/keyrings.ts'
import { readProperties } from '../systemd/bus.ts'
import { UNITS } from '../systemd/jobs.ts'
import { orderSystemd } from '../systemd/systemctl.ts'
import type { RunRecord } from './run-record.ts'

/** A download that fails is tried so often in all. */
const ATTEMPTS = 4

/** Limit for pacman's look at its databases. */
const LOOK_MS = 60_000

/**
 * Decides on the next attempt at a download that has just ended, from its ExecStopPost=.
 *
 * @param before the record of the attempt before: what a newer keyring did not mend is not repeated
 *   at once
 * @returns what went wrong, in one line; '' on success
 */
export async function settleAttempts(
  host: Host,
  pacmanConf: string,
  record: RunRecord,
  before: RunRecord | undefined,
): Promise<string> {
  const isFirst = before?.distrusted === undefined
  return isFirst && (await mayMendKeyring(host, pacmanConf, record)) ? tryAtOnce() : endAttempts()
}

/** The next preflight installs a newer keyring first, if there is one: nothing needs to be awaited. */
async function mayMendKeyring(
  host: Host,
  pacmanConf: string,
  { distrusted = [] }: RunRecord,
): Promise<boolean> {
  if (distrusted.length === 0) return false
  try {
    const conf = readPacmanConf(host, pacmanConf)
    const dbPath = databasePath(conf)
    const deadline = new Deadline(LOOK_MS)
    const keyrings = listKeyrings(host, dbPath, deadline)
    const newest = await newestDatabases(host, dbPath, repositories(conf), deadline)
    const offered = askOfferedKeyrings(keyrings, pacmanConf, deadline, newest)
    return offered.some((one) => !one.isIgnored)
  } catch {
    return false
  }
}

/** A restart of a unit that is about to end begins as soon as it has ended. [tested on systemd 257] */
function tryAtOnce(): string {
  const problem = orderSystemd(['restart', '--no-block', UNITS.download], 10_000)
  return problem && `the download is not tried again at once: ${problem}`
}

/**
 * Ends systemd's attempts at a download, from ExecStopPost= of the last one. A unit for which a stop
 * is asked is not restarted, and stays failed. systemd counts its own restarts since the last start
 * by anyone else. [systemd, service_enter_dead and flush_n_restarts]
 *
 * @returns what went wrong, in one line; '' on success
 */
function endAttempts(): string {
  try {
    const [restarts] = readProperties(UNITS.download, 'Service', ['NRestarts'])
    if (Number(restarts) < ATTEMPTS - 1) return ''
    const problem = orderSystemd(['stop', '--no-block', UNITS.download], 10_000)
    return problem && `the download is tried again: ${problem}`
  } catch (error) {
    return `the download is tried again: ${errorText(error)}`
  }
}
