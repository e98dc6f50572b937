/** A booted node: a real systemd as PID 1 of its own namespaces. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupsOf, inCgroups, killCgroups, payload, removeCgroups } from './cgroup.ts'
import { cutDisk, mountDisk, remountDisk, saveDisk } from './disk.ts'
import { directoryOf, dropLayers, mountLayers, newNodeId, unmountLayers } from './layers.ts'
import { leaderOf, type NspawnOptions, startNspawn } from './nspawn.ts'
import { describe, run, type Run, type RunOptions } from './run.ts'

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const bootMs = 60_000
const live = new Set<LabNode>()

type InNode = RunOptions & { cwd?: string }

export class LabNode {
  /** The node's files on this machine, without the node's own mounts. */
  readonly root: string
  readonly #id = newNodeId()
  readonly #directory = directoryOf(this.#id)
  readonly #cgroups = cgroupsOf(this.#id)
  readonly #options: NspawnOptions
  #nspawn: ChildProcess | undefined
  #leader: number | undefined

  /** The files exist at once, and can be changed before the first `boot`. */
  constructor(options: NspawnOptions) {
    this.#options = options
    live.add(this)
    const { disk } = options
    if (disk !== undefined) mountDisk(this.#directory, disk === true ? undefined : disk)
    this.root = mountLayers(this.#directory)
  }

  /** The PID on this machine of the node's PID 1. */
  get leader(): number {
    if (this.#leader === undefined) throw new Error('the node is not running')
    return this.#leader
  }

  /** Starts the node on its files, as its last boot left them, and waits until it is up. */
  async boot(): Promise<void> {
    if (this.#leader !== undefined) throw new Error('the node is running already')
    mountLayers(this.#directory)
    const nspawn = startNspawn(this.#id, this.#directory, this.#cgroups, this.#options)
    // A node left by a failed test must not keep the process alive.
    nspawn.unref()
    this.#nspawn = nspawn
    const deadline = Date.now() + bootMs
    while (Date.now() < deadline && nspawn.exitCode === null) {
      this.#leader = leaderOf(nspawn)
      if (this.#leader !== undefined) {
        const timeoutMs = deadline - Date.now()
        const state = await this.run(['systemctl', 'is-system-running', '--wait'], { timeoutMs })
        if (/^(running|degraded)$/m.test(state.stdout)) return
      }
      await sleep(30)
    }
    throw new Error(`the node did not boot; its console:\n${this.console()}`)
  }

  /** The node's console output of all boots. */
  console(): string {
    return readFileSync(join(this.#directory, 'console.log'), 'utf8')
  }

  /** Runs a program in the node as root, as from a shell there. */
  run(argv: string[], options: InNode = {}): Promise<Run> {
    const env = { PATH: path, HOME: '/root', LANG: 'C.UTF-8', ...options.env }
    const namespaces = ['-t', `${this.leader}`, '-m', '-p', '-n', '-u', '-i', '-C']
    const nsenter = ['nsenter', ...namespaces, `--wdns=${options.cwd ?? '/'}`, '--', ...argv]
    const session = 'user.slice/user-0.slice/session-lab.scope'
    return run(inCgroups([join(payload(this.#cgroups), session)], nsenter), { ...options, env })
  }

  /** Like `run`, but any exit code except 0 is an error with the output. */
  async ok(argv: string[], options: InNode = {}): Promise<string> {
    const result = await this.run(argv, options)
    if (result.exitCode !== 0) throw new Error(describe(argv, result))
    return result.stdout
  }

  /** Runs a shell script in the node; the first failing command ends it with an error. */
  shell(script: string, options: InNode = {}): Promise<string> {
    return this.ok(['/bin/sh', '-euc', script], options)
  }

  /**
   * Runs a command as Kured runs its sentinel: in the node's mount namespace and, like a pod with
   * hostPID, its PID namespace, but in other network, UTS and IPC namespaces. The pod has its own
   * cgroup and cgroup namespace, in which the node's cgroups begin with `/../..`.
   */
  asKured(argv: string[], options: RunOptions = {}): Promise<Run> {
    const env = { PATH: path, KURED_NODE_ID: 'lab', ...options.env }
    const namespaces = [`-m/proc/${this.leader}/ns/mnt`, `-p/proc/${this.leader}/ns/pid`]
    const pod = 'kubepods.slice/kubepods-podlab.slice/cri-containerd-kured.scope'
    const nsenter = ['unshare', '--cgroup', 'nsenter', ...namespaces, '--', ...argv]
    return run(inCgroups([join(payload(this.#cgroups), pod)], nsenter), { ...options, env })
  }

  /** Writes a file in the running node, with its directories. */
  async writeFile(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    // Through cat: stdin is a socket, which cannot be opened again as /dev/stdin.
    const script = 'mkdir -p "$(dirname "$1")"; cat > "$1"; chmod "$2" "$1"'
    await this.ok(['/bin/sh', '-euc', script, 'sh', file, mode.toString(8)], { input: content })
  }

  readFile(file: string): Promise<string> {
    return this.ok(['cat', file])
  }

  /** Waits for the node to end by itself: `reboot` (then call `boot`), or `power-off`. */
  async waitForEnd(timeoutMs = 60_000): Promise<'reboot' | 'power-off'> {
    const status = await this.#nspawnEnd(timeoutMs)
    this.#leader = undefined
    unmountLayers(this.#directory)
    removeCgroups(this.#cgroups)
    // EXIT_FORCE_RESTART: the exit code of nspawn with --keep-unit when the node reboots.
    return status === 133 ? 'reboot' : 'power-off'
  }

  /** Shuts the node down properly; with `keep`, `boot` can start it again on its files. */
  async powerOff(options: { keep?: boolean; timeoutMs?: number } = {}): Promise<void> {
    await this.run(['systemctl', 'poweroff'])
    await this.waitForEnd(options.timeoutMs)
    if (!options.keep) await this.discard()
  }

  /** Ends the node at once, like a power cut; `boot` can start it again on its files. */
  async powerCut(): Promise<void> {
    killCgroups(this.#cgroups)
    await this.waitForEnd()
  }

  /** powerCut() of a node with a disk: what is not on it yet is lost. */
  async losePower(): Promise<void> {
    cutDisk(this.#directory)
    killCgroups(this.#cgroups)
    await this.waitForEnd()
    remountDisk(this.#directory)
  }

  /** Keeps the disk of a node that has ended, for other nodes; the node cannot be booted again. */
  keepDisk(file: string): void {
    saveDisk(this.#directory, file)
  }

  /** Ends the node, if it runs, and removes it. */
  async discard(): Promise<void> {
    killCgroups(this.#cgroups)
    await this.#nspawnEnd(10_000)
    this.discardNow()
  }

  /** discard() without waiting, for the end of this process. */
  discardNow(): void {
    killCgroups(this.#cgroups)
    removeCgroups(this.#cgroups)
    dropLayers(this.#directory)
    this.#leader = undefined
    live.delete(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard()
  }

  async #nspawnEnd(timeoutMs: number): Promise<number | null> {
    const nspawn = this.#nspawn
    if (nspawn === undefined || nspawn.exitCode !== null || nspawn.signalCode !== null) {
      return nspawn?.exitCode ?? null
    }
    nspawn.ref()
    try {
      const [status] = await once(nspawn, 'exit', { signal: AbortSignal.timeout(timeoutMs) })
      return status
    } catch (cause) {
      throw new Error(`the node did not end; its console:\n${this.console()}`, { cause })
    } finally {
      nspawn.unref()
    }
  }
}

// A process that ends during a test, by itself or by a signal, leaves no node behind.
process.once('exit', () => {
  for (const node of live) node.discardNow()
})
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(status))
}
