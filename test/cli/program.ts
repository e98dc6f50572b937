import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const BIN = fileURLToPath(new URL('../../bin/kured-sentinel.cjs', import.meta.url))

/** The Node to run the program with: the one that runs the tests, or the newest (scripts/test.ts). */
export const NODE = process.env['KURED_SENTINEL_NODE'] ?? process.execPath

export const IS_ROOT = process.getuid?.() === 0

/** All that a Kured pod gives to what it runs on the host, of its Alpine image and its own. */
const KURED_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  KURED_NODE_ID: 'lab',
}

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
  ms: number
}

interface Options {
  env?: Record<string, string>
  bin?: string
  /** a program and its options, put before the command line */
  through?: string[]
}

/**
 * Runs the built program as Kured does: through nsenter into the host's mount namespace (where the
 * rights for it are there), in /, without input, and with no environment but a pod's.
 */
export function asKured(args: string[], options: Options = {}): Ran {
  return run(args, { env: KURED_ENVIRONMENT, ...options })
}

/** Runs the built program as a person would. */
export function run(args: string[], options: Options = {}): Ran {
  const { env = { PATH: KURED_ENVIRONMENT.PATH }, bin = BIN, through = [] } = options
  const enter = IS_ROOT ? ['/usr/bin/nsenter', '-m/proc/self/ns/mnt', '--'] : []
  const [program = '', ...words] = [...enter, ...through, NODE, bin, ...args]
  const began = performance.now()
  const ended = spawnSync(program, words, {
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const { status: code, stdout, stderr } = ended
  return { code, stdout, stderr, ms: performance.now() - began }
}

/** Starts the program and leaves it running. */
export function start(args: string[]) {
  return spawn(NODE, [BIN, ...args], { cwd: '/', env: {}, stdio: 'ignore' })
}
