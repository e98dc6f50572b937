import { spawn } from 'node:child_process'
import { PROGRAM_ENVIRONMENT, withKernelsHelp } from './program.ts'

/** A program that runs beside our own work, and of which only its end is asked. */
export interface Background {
  /** Its exit code; null when it could not be started or a signal ended it. */
  ended: Promise<number | null>
  stop(): void
}

/**
 * Starts a program by its absolute path, as runProgram() does, and does not wait for it. It has no
 * output: each pipe to read would cost a check of every minute another ms.
 *
 * @param stdin a descriptor it gets as its input
 * @throws the system error of a start that failed at once
 */
export function startProgram(
  path: string,
  args: readonly string[],
  { cwd, stdin }: { cwd: string; stdin: number },
): Background {
  const [program, words] = withKernelsHelp(path, args)
  const child = spawn(program, words, {
    cwd,
    env: PROGRAM_ENVIRONMENT,
    stdio: [stdin, 'ignore', 'ignore'],
  })
  const stop = () => void child.kill('SIGKILL')
  // The kernel's help begins only when setpriv has asked for it.
  process.once('exit', stop)
  return {
    stop,
    ended: new Promise((resolve) => child.once('exit', resolve).once('error', () => resolve(null))),
  }
}
