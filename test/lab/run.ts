/** Runs a program, and everything it starts, for a limited time. */
import { spawn } from 'node:child_process'
import { checkOutput } from '../fixture/envelope.ts'

export interface Run {
  /** undefined when a signal ended it: ours after `timeoutMs`, or another. */
  exitCode: number | undefined
  stdout: string
  stderr: string
  timedOut: boolean
}

export interface RunOptions {
  input?: string | Uint8Array
  /** Default: one minute. */
  timeoutMs?: number
  /** The whole environment; nothing is inherited. */
  env?: Record<string, string>
}

const minuteMs = 60_000

/**
 * Waits, as Kured does, until the program has ended and its stdout and stderr are closed. The
 * program leads a process group: killing nsenter alone would leave its children in the node.
 */
export async function run(argv: string[], options: RunOptions = {}): Promise<Run> {
  const [program = '', ...words] = argv
  const child = spawn(program, words, {
    cwd: '/',
    detached: true,
    env: options.env ?? {},
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  // The program may end without reading its input (EPIPE): no error here.
  child.stdin?.on('error', () => {}).end(options.input)

  const outcome = { timedOut: false }
  const timer = setTimeout(() => {
    outcome.timedOut = true
    if (child.pid !== undefined) killGroup(child.pid)
    // A process that left the group may still have the pipes open.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, options.timeoutMs ?? minuteMs)
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    checkOutput(argv, output.stdout, exitCode)
    return { exitCode: exitCode ?? undefined, ...output, ...outcome }
  } finally {
    clearTimeout(timer)
  }
}

/** One line for people, and all output of the program. */
export function describe(argv: string[], ended: Run): string {
  const end = ended.timedOut ? 'did not end in time' : `exit ${ended.exitCode ?? 'by a signal'}`
  return [`${argv.join(' ')}: ${end}`, ended.stdout, ended.stderr].filter(Boolean).join('\n')
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
