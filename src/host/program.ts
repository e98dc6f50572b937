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
  /** limit of its output; a program that prints more is killed, which is an error: isTooMuch() */
  maxBytes?: number
  /** default: `/`, and never the caller's directory, in which others may have put files */
  cwd?: string
  /** what a program needs beside PROGRAM_ENVIRONMENT */
  env?: Readonly<Record<string, string>>
  /** its standard input; /dev/null without it. For runProgram() alone. */
  input?: string | Buffer
}

/** Default limit of a program's output, in bytes. */
const MOST_BYTES = 16 * 2 ** 20

/**
 * Fixed PATH and the C locale: programs inherit nothing of the caller's environment. The home is
 * root's: without one, or in the caller's directory, kubectl reads a user's ./.kube/kuberc, which
 * can send the kubelet's token to another server. KUBERC=off: no file is to change what it does.
 * [kubectl 1.36]
 */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/bin', LC_ALL: 'C', HOME: '/root', KUBERC: 'off' }

/**
 * Runs a program by its absolute path, with /dev/null as input unless told, and sends SIGKILL when its time is
 * up: only SIGKILL ends a read that waits in the kernel for the memory lock of another process.
 * Uses node:child_process, because loading execa takes as long as the whole scan of a check.
 *
 * Throws SentinelError when the program could not be run, or printed too much.
 */
export function runProgram(path: string, args: readonly string[], limits: Limits): ProgramResult {
  const ended = spawnSync(...withParentDeathSignal(path, args), {
    ...limited(limits),
    ...(limits.input !== undefined && { input: limits.input }),
    stdio: [limits.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const timedOut = errorCode(ended.error) === 'ETIMEDOUT'
  if (!timedOut && (ended.error !== undefined || ended.status === null)) {
    throw notRun(path, ended.error ?? new Error(`it was killed by ${ended.signal}`))
  }
  return checkStarted(path, {
    stdout: ended.stdout,
    stderr: ended.stderr.toString(),
    exitCode: ended.status,
    timedOut,
  })
}

/**
 * runProgram() for a program that may survive SIGKILL, such as one that waits for a FUSE server
 * that has its request and does not answer [fs/fuse/dev.c, request_wait_answer]: when its time is
 * up we stop waiting, and the kernel ends it as soon as it can.
 */
export async function awaitProgram(
  path: string,
  args: readonly string[],
  limits: Limits,
): Promise<ProgramResult> {
  const ended = new Promise<ProgramResult>((resolve, reject) => {
    const [program, words] = withParentDeathSignal(path, args)
    const options = { ...limited(limits), encoding: 'buffer' as const }
    const child = execFile(program, words, options, (error, out, err) => {
      // Node closes the pipes when it kills: output of a program that ends just then may be missing.
      const code = error === null ? 0 : error.code
      const isCut = typeof code === 'number' && child.killed
      const exitCode = typeof code === 'number' && !isCut ? code : null
      // Killed by our time limit. Killed by another process, such as the OOM killer, is an error.
      const timedOut = isCut || (exitCode === null && error?.killed === true && code === null)
      if (exitCode === null && !timedOut) reject(notRun(path, error))
      else resolve({ stdout: out, stderr: err.toString(), exitCode, timedOut })
    })
    // As of /dev/null: a program that asks for a password must not wait for one.
    child.stdin?.end()
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
 * setpriv(1) makes the kernel kill the program when we end, even when we end by SIGKILL.
 * [prctl(2), PR_SET_PDEATHSIG]
 */
export function withParentDeathSignal(path: string, args: readonly string[]): [string, string[]] {
  return ['/usr/bin/setpriv', ['--pdeathsig', 'KILL', '--', path, ...args]]
}

/** Whether a program was killed because it printed more than allowed. */
export function isTooMuch(error: unknown): boolean {
  const cause = error instanceof SentinelError ? error.cause : undefined
  return ['ENOBUFS', 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'].includes(errorCode(cause) ?? '')
}

/** Limits as options of node:child_process; maxBuffer has no effect on spawn(). */
export function limited({ timeoutMs, maxBytes = MOST_BYTES, cwd = '/', env }: Limits) {
  return {
    cwd,
    env: { ...PROGRAM_ENVIRONMENT, ...env },
    // 0 would mean "no limit"
    timeout: Math.max(1, Math.floor(timeoutMs)),
    killSignal: 'SIGKILL' as const,
    maxBuffer: maxBytes,
  }
}

/** Why a program failed, in its own words; '' when it printed nothing. */
export function complaint({
  timedOut,
  stderr,
}: Pick<ProgramResult, 'timedOut' | 'stderr'>): string {
  return timedOut ? 'no answer in time' : stderr.trim()
}

function notRun(path: string, cause: unknown): SentinelError {
  return new SentinelError(`${path}, run through setpriv, did not run to its end`, { cause })
}

/** setpriv exits with 126 or 127 when it cannot start the program. [setpriv(1)] */
function checkStarted(path: string, ended: ProgramResult): ProgramResult {
  if (ended.exitCode === 126 || ended.exitCode === 127) {
    // "setpriv: failed to execute PATH: No such file or directory"; who reads it started no setpriv.
    const why = ended.stderr.trim().replace(`setpriv: failed to execute ${path}: `, '')
    throw new SentinelError(`${path} cannot be run: ${why}`)
  }
  return ended
}
