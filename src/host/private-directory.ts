import { isRoot } from './caller.ts'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'
import { isAlive } from './temp-name.ts'

/** For root: not /tmp, where anybody can create names and fill the disk. Cleared at each boot. */
const ROOT_DIRECTORY = '/run/kured-sentinel/work'

/**
 * Gives `body` an empty directory that nobody else may enter (mode 0700), and removes it
 * afterwards, also on a signal; one that the caller handles ends nothing here. After SIGKILL the next run
 * removes it.
 *
 * @throws SentinelError when the directory cannot be made; whatever `body` throws
 */
export async function withPrivateDirectory<T>(body: (path: string) => T | Promise<T>): Promise<T> {
  const path = makeDirectory()
  const remove = () => rmSync(path, { recursive: true, force: true })
  const stop = (signal: NodeJS.Signals) => {
    remove()
    // Again: the handler is gone, so the signal now ends this process.
    process.kill(process.pid, signal)
  }
  const signals = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).filter(
    (signal) => process.listenerCount(signal) === 0,
  )
  for (const signal of signals) process.once(signal, stop)
  try {
    return await body(path)
  } finally {
    for (const signal of signals) process.off(signal, stop)
    remove()
  }
}

function makeDirectory(): string {
  const base = isRoot() ? ROOT_DIRECTORY : tmpdir()
  try {
    if (base === ROOT_DIRECTORY) mkdirSync(base, { recursive: true, mode: 0o700 })
    removeAbandoned(base)
    return mkdtempSync(join(base, `kured-sentinel-${process.pid}-`))
  } catch (error) {
    throw new SentinelError(`cannot make a working directory in ${base}: ${errorText(error)}`, {
      cause: error,
    })
  }
}

function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = Number(/^kured-sentinel-(\d+)-/.exec(name)?.[1])
    if (Number.isNaN(pid) || isAlive(pid)) continue
    const path = join(base, name)
    // Anybody can create such a name in /tmp.
    const isOwn = lstatSync(path, { throwIfNoEntry: false })?.uid === process.geteuid?.()
    if (isOwn) rmSync(path, { recursive: true, force: true })
  }
}
