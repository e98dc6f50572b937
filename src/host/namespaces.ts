import { spawn, spawnSync } from 'node:child_process'
import { SentinelError } from '../errors.ts'
import { isRoot } from './caller.ts'
import { limited, type ProgramResult, runProgram, withParentDeathSignal } from './program.ts'

/** A directory of every Linux machine that holds no program: covered with a file system of one's own. */
export const COVERED = '/sys'

/** The name by which that file system is known in mountinfo. */
export const COVER = 'kured-sentinel-demo'

/** Of a process: mounts, processes, the network, names, and cgroups as far as they are seen. */
const OWN = '--mount --pid --net --ipc --uts --cgroup --fork --kill-child=KILL'.split(' ')

/** What tells a program how to print. */
const PRINTING = ['TERM', 'NO_COLOR', 'FORCE_COLOR', 'COLUMNS']

export interface Enclosed {
  /** null when a signal ended it, such as ours when the time was up */
  exitCode: number | null
  stderr: string
}

/**
 * Runs a program in namespaces of its own, with an empty file system in memory at COVERED.
 * An ordinary user becomes root in a user namespace, with that user's rights. Everything in there
 * ends and is gone when the program ends, or we do, by whatever signal. [unshare(1), tmpfs(5)]
 *
 * Its stdin is /dev/null, its stdout is ours. Throws SentinelError if unshare could not be run.
 */
export function runEnclosed(command: readonly string[], timeoutMs: number): Enclosed {
  const user = isRoot() ? [] : ['--user', '--map-root-user']
  const cover = `mount -t tmpfs -o mode=755 ${COVER} ${COVERED} || exit 1; { hostname demo || echo demo >/proc/sys/kernel/hostname || :; } 2>/dev/null; exec "$@"`
  const args = [...user, ...OWN, '--mount-proc', '--', '/bin/sh', '-c', cover, 'sh', ...command]
  const env = Object.fromEntries(
    PRINTING.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  )
  const ended = spawnSync(...withParentDeathSignal('/usr/bin/unshare', args), {
    ...limited({ timeoutMs, env }),
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  })
  if (ended.error !== undefined && ended.pid === 0) {
    throw new SentinelError('/usr/bin/setpriv cannot be run', { cause: ended.error })
  }
  return { exitCode: ended.status, stderr: ended.stderr }
}

/** A tree of processes, with PIDs and mounts of its own. */
export interface Enclosure {
  /** runs a program in it, as runProgram() does */
  run: (path: string, args: readonly string[], env?: Record<string, string>) => ProgramResult
  /** ends all its processes */
  end: () => Promise<void>
}

/**
 * Starts a shell script as process 1 of PIDs and mounts of its own. It is ready when it has printed
 * a line, and goes on until it is ended. Only for root, or in runEnclosed().
 *
 * @throws SentinelError when it ends before it is ready, or takes too long
 */
export async function startEnclosure(script: string, timeoutMs: number): Promise<Enclosure> {
  const args = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--', '/bin/sh', '-c', script]
  const child = spawn(...withParentDeathSignal('/usr/bin/unshare', args), {
    ...limited({ timeoutMs }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const isReady = await Promise.race([
    new Promise<boolean>((resolve) => child.stdout.once('data', () => resolve(true))),
    ended.then(() => false),
  ])
  const { pid } = child
  if (!isReady || pid === undefined) throw new SentinelError(complaint.trim() || 'it ended at once')
  return {
    run(path, words, env = {}) {
      // unshare has entered all of them but that of PIDs, in which only its children are.
      const into = ['--target', `${pid}`, '--mount', `--pid=/proc/${pid}/ns/pid_for_children`]
      return runProgram('/usr/bin/nsenter', [...into, '--', path, ...words], { timeoutMs, env })
    },
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
