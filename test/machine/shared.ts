/** Tests with emulated machines; what a failing one leaves behind. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { cache } from '../lab/cache.ts'
import { gatedTest } from '../lab/lab.ts'
import { liveMachines, type Machine } from './machine.ts'
import { machineProblem } from './tools.ts'

/** Alone the longest takes a sixth of it. */
const LIMIT_MS = 1_800_000

/**
 * A part of a test: shown by itself. The parts after a failed one do not run, as all have the same
 * machines; unless it is one of the faults that are known.
 */
export type Step = (
  name: string,
  run: () => Promise<void>,
  options?: { todo?: string },
) => Promise<void>

/**
 * A node:test test with emulated machines, which end with it. When it fails, their consoles and
 * journals are kept, and the error says where.
 */
export function machineTest(
  name: string,
  run: (step: Step) => Promise<void>,
  options: { todo?: string } = {},
): void {
  const kept = join(cache, 'machine-failures', name.replaceAll(/[^a-z0-9]+/gi, '-'))
  const body = async (t: TestContext) => {
    rmSync(kept, { recursive: true, force: true })
    try {
      await run(stepsOf(t))
    } catch (cause) {
      mkdirSync(kept, { recursive: true })
      await Promise.all(liveMachines().map((machine) => keepTraces(kept, machine)))
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${why}\n(consoles and journals: ${kept})`, { cause })
    } finally {
      await Promise.all(liveMachines().map((machine) => machine.discard()))
    }
  }
  gatedTest(machineProblem(), name, body, { timeout: LIMIT_MS, ...options })
}

function stepsOf(t: TestContext): Step {
  return async (name, run, options = {}) => {
    let failure: unknown
    await t.test(name, options, async () => {
      try {
        await run()
      } catch (error) {
        if (options.todo === undefined) failure = error
        throw error
      }
    })
    if (failure !== undefined) throw failure
  }
}

async function keepTraces(directory: string, machine: Machine): Promise<void> {
  writeFileSync(join(directory, `${machine.name}.console`), machine.console())
  const journal = await machine
    .run('journalctl --no-pager -o short-monotonic', 30_000)
    .catch(() => undefined)
  if (journal !== undefined)
    writeFileSync(join(directory, `${machine.name}.journal`), journal.stdout)
}
