import { SentinelError } from '../../errors.ts'
import { runProgram } from '../../host/program.ts'

/**
 * What pacman itself reads from a configuration file: `pacman-conf --config FILE DIRECTIVE`, one
 * value a line.
 *
 * pacman-conf ends with 0 after a warning too ("directive … not recognized"), so anything on its
 * stderr counts as a failure.
 *
 * @param file a path of this machine
 * @throws SentinelError with what pacman-conf said
 */
export function askPacmanConf(file: string, directive: string): string[] {
  const args = ['--config', file, directive]
  const ended = runProgram('/usr/bin/pacman-conf', args, { timeoutMs: 10_000 })
  if (ended.exitCode !== 0 || ended.stderr !== '') {
    const said = ended.timedOut ? 'no answer within 10 s' : ended.stderr.trim()
    throw new SentinelError(`pacman-conf does not accept ${file}: ${said}`)
  }
  return ended.stdout.toString().split('\n').slice(0, -1)
}
