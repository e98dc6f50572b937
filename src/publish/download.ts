import type { Deadline } from '../host/deadline.ts'
import { outlastInterrupt } from '../host/interrupt.ts'
import { awaitProgram } from '../host/program.ts'
import { describeErrors, parsePacmanOutput } from '../pacman/log/pacman-output.ts'
import { isDistrust } from '../pacman/signatures.ts'
import type { Target } from '../pacman/targets.ts'

export interface Download {
  /** why it failed; '' if all is there */
  problem: string
  /** somebody has ended it */
  stopped: boolean
  /** what pacman said of signatures that it does not trust */
  distrusted: string[]
  /** the files of the cache that it has not accepted */
  refused: string[]
}

/**
 * Has pacman download the packages of all hosts. It checks the checksum and the signature of each, also
 * of those that are in the cache. Without dependencies, as the plans have them all, and conflicts
 * between hosts do not matter. [pacman(8), -w, -dd; libalpm/sync.c]
 *
 * @param conf see writeSharedConfs()
 */
export async function downloadAll(
  conf: string,
  targets: readonly Target[],
  deadline: Deadline,
): Promise<Download> {
  const all: Download = { problem: '', stopped: false, distrusted: [], refused: [] }
  for (const round of roundsOf(targets)) {
    const { problem, stopped, distrusted, refused } = await downloadSome(conf, round, deadline)
    all.distrusted.push(...distrusted)
    all.refused.push(...refused)
    if (problem !== '') return { ...all, problem, stopped }
  }
  return all
}

/**
 * The targets, so that no name occurs twice in a round: of two repositories with one package, some
 * hosts want the one, and some the other's, and pacman takes no name twice. [libalpm/add.c,
 * ALPM_ERR_TRANS_DUP_TARGET]
 */
export function roundsOf(targets: readonly Target[]): Target[][] {
  const rounds: Target[][] = []
  const seen = new Map<string, number>()
  for (const target of targets) {
    const at = seen.get(target.name) ?? 0
    seen.set(target.name, at + 1)
    const round = (rounds[at] ??= [])
    round.push(target)
  }
  return rounds
}

async function downloadSome(
  conf: string,
  targets: readonly Target[],
  deadline: Deadline,
): Promise<Download> {
  const names = targets.map(({ repository, name }) => `${repository}/${name}`)
  const options = ['--noconfirm', '--noprogressbar', '--color', 'never', '--config', conf]
  const args = ['-Swdd', ...options, '--', ...names]
  const { result: ended, interrupted } = await outlastInterrupt(() =>
    awaitProgram('/usr/bin/pacman', args, { timeoutMs: deadline.left() }),
  )
  const lines = `${ended.stderr}\n${ended.stdout.toString()}`.split('\n')
  const said = parsePacmanOutput(lines, [])
  const reasons = describeErrors([...said.errors, ...said.sandbox], said).join('; ')
  const isDone = ended.exitCode === 0
  const late = ended.timedOut ? 'it took too long' : `pacman ended with exit code ${ended.exitCode}`
  return {
    problem: interrupted ? 'it was stopped' : isDone ? '' : reasons || late,
    stopped: interrupted,
    distrusted: said.errors.filter(isDistrust),
    refused: said.refused,
  }
}
