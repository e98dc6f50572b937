import { closeSync, openSync, readSync } from 'node:fs'
import { type Background, startProgram } from '../host/background.ts'
import type { Host } from '../host/host.ts'
import { LINE_MARK } from '../process/maps.ts'
import { listPids } from '../process/process.ts'

/** A quick look through all maps, which runs beside the rest of the check. */
export interface Glance {
  /** the processes it goes through */
  pids: number[]
  /**
   * `clean`: all maps were read to their end, and no line in them can count. `late`: they were not
   * in that time. `unsure`: the closer look has to tell.
   */
  outcome(timeoutMs: number): Promise<'clean' | 'late' | 'unsure'>
  stop(): void
}

/** From so many processes on, the start of a second grep pays. */
const MANY = 200

/**
 * Starts a glance: grep, a process of its own for the reason that scan-proc.ts has, tells by its exit
 * code alone whether any line may count. On most days none does, and nothing else is asked.
 *
 * It may begin before all else, the first look at pacman's lock included, because it can only make
 * an answer "no": whatever it meets is looked for anew by the closer look, between the two looks at
 * the lock, and only what that finds can become a reason for a reboot.
 *
 * @returns undefined where it cannot be started: the closer look meets the same, and says so
 */
export function startGlance(host: Host): Glance | undefined {
  const greps: Background[] = []
  const stop = () => greps.forEach((grep) => grep.stop())
  try {
    const pids = listPids(host)
    const cleans = share(pids).map((part) => {
      const proof = openSync('/proc/version', 'r')
      const grep = startGrep(host, part, proof)
      greps.push(grep)
      return grep.ended.then((code) => isClean(code, proof))
    })
    const ended = Promise.all(cleans).then((all) => (all.every(Boolean) ? 'clean' : 'unsure'))
    return { pids, stop, outcome: (timeoutMs) => within(timeoutMs, ended).finally(stop) }
  } catch {
    stop()
    return undefined
  }
}

function share(pids: number[]): number[][] {
  if (pids.length < MANY) return [pids]
  return [0, 1].map((rest) => pids.filter((_, index) => index % 2 === rest))
}

/** `-` is grep's input, which it reads last. */
function startGrep(host: Host, pids: number[], stdin: number): Background {
  const files = [...pids.map((pid) => `${pid}/maps`), '-']
  const args = ['-a', '-q', '-E', '-e', LINE_MARK, '--', ...files]
  return startProgram('/usr/bin/grep', args, { cwd: host.path('/proc'), stdin })
}

/**
 * 1 is grep's "no match, and no error", but also a failure of setpriv: so grep must have read its
 * input, and with it all before, which has moved the descriptor we share to its end.
 */
function isClean(code: number | null, proof: number): boolean {
  const atEnd = readSync(proof, Buffer.alloc(1)) === 0
  closeSync(proof)
  return code === 1 && atEnd
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
