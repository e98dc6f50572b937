import { spawn } from 'node:child_process'
import { PROGRAM_ENVIRONMENT, withKernelsHelp } from './program.ts'

/** A program that runs beside our own work, and of which only its end is asked. */
export interface Background {
  /** its exit code; null where it could not be started or a signal ended it */
  ended: Promise<number | null>
  stop(): void
}

/**
 * Starts a program by its absolute path, as runProgram() does, and does not wait for it. Its output
 * is dropped: to set up pipes for it would cost a check of every minute another ms.
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
  // The kernel's help begins only when setpriv has asked for it; we may be done before.
  process.once('exit', stop)
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('exit', (code) => {
      process.off('exit', stop)
      resolve(code)
    })
  })
  return { ended, stop }
}
