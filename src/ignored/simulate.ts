import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import { runInteractive } from '../host/interactive.ts'
import { runProgram } from '../host/program.ts'
import { QUESTIONS, parseSimulation, type SimulationOutput } from './simulation-output.ts'

/**
 * Has pacman work out a system upgrade, up to its question whether to proceed. That gets no answer,
 * so nothing is changed. --print would not do, as it does not look for conflicts [pacman,
 * src/pacman/pacman.c: ALPM_TRANS_FLAG_NOCONFLICTS]; nor would --ask, which answers every other
 * question with yes, the last one too. [tested, 6.0.2]
 *
 * @param pacmanConf names a DBPath of our own, as pacman locks it
 * @throws SentinelError if pacman could not be run, or gave no answer in time
 */
export async function simulateUpgrade(
  pacmanConf: string,
  deadline: Deadline,
): Promise<SimulationOutput> {
  const args = ['-Su', '--color', 'never', '--config', pacmanConf]
  const limits = { timeoutMs: deadline.left() }
  const { stdout, stderr, exitCode } = await runInteractive(
    '/usr/bin/pacman',
    args,
    limits,
    QUESTIONS,
  )
  if (exitCode === null) throw new SentinelError('pacman -Su gave no answer in time')
  return parseSimulation(stdout, stderr, exitCode)
}

/** The package that pacman would choose for a dependency such as "libx.so=2-64", or ''. */
export function askSatisfier(pacmanConf: string, dependency: string, deadline: Deadline): string {
  // -dd: its own dependencies do not matter.
  const args = ['-Sddp', '--print-format', '%n', '--config', pacmanConf, '--', dependency]
  const ended = runProgram('/usr/bin/pacman', args, { timeoutMs: deadline.left() })
  return ended.stdout.toString().trim()
}
