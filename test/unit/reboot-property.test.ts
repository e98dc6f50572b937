/**
 * Any sequence of upgrades, boots, power cuts, clock steps and damage: no cause is asked for twice,
 * and a real one is asked for by the first check that can know of it.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../src/config/config.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { applyRebootPolicy } from '../../src/reboot/policy.ts'
import { checkHost } from '../../src/sentinel/check.ts'
import { hostTree, kernelFiles, mapsLine, processTree } from '../fixture/host.ts'
import { fillTree, makeTree } from '../fixture/tree.ts'

const LIBRARIES = ['/usr/lib/liba.so', '/usr/lib/libb.so']
const PID = 40
const STATE = 'var/lib/kured-sentinel'

/** A host whose clock is set by the test. */
class ClockedHost extends Host {
  clock = Date.parse('2026-11-27T12:00:00Z')
  override now(): number {
    return this.clock
  }
}

/** The host as it is in truth, and what was asked for. */
class Model {
  readonly host = new ClockedHost(
    makeTree(hostTree({ ...processTree(PID), [STATE]: { directory: true } })),
  )
  readonly config = readConfig(this.host)
  /** each transaction makes a cause of its own: what it replaced, which no other one can */
  transactions = 0
  boots = 0
  kernel = { installed: 0, running: 0, cause: '' }
  /** whether the boot loader starts the installed kernel */
  loads = true
  /** library → the cause because of which a process of this boot runs an old one */
  stale = new Map<string, string>()
  /** library → the cause, as far as the list tells */
  listed = new Map<string, string>()
  kernelListed = false
  stateLost = false
  asked = new Map<string, Set<number>>()

  constructor() {
    writeFileSync(this.path(`${STATE}/requests.json`), '{"version":1,"requests":[]}')
    this.install(0)
    this.boot()
  }

  path(name: string): string {
    return join(this.host.root, name)
  }

  install(release: number): void {
    const version = `6.9.${release}-arch1-1`
    rmSync(this.path('usr/lib/modules'), { recursive: true, force: true })
    rmSync(this.path('var/lib/pacman/local'), { recursive: true, force: true })
    fillTree(this.host.root, {
      [`usr/lib/modules/${version}/pkgbase`]: 'linux\n',
      [`var/lib/pacman/local/linux-6.9.${release}.arch1-1/files`]: kernelFiles(version),
      [`var/lib/pacman/local/linux-6.9.${release}.arch1-1/desc`]: `%NAME%\nlinux\n\n%VERSION%\n6.9.${release}.arch1-1\n\n%INSTALLDATE%\n${1000 + this.transactions}\n\n`,
    })
  }

  boot(): void {
    this.boots++
    if (this.loads) this.kernel.running = this.kernel.installed
    if (this.kernel.running === this.kernel.installed) this.kernel.cause = ''
    this.stale.clear()
    this.listed.clear()
    this.kernelListed = false
    rmSync(this.path('run'), { recursive: true, force: true })
    fillTree(this.host.root, {
      'proc/sys/kernel/osrelease': `6.9.${this.kernel.running}-arch1-1\n`,
      'proc/sys/kernel/random/boot_id': `${this.bootId()}\n`,
    })
    this.writeProcesses()
  }

  bootId(): string {
    return `00000000-0000-4000-8000-${String(this.boots).padStart(12, '0')}`
  }

  upgrade(what: number): void {
    this.transactions++
    const cause = `transaction ${this.transactions}`
    const library = LIBRARIES[what]
    if (library !== undefined) {
      this.stale.set(library, cause)
      this.listed.set(library, cause)
    } else {
      this.kernel = { ...this.kernel, installed: this.kernel.installed + 1, cause }
      this.kernelListed = true
      this.install(this.kernel.installed)
    }
    this.writeProcesses()
    this.writeList()
  }

  writeProcesses(): void {
    const maps = [...this.stale.keys()].map((path, i) => mapsLine(`${path} (deleted)`, 900 + i))
    fillTree(this.host.root, { [`proc/${PID}/maps`]: maps.join('') })
  }

  /** What note-replaced leaves. */
  writeList(): void {
    const kernel = `usr/lib/modules/6.9.${this.kernel.installed}-arch1-1/pkgbase`
    const files = [...this.listed.keys()].map((path) => path.slice(1))
    const lines = [`boot ${this.bootId()}`, ...files, ...(this.kernelListed ? [kernel] : []), '']
    fillTree(this.host.root, { 'run/kured-sentinel/replaced': lines.join('\n') })
  }

  async check(): Promise<void> {
    const report = await checkHost(this.host, this.config, new Deadline(20_000), false)
    const { exitCode, reasons } = applyRebootPolicy(
      this.host,
      this.config,
      report,
      true,
      new Deadline(20_000),
    )
    const outdated = this.kernel.running !== this.kernel.installed
    const due = new Set([...this.listed.values(), ...(outdated ? [this.kernel.cause] : [])])
    // Where the requests are lost, a kernel of an earlier boot may have been asked for.
    const unsure = this.stateLost && outdated && !this.kernelListed
    if (unsure && !this.asked.has(this.kernel.cause)) this.asked.set(this.kernel.cause, new Set())
    if (exitCode === 0) {
      assert.ok(due.size > 0, 'nothing was due')
      const messages = reasons.map(({ message }) => message).join('; ')
      for (const [library, cause] of this.listed) if (messages.includes(library)) this.note(cause)
      if (/^kernel|; kernel/.test(messages)) this.note(this.kernel.cause)
    } else {
      const fresh = [...due].filter((cause) => !this.asked.has(cause))
      assert.deepEqual(fresh, [], `due, and the answer is ${exitCode}`)
    }
    if (due.size > 0) this.stateLost = false
  }

  note(cause: string): void {
    const boots = this.asked.get(cause) ?? new Set()
    this.asked.set(cause, boots.add(this.boots))
    assert.equal(boots.size, 1, `${cause} was asked for in several boots`)
  }
}

/** What can happen to a host, each with a number that says to which part of it. */
const EVENTS: Record<string, (model: Model, which: number) => void | Promise<void>> = {
  upgrade: (model, which) => model.upgrade(which),
  check: (model) => model.check(),
  boot: (model) => model.boot(),
  'boot loader': (model, which) => void (model.loads = which > 1),
  'clock step': (model, which) => void (model.host.clock += [-1e12, 1e12, -3600e3][which] ?? 0),
  'requests lost': (model, which) => {
    const path = model.path(`${STATE}/requests.json`)
    if (which === 0) rmSync(path, { force: true })
    else if (which === 1) writeFileSync(path, '{"version":1,"requests":7}')
    else writeFileSync(path, '{"version"')
    model.stateLost = true
  },
  'list lost': (model) => {
    rmSync(model.path('run'), { recursive: true, force: true })
    model.listed.clear()
    model.kernelListed = false
  },
}

const event = fc.tuple(
  fc.constantFrom(...Object.keys(EVENTS), 'check', 'check', 'upgrade', 'boot'),
  fc.nat(2),
)

test('no cause is asked for twice, and each real one by the first check that can know', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 60 }), async (events) => {
      const model = new Model()
      for (const [name, which] of events) await EVENTS[name]?.(model, which)
    }),
    // Shrinking plays hundreds of lives more, and the first one is short enough to read.
    { numRuns: 80, endOnFailure: true },
  )
})
