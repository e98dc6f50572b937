import { spawnSync } from 'node:child_process'
import { errorCode, SentinelError } from '../errors.ts'

export interface Ended {
  stdout: Buffer
  stderr: string
  /** null when the time limit ended it */
  exitCode: number | null
  timedOut: boolean
}

export interface Limits {
  timeoutMs: number
  cwd?: string
  /** what it may print before it is ended; 64 MiB unless told */
  maxBytes?: number
}

/** An own PATH and the C locale: nothing of the caller's environment reaches a program. */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/bin', LC_ALL: 'C' }

/**
 * Runs a program by its absolute path, with /dev/null as its input, and ends it with SIGKILL when
 * its time is up: the one signal that also ends a read which waits in the kernel for another
 * process's memory lock. Through node:child_process and not execa, whose loading alone costs a
 * check that runs every minute as much as the whole scan.
 *
 * setpriv(1) asks the kernel to end the program with us, even when we are ended by SIGKILL.
 * [prctl(2), PR_SET_PDEATHSIG]
 *
 * Throws SentinelError when the program could not be run, or printed too much.
 */
export function runProgram(path: string, args: readonly string[], limits: Limits): Ended {
  const { timeoutMs, cwd, maxBytes = 64 * 1024 * 1024 } = limits
  const ended = spawnSync('/usr/bin/setpriv', ['--pdeathsig', 'KILL', '--', path, ...args], {
    cwd,
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
    // 0 would mean "no limit"
    timeout: Math.max(1, Math.floor(timeoutMs)),
    killSignal: 'SIGKILL',
    maxBuffer: maxBytes,
  })
  const timedOut = errorCode(ended.error) === 'ETIMEDOUT'
  if (ended.error !== undefined && !timedOut) {
    throw new SentinelError(`${path} could not be run to its end`, { cause: ended.error })
  }
  const stderr = ended.stderr.toString()
  // setpriv's own answer when it cannot start the program. [setpriv(1), EXIT STATUS]
  if (ended.status === 126 || ended.status === 127) {
    throw new SentinelError(`${path} cannot be run: ${stderr.trim()}`)
  }
  return { stdout: ended.stdout, stderr, exitCode: ended.status, timedOut }
}
