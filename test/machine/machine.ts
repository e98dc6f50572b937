/** An emulated machine: a boot loader, a kernel and a disk of its own. */
import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { directoryOf, dropLayers, newNodeId, sweep } from '../lab/layers.ts'
import { describe, type Run } from '../lab/run.ts'
import { Agent } from './agent.ts'
import { macOf, SOCKETS, startEmulator } from './emulator.ts'
import { Lan } from './lan.ts'
import { Qmp } from './qmp.ts'

/** With room for several machines on a loaded host: alone a boot takes 17 s. */
const BOOT_MS = 600_000
const COMMAND_MS = 300_000

export interface MachineOptions {
  name: string
  lan?: Lan
  /** the disk's image underneath, which stays as it is, and its format */
  base: { disk: string; format: 'raw' | 'qcow2' }
  goods: string
}

const live = new Set<Machine>()

/** The machines of this process that have not been discarded. */
export function liveMachines(): Machine[] {
  return [...live]
}

export class Machine {
  readonly name: string
  readonly #directory = directoryOf(newNodeId())
  readonly #lan: Lan
  readonly #goods: string
  #number = 0
  #emulator: ChildProcess | undefined
  #agent: Agent | undefined
  #qmp: Qmp | undefined

  private constructor({ name, lan = new Lan(), goods }: MachineOptions) {
    this.name = name
    this.#lan = lan
    this.#goods = goods
  }

  /** A machine without power; its disk is an overlay of the base. */
  static async assemble(options: MachineOptions): Promise<Machine> {
    sweep()
    const machine = new Machine(options)
    mkdirSync(machine.#directory, { recursive: true })
    live.add(machine)
    const { disk, format } = options.base
    const overlay = ['create', '-q', '-f', 'qcow2', '-F', format, '-b', disk, machine.disk]
    execFileSync('qemu-img', overlay)
    const path = join(machine.#directory, SOCKETS.lan)
    machine.#number = await machine.#lan.plug(machine.name, path)
    return machine
  }

  get disk(): string {
    return join(this.#directory, 'disk.qcow2')
  }

  /** Its address in the network, once `joinNetwork` has run. */
  get address(): string {
    return `10.75.83.${this.#number}`
  }

  /** Turns the power on, and waits until the machine has booted. */
  async boot(clock?: string): Promise<void> {
    await this.#start({ clock })
    await this.#untilUp(0, BOOT_MS)
  }

  /** Turns the power on, with a kernel that is not expected to come up. */
  async turnOn(): Promise<void> {
    await this.#start({})
  }

  /** Turns the power on in a saved state, and sets the clock right. */
  async restore(state: string): Promise<void> {
    await this.#start({ state })
    const qmp = this.#control()
    await qmp.untilStatus('query-status', 'paused', 'prelaunch', 'postmigrate')
    await qmp.execute('cont')
    await this.setClock(new Date())
  }

  /** Saves the machine's state into a file, and turns the power off; its disk fits the state. */
  async saveState(file: string): Promise<void> {
    const qmp = this.#control()
    await qmp.execute('stop')
    await qmp.execute('migrate', { uri: `exec:cat >${file}` })
    await qmp.untilStatus('query-migrate', 'completed')
    await qmp.execute('quit')
    await this.#end(60_000)
  }

  /** Gives the machine its name and its address, for this boot and the next ones. */
  async joinNetwork(peers: readonly Machine[]): Promise<void> {
    const hosts = peers.map((peer) => `${peer.address} ${peer.name}`).join('\n')
    const network = `[Match]
Type=ether
[Link]
MACAddress=${macOf(this.#number)}
[Network]
LinkLocalAddressing=no
IPv6AcceptRA=no
Address=${this.address}/24
`
    await this.writeFile('/etc/hosts', `127.0.0.1 localhost\n${hosts}\n`)
    await this.writeFile('/etc/systemd/network/50-lan.network', network)
    await this.shell(`
echo ${this.name} >/etc/hostname
hostname ${this.name}
networkctl reload
/usr/lib/systemd/systemd-networkd-wait-online --timeout=60`)
  }

  /** Loses all frames of this machine, until `false`. */
  cutNetwork(cut = true): void {
    this.#lan.cut(this.name, cut)
  }

  /** Stops the machine as a whole: it does not answer, and does not notice. */
  async freeze(): Promise<void> {
    await this.#control().execute('stop')
  }

  async thaw(): Promise<void> {
    await this.#control().execute('cont')
  }

  /** Runs a shell script as root, from a login session. */
  async run(script: string, timeoutMs = COMMAND_MS): Promise<Run> {
    if (this.#agent === undefined) throw new Error(`${this.name} has no power`)
    return await this.#agent.run(script, timeoutMs)
  }

  /** Like `run`; @throws unless it exits 0. @returns stdout */
  async shell(script: string, timeoutMs?: number): Promise<string> {
    const ended = await this.run(script, timeoutMs)
    if (ended.exitCode !== 0) throw new Error(`${this.name}: ${describe([script], ended)}`)
    return ended.stdout
  }

  /** Runs a command as Kured does, from a pod's namespaces; see LabNode.asKured. */
  asKured(command: string, timeoutMs?: number): Promise<Run> {
    const pod = 'unshare --mount --net --uts --ipc --cgroup env -i KURED_NODE_ID=lab PATH=$PATH'
    return this.run(`exec ${pod} nsenter -m/proc/1/ns/mnt -- ${command}`, timeoutMs)
  }

  async writeFile(path: string, content: string): Promise<void> {
    const text = Buffer.from(content).toString('base64')
    await this.shell(`mkdir -p "$(dirname ${path})"; echo ${text} | base64 -d >${path}`)
  }

  readFile(path: string): Promise<string> {
    return this.shell(`cat ${path}`)
  }

  async setClock(time: Date): Promise<void> {
    await this.shell(`date --utc --set=@${time.getTime() / 1000} >/dev/null`)
  }

  /** Does what restarts the machine, and waits until it has booted again. @returns milliseconds */
  async throughReboot(restart: () => Promise<unknown>, limitMs = BOOT_MS): Promise<number> {
    const before = this.#agent?.boots ?? 0
    const began = Date.now()
    await restart()
    await this.#untilUp(before, limitMs)
    return Date.now() - began
  }

  reboot(limitMs?: number): Promise<number> {
    return this.throughReboot(async () => this.#agent?.send('systemctl reboot'), limitMs)
  }

  /** Shuts it down properly; `boot` starts it again. @returns milliseconds until the power was off */
  async powerOff(limitMs = BOOT_MS): Promise<number> {
    const began = Date.now()
    this.#agent?.send('systemctl poweroff')
    await this.#end(limitMs)
    return Date.now() - began
  }

  /** What the machine has not written to its disk is lost; `boot` starts it again. */
  async powerCut(): Promise<void> {
    this.#emulator?.kill('SIGKILL')
    await this.#end(60_000)
  }

  /** The serial console of all boots. */
  console(): string {
    return readFileSync(join(this.#directory, 'console.log'), 'utf8')
  }

  async discard(): Promise<void> {
    await this.powerCut()
    this.#remove()
  }

  /** Like `discard`, without waiting: this process is about to end. */
  discardNow(): void {
    this.#emulator?.kill('SIGKILL')
    this.#remove()
  }

  #remove(): void {
    this.#lan.unplug(this.name)
    live.delete(this)
    dropLayers(this.#directory)
  }

  #control(): Qmp {
    if (this.#qmp === undefined) throw new Error(`${this.name} has no power`)
    return this.#qmp
  }

  async #start(how: { state?: string; clock?: string | undefined }): Promise<void> {
    const directory = this.#directory
    for (const name of ['agent', 'qmp'] as const)
      rmSync(join(directory, SOCKETS[name]), { force: true })
    const hardware = {
      directory,
      disk: this.disk,
      goods: this.#goods,
      number: this.#number,
      ...how,
    }
    const emulator = startEmulator(hardware)
    this.#emulator = emulator
    const said: string[] = []
    emulator.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text))
    const died = once(emulator, 'close').then(() => {
      throw new Error(`the emulator ended: ${said.join('')}`)
    })
    const connected = Promise.all([
      Agent.connect(join(directory, SOCKETS.agent)),
      Qmp.connect(join(directory, SOCKETS.qmp)),
    ])
    died.catch(() => {})
    const [agent, qmp] = await Promise.race([connected, died])
    this.#agent = agent
    this.#qmp = qmp
  }

  async #untilUp(boots: number, limitMs: number): Promise<void> {
    await this.#agent?.untilBoot(boots, limitMs).catch((cause: unknown) => {
      throw new Error(`${this.name} did not come up`, { cause })
    })
    // Not until nothing is left to start: a boot does not wait for all that begins in it.
    await this.shell('until systemctl -q is-active multi-user.target; do sleep 0.3; done', limitMs)
  }

  async #end(limitMs: number): Promise<void> {
    const emulator = this.#emulator
    if (emulator === undefined) return
    if (emulator.exitCode === null && emulator.signalCode === null) {
      emulator.ref()
      await once(emulator, 'exit', { signal: AbortSignal.timeout(limitMs) }).finally(() =>
        emulator.unref(),
      )
    }
    this.#agent?.close()
    this.#emulator = this.#agent = this.#qmp = undefined
  }
}

process.once('exit', () => {
  for (const machine of live) machine.discardNow()
})
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(status))
}
