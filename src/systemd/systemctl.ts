import { errorText, SentinelError } from '../errors.ts'
import { complaint, runProgram, type ProgramResult } from '../host/program.ts'

const SYSTEMCTL = '/usr/bin/systemctl'

/** A unit's properties by name, as `systemctl show` prints them; '' for an unset one. */
export type Properties = ReadonlyMap<string, string>

/** Runs systemctl; a failed exit is a result too. Throws SentinelError when it could not be run. */
export function runSystemctl(args: readonly string[], timeoutMs: number): ProgramResult {
  return runProgram(SYSTEMCTL, ['--no-pager', '--no-ask-password', ...args], { timeoutMs })
}

/**
 * Gives systemd an order and waits until it is done or the time is up; systemd then goes on alone.
 *
 * @returns what went wrong, in one line; '' on success
 */
export function orderSystemd(args: readonly string[], timeoutMs: number): string {
  try {
    const ended = runSystemctl(args, timeoutMs)
    if (ended.exitCode === 0) return ''
    if (ended.timedOut) return `not done after ${timeoutMs / 1000} s`
    // Drops the hint after a failed job's reason: See "systemctl status …".
    const reasons = ended.stderr.split('\n').filter((line) => !/^(See .*)?$/.test(line))
    return reasons.join('; ').replace(/\.$/, '') || `exit ${ended.exitCode}`
  } catch (error) {
    return errorText(error)
  }
}

/**
 * The properties of units, by the names given. A unit that does not exist has properties too:
 * LoadState is then "not-found". [systemctl(1), show]
 *
 * @throws SentinelError when systemd gives no answer
 */
export function showUnits(
  units: readonly string[],
  properties: readonly string[],
  timeoutMs: number,
): Map<string, Properties> {
  if (units.length === 0) return new Map()
  const args = ['show', `--property=${properties.join(',')}`, '--', ...units]
  const ended = runSystemctl(args, timeoutMs)
  if (ended.exitCode !== 0) {
    const reason = complaint(ended).replaceAll('\n', '; ')
    throw new SentinelError(`cannot ask systemd about ${units.join(' ')}: ${reason}`)
  }
  return parseShow(ended.stdout.toString(), units)
}

/** Parses `systemctl show`: blocks of `Name=value` in the order of `units`, between blank lines. */
export function parseShow(output: string, units: readonly string[]): Map<string, Properties> {
  const blocks = output.trimEnd().split('\n\n')
  return new Map(
    units.map((unit, index) => {
      const lines = (blocks[index] ?? '').split('\n').filter((line) => line.includes('='))
      return [
        unit,
        new Map(
          lines.map((line) => {
            const at = line.indexOf('=')
            return [line.slice(0, at), line.slice(at + 1)]
          }),
        ),
      ]
    }),
  )
}
