import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { SentinelError } from '../errors.ts'
import { PROGRAM_ENVIRONMENT } from './program.ts'

/**
 * Runs `body` while no other run of ours does so for the same directory. Not for the every-minute
 * path: it may wait.
 *
 * Node has no flock(2), but the lock belongs to the open file and not to the process that asked for
 * it: flock(1) takes it on our own descriptor and ends, and we hold it until that is closed, by us
 * or by the kernel when we are killed. [flock(2), flock(1)] The directory itself is what is locked,
 * since it stays the same when a file in it is replaced, nothing is left behind, and a descriptor
 * for reading is enough.
 *
 * @param directory a path of this machine
 * @throws SentinelError when the time is up; the system error when there is no such directory
 */
export function withFlock<T>(directory: string, timeoutMs: number, body: () => T): T {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    take(fd, directory, timeoutMs)
    return body()
  } finally {
    closeSync(fd)
  }
}

function take(fd: number, directory: string, timeoutMs: number): void {
  // flock(1) refuses a time of 0
  const seconds = (Math.max(1, timeoutMs) / 1000).toFixed(3)
  const args = ['--exclusive', '--timeout', seconds, '--conflict-exit-code', '75', '3']
  const ended = spawnSync('/usr/bin/flock', args, {
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe', fd],
    timeout: timeoutMs + 5_000,
    killSignal: 'SIGKILL',
  })
  if (ended.status === 0) return
  if (ended.status === 75) {
    throw new SentinelError(
      `${directory} is locked by another run for more than ${seconds} s; lslocks shows by which`,
    )
  }
  const cause = ended.error ?? new Error(ended.stderr.toString().trim() || 'it was killed')
  throw new SentinelError(`${directory} could not be locked`, { cause })
}
