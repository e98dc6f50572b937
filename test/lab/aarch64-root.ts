/** The lab's aarch64 root with the installed program, for the tests of one file. */
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fillTree, type Tree } from '../fixture/tree.ts'
import { aarch64Tree, emulator, inAarch64 } from './aarch64.ts'
import { findProgram } from './cache.ts'
import { directoryOf, dropLayers, mountLayers, newNodeId, sweep } from './layers.ts'
import { ownPackage, PACKAGE_TOOLS } from './own-package.ts'
import { describe, run, type Run } from './run.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** An overlay over set-up's tree; removed when the process of the test file ends. */
class Aarch64Root {
  /** Its directory on this machine. */
  readonly path: string
  #hosts = 0

  constructor() {
    sweep()
    const directory = directoryOf(newNodeId())
    process.once('exit', () => dropLayers(directory))
    this.path = mountLayers(directory, aarch64Tree)
  }

  /** Makes the files of another host in it. @returns their directory, as programs in it see it */
  addHost(tree: Tree): string {
    this.#hosts += 1
    const directory = `/srv/host-${this.#hosts}`
    fillTree(join(this.path, directory), tree)
    return directory
  }

  /** Runs a program in it, as in root's shell; `proc` is its /proc. */
  run(argv: string[], env: Record<string, string> = {}, proc?: string): Promise<Run> {
    return run(inAarch64(this.path, argv, proc), { env: { PATH, ...env } })
  }

  /** Runs the installed program by its name, as a person does. */
  program(...args: string[]): Promise<Run> {
    return this.run(['kured-sentinel', ...args])
  }

  /** Runs the program by its path, with the environment of a Kured pod, as Kured does. */
  asKured(args: string[], proc?: string): Promise<Run> {
    return this.run(['/usr/bin/kured-sentinel', ...args], { KURED_NODE_ID: 'lab' }, proc)
  }
}

/** A new root, with the checkout's package installed by the aarch64 pacman. */
async function newRoot(): Promise<Aarch64Root> {
  const root = new Aarch64Root()
  cpSync(await ownPackage(), join(root.path, 'srv/kured-sentinel.pkg.tar.gz'))
  // Its Node comes from npm, not from a package.
  const options = ['--noconfirm', '--assume-installed', 'nodejs=26']
  const argv = ['pacman', '-U', ...options, '/srv/kured-sentinel.pkg.tar.gz']
  const ended = await root.run(argv)
  if (ended.exitCode !== 0) throw new Error(describe(argv, ended))
  return root
}

/** Why this machine cannot run aarch64 programs; undefined when it can. */
function problem(): string | undefined {
  if (process.getuid?.() !== 0) return 'the aarch64 root is an overlay, which only root can mount'
  const programs = [...PACKAGE_TOOLS, ...(emulator === undefined ? [] : [emulator])]
  const missing = programs.find((program) => findProgram(program) === undefined)
  if (missing !== undefined) return `${missing} is missing: npm run test:setup`
  return existsSync(aarch64Tree) ? undefined : `${aarch64Tree} is missing: npm run test:setup`
}

let shared: Promise<Aarch64Root> | undefined

/**
 * A node:test test in the root that this file's tests share. Without a root it is skipped with the
 * reason; in CI it fails.
 */
export function aarch64Test(name: string, body: (root: Aarch64Root) => Promise<void>): void {
  const why = problem()
  const skip = process.env['CI'] === 'true' ? false : (why ?? false)
  void test(name, { skip, timeout: 180_000 }, async () => {
    if (why !== undefined) throw new Error(why)
    await body(await (shared ??= newRoot()))
  })
}
