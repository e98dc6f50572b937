import { spawn } from 'node:child_process'
import { SentinelError } from '../errors.ts'
import { limited, type Limits, withParentDeathSignal } from './program.ts'

export interface InteractiveResult {
  stdout: string
  stderr: string
  /** null when a signal ended it, such as ours when the time was up */
  exitCode: number | null
}

/** Both match output that ends in a question. */
interface Questions {
  any: RegExp
  /** those that get the default answer */
  known: RegExp
}

/**
 * Runs a program that asks questions on its stderr, and takes the default answer to those that are
 * known; any other question gets the end of the input, which says neither yes nor no. A signal to
 * us is not held up meanwhile, as it would be by runProgram().
 *
 * As there, the program is ended with SIGKILL when the time is up, or when we end ourselves.
 *
 * @throws SentinelError when the program could not be run
 */
export function runInteractive(
  path: string,
  args: readonly string[],
  limits: Limits,
  questions: Questions,
): Promise<InteractiveResult> {
  const child = spawn(...withParentDeathSignal(path, args), { ...limited(limits), stdio: 'pipe' })
  const said = { stdout: '', stderr: '' }
  let answered = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
    const asked = said.stderr.slice(answered)
    if (!questions.any.test(asked)) return
    answered = said.stderr.length
    if (questions.known.test(asked)) child.stdin.write('\n')
    else child.stdin.end()
  })
  // A program that ends in the middle of the conversation is no failure of ours (EPIPE).
  child.stdin.on('error', () => {})
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new SentinelError(`${path} could not be run`, { cause })))
    child.once('close', (exitCode) => resolve({ ...said, exitCode }))
  })
}
