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
   * in that time. `unsure`: somebody has to look closer.
   */
  outcome(timeoutMs: number): Promise<'clean' | 'late' | 'unsure'>
  stop(): void
}

/**
 * Starts a glance: grep, which is in a process of its own for the reason scan-proc.ts has, tells by
 * its exit code whether any line may count. On most days none does, and that is all there is to ask;
 * otherwise the maps are read once more, and only what is found then, between the two looks at
 * pacman's lock, can become a reason for a reboot. So a glance may begin before anything else.
 *
 * @returns undefined where it cannot be started: the closer look meets the same, and says so
 */
export function startGlance(host: Host): Glance | undefined {
  let proof: number | undefined
  try {
    const pids = listPids(host)
    proof = openSync('/proc/version', 'r')
    // `-` is its input, read last.
    const files = [...pids.map((pid) => `${pid}/maps`), '-']
    const grep = startProgram('/usr/bin/grep', ['-a', '-q', '-E', '-e', LINE_MARK, '--', ...files], {
      cwd: host.path('/proc'),
      stdin: proof,
    })
    return glance(pids, grep, proof)
  } catch {
    if (proof !== undefined) closeSync(proof)
    return undefined
  }
}

function glance(pids: number[], grep: Background, proof: number): Glance {
  return {
    pids,
    stop: grep.stop,
    async outcome(timeoutMs) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), timeoutMs)
      })
      const code = await Promise.race([grep.ended, late])
      clearTimeout(timer)
      grep.stop()
      if (code === 'late') return code
      // 1 is "no match and no error", but setpriv's own failure as well: so grep, and nobody else,
      // must have read its input to the end, which moves the descriptor that we share.
      return code === 1 && readSync(proof, Buffer.alloc(1)) === 0 ? 'clean' : 'unsure'
    },
  }
}
