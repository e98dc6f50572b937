import { spawn } from 'node:child_process'
import { SentinelError } from '../errors.ts'
import { limited, type Limits, withParentDeathSignal } from './program.ts'

export interface InteractiveResult {
  stdout: string
  stderr: string
  /** null when a signal ended the program, such as ours when the time was up */
  exitCode: number | null
}

/** Patterns for output that ends in a question. */
interface Questions {
  any: RegExp
  /** questions that get the default answer */
  known: RegExp
}

/**
 * Runs a program that asks questions on stderr. Known questions get the default answer; any other
 * question gets end of input, which means neither yes nor no. Unlike runProgram(), it does not
 * delay signals to us.
 *
 * The program gets SIGKILL when the time is up, or when we end, as with runProgram().
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
  // The program may end before it reads an answer (EPIPE): no error here.
  child.stdin.on('error', () => {})
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      clearTimeout(late)
      reject(new SentinelError(`${path} could not be run`, { cause }))
    })
    child.once('close', (exitCode) => {
      clearTimeout(late)
      resolve({ ...said, exitCode })
    })
    // As awaitProgram(): a program that waits in the kernel may survive SIGKILL.
    const late = setTimeout(() => resolve({ ...said, exitCode: null }), limits.timeoutMs + 200)
  })
}
