import { execFile, spawnSync } from 'node:child_process'
import { errorCode, SentinelError } from '../errors.ts'

export interface ProgramResult {
  stdout: Buffer
  stderr: string
  /** null when the time limit ended it */
  exitCode: number | null
  timedOut: boolean
}

export interface Limits {
  timeoutMs: number
  /** of what it prints; where it prints more, it is ended, and that is an error: isTooMuch() */
  maxBytes?: number
  cwd?: string
}

/** What a program may print, in bytes, where its caller names no other limit. */
const MOST_BYTES = 16 * 2 ** 20

/** An own PATH and the C locale: nothing of the caller's environment reaches a program. */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/bin', LC_ALL: 'C' }

/**
 * Runs a program by its absolute path, with /dev/null as its input, and ends it with SIGKILL when
 * its time is up: the one signal that also ends a read which waits in the kernel for another
 * process's memory lock. Through node:child_process and not execa, whose loading alone costs a
 * check that runs every minute as much as the whole scan.
 *
 * Throws SentinelError when the program could not be run, or printed too much.
 */
export function runProgram(path: string, args: readonly string[], limits: Limits): ProgramResult {
  const ended = spawnSync(...withParentDeathSignal(path, args), {
    ...limited(limits),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const timedOut = errorCode(ended.error) === 'ETIMEDOUT'
  if (!timedOut && (ended.error !== undefined || ended.status === null)) {
    throw notRun(path, ended.error ?? new Error(`it was ended by ${ended.signal}`))
  }
  return checkStarted(path, {
    stdout: ended.stdout,
    stderr: ended.stderr.toString(),
    exitCode: ended.status,
    timedOut,
  })
}

/**
 * The same for a program that not even SIGKILL may end, such as one that waits for a FUSE server
 * that has its request and does not answer [fs/fuse/dev.c, request_wait_answer]: when its time is
 * up it is left to the kernel, which ends it as soon as it can.
 */
export async function awaitProgram(
  path: string,
  args: readonly string[],
  limits: Limits,
): Promise<ProgramResult> {
  const ended = new Promise<ProgramResult>((resolve, reject) => {
    const [program, words] = withParentDeathSignal(path, args)
    execFile(program, words, { ...limited(limits), encoding: 'buffer' }, (error, out, err) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : null
      // Ended at its time, and not by somebody else: what the kernel's OOM killer leaves is no answer.
      const timedOut = exitCode === null && error?.killed === true && error.code === null
      if (exitCode === null && !timedOut) reject(notRun(path, error))
      else resolve({ stdout: out, stderr: err.toString(), exitCode, timedOut })
    })
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ProgramResult>((resolve) => {
    const nothing = { stdout: Buffer.alloc(0), stderr: '', exitCode: null, timedOut: true }
    timer = setTimeout(() => resolve(nothing), limits.timeoutMs + 200)
  })
  try {
    return checkStarted(path, await Promise.race([ended, late]))
  } finally {
    clearTimeout(timer)
  }
}

/**
 * setpriv(1) asks the kernel to end the program with us, even when we are ended by SIGKILL.
 * [prctl(2), PR_SET_PDEATHSIG]
 */
export function withParentDeathSignal(path: string, args: readonly string[]): [string, string[]] {
  return ['/usr/bin/setpriv', ['--pdeathsig', 'KILL', '--', path, ...args]]
}

/** Whether a program was ended because it printed more than it may. */
export function isTooMuch(error: unknown): boolean {
  const cause = error instanceof SentinelError ? error.cause : undefined
  return ['ENOBUFS', 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'].includes(errorCode(cause) ?? '')
}

/** What it prints is limited too, where that is gathered. */
export function limited({ timeoutMs, maxBytes = MOST_BYTES, cwd }: Limits) {
  return {
    cwd,
    env: PROGRAM_ENVIRONMENT,
    // 0 would mean "no limit"
    timeout: Math.max(1, Math.floor(timeoutMs)),
    killSignal: 'SIGKILL' as const,
    maxBuffer: maxBytes,
  }
}

/** Why a program that has ended has failed, in its own words; '' where it says nothing. */
export function complaint({
  timedOut,
  stderr,
}: Pick<ProgramResult, 'timedOut' | 'stderr'>): string {
  return timedOut ? 'no answer in time' : stderr.trim()
}

function notRun(path: string, cause: unknown): SentinelError {
  return new SentinelError(`${path}, through setpriv, could not be run to its end`, { cause })
}

/** setpriv's own answer when it cannot start the program is 126 or 127. [setpriv(1)] */
function checkStarted(path: string, ended: ProgramResult): ProgramResult {
  if (ended.exitCode === 126 || ended.exitCode === 127) {
    throw new SentinelError(`${path} cannot be run: ${ended.stderr.trim()}`)
  }
  return ended
}
