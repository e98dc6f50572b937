import { spawn } from 'node:child_process'
import { errorCode } from '../errors.ts'
import { limited, type Limits, withParentDeathSignal } from './program.ts'

export interface GroupResult {
  /** null when a signal ended it */
  exitCode: number | null
  timedOut: boolean
  /** the first line of its output, stdout before stderr; '' without one */
  said: string
}

/** Kept of each stream, in bytes; the rest is read and dropped. */
const MOST_BYTES = 64 * 1024
/** For the last output, and for a program that SIGKILL does not end at once. */
const LINGER_MS = 200

/**
 * Runs an administrator's program in a process group of its own, of which nothing is left at its
 * end or when its time is up. (What leaves the group by setsid(2) is for the unit's control group.)
 *
 * @param path absolute; input: its standard input
 * @returns exitCode 126 or 127 and a reason where it cannot be started
 */
export async function runGroup(
  path: string,
  limits: Pick<Limits, 'timeoutMs' | 'input'>,
): Promise<GroupResult> {
  const { timeout: _, ...options } = limited(limits)
  const child = spawn(...withParentDeathSignal(path, []), {
    ...options,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const kill = () => killGroup(child.pid)
  const [out, err] = [keep(child.stdout), keep(child.stderr)]
  // The program may end before it has read all (EPIPE): no error here.
  child.stdin.on('error', () => {}).end(limits.input ?? '')
  let timedOut = false
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code))
  })
  const late = after(limits.timeoutMs, () => {
    timedOut = true
    kill()
  })
  const tooLate = after(limits.timeoutMs + LINGER_MS, () => {})
  const exitCode = await Promise.race([ended, tooLate.over.then(() => null)])
  late.cancel()
  tooLate.cancel()
  kill()
  const linger = after(LINGER_MS, () => {})
  await Promise.race([Promise.all([out.closed, err.closed]), linger.over])
  linger.cancel()
  for (const stream of child.stdio) stream?.destroy()
  const [said = ''] = `${out.text()}\n${err.text()}`.split('\n').filter(Boolean)
  return { exitCode, timedOut, said: said.replace(/^setpriv: failed to execute .*: /, '') }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

function keep(stream: NodeJS.ReadableStream) {
  const chunks: Buffer[] = []
  let size = 0
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve)
    stream.on('data', (chunk: Buffer) => {
      if (size < MOST_BYTES) chunks.push(chunk)
      size += chunk.length
    })
  })
  return { closed, text: () => Buffer.concat(chunks).toString('utf8', 0, MOST_BYTES) }
}

function after(ms: number, act: () => void) {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      act()
      resolve()
    }, ms)
  })
  return { over, cancel: () => clearTimeout(timer) }
}
