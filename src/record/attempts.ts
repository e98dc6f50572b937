import { errorText } from '../errors.ts'
import { readProperties } from '../systemd/bus.ts'
import { UNITS } from '../systemd/jobs.ts'
import { orderSystemd } from '../systemd/systemctl.ts'

/** A download that fails is tried so often in all. */
const ATTEMPTS = 4

/**
 * Ends systemd's attempts at a download, from ExecStopPost= of the last one. A unit for which a stop
 * is asked is not restarted, and stays failed. systemd counts its own restarts since the last start
 * by anyone else. [systemd, service_enter_dead and flush_n_restarts]
 *
 * @returns what went wrong, in one line; '' on success
 */
export function endAttempts(): string {
  try {
    const [restarts] = readProperties(UNITS.download, 'Service', ['NRestarts'])
    if (Number(restarts) < ATTEMPTS - 1) return ''
    const problem = orderSystemd(['stop', '--no-block', UNITS.download], 10_000)
    return problem && `the download is tried again: ${problem}`
  } catch (error) {
    return `the download is tried again: ${errorText(error)}`
  }
}
