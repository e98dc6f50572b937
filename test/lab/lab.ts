/**
 * The test lab: nodes with a real systemd and a real pacman, for system tests.
 *
 *     labTest('a new node needs no reboot', async () => {
 *       await using node = await bootNode()
 *       const { exitCode } = await node.asKured(['kured-sentinel', 'check'])
 *       assert.equal(exitCode, 1)
 *     })
 */
import { existsSync } from 'node:fs'
import { test, type TestContext, type TestOptions } from 'node:test'
import { baseTree, findProgram } from './cache.ts'
import { sweep } from './layers.ts'
import { LabNode } from './node.ts'
import type { NspawnOptions } from './nspawn.ts'
import { preparePacman } from './pacman.ts'
import { installProgram } from './program.ts'

export { install, offer, upgradeTo } from './pacman.ts'

export interface NodeOptions extends NspawnOptions {
  /** Changes the node's files before its first boot; `root` is its tree on this machine. */
  prepare?: (root: string) => void | Promise<void>
  /** false: a node without the checkout's program, for tests that install its package */
  program?: boolean
}

/** Why this machine cannot boot nodes; undefined when it can. */
export function labProblem(): string | undefined {
  if (process.getuid?.() !== 0)
    return 'the lab boots nodes with systemd-nspawn and must run as root'
  for (const program of ['systemd-nspawn', 'nsenter', 'setpriv']) {
    if (findProgram(program) === undefined) return `${program} is missing: npm run test:setup`
  }
  if (!existsSync(baseTree)) return `${baseTree} is missing: npm run test:setup`
  return undefined
}

/** A node:test test. When the lab cannot run, it is skipped with the reason; in CI it fails. */
export function labTest(name: string, run: (t: TestContext) => Promise<void>): void {
  gatedTest(labProblem(), name, run)
}

/** A test that needs no node, but programs of this machine that set-up installs. */
export function toolTest(
  programs: string[],
  name: string,
  run: (t: TestContext) => void | Promise<void>,
): void {
  const missing = programs.filter((program) => findProgram(program) === undefined)
  const problem = missing.length > 0 && `${missing.join(', ')} missing: npm run test:setup`
  gatedTest(problem || undefined, name, run, { timeout: 420_000 })
}

/** A test that not every machine can run: `problem` says what is missing here, if anything. */
export function gatedTest(
  problem: string | undefined,
  name: string,
  run: (t: TestContext) => void | Promise<void>,
  options: Pick<TestOptions, 'timeout' | 'todo'> = {},
): void {
  const skip = process.env['CI'] === 'true' ? false : (problem ?? false)
  void test(name, { skip, timeout: 180_000, ...options }, async (t) => {
    if (problem !== undefined) throw new Error(problem)
    await run(t)
  })
}

/** Boots a new node; with `await using` it is removed at the end of the block. */
export async function bootNode({
  prepare,
  program = true,
  ...options
}: NodeOptions = {}): Promise<LabNode> {
  sweep()
  const node = new LabNode(options)
  try {
    if (program) installProgram(node.root)
    preparePacman(node.root)
    await prepare?.(node.root)
    await node.boot()
    return node
  } catch (error) {
    await node.discard()
    throw error
  }
}
