/** A machine that has booted, with the program installed: its disk and its state, made once. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cache } from '../lab/cache.ts'
import { dropOld } from '../lab/drop-old.ts'
import { ownPackage } from '../lab/own-package.ts'
import { MACHINE } from './emulator.ts'
import { makeGoods, takeOffer } from './goods.ts'
import type { Lan } from './lan.ts'
import { Machine } from './machine.ts'
import { machineTree, ROOT_DISK } from './tools.ts'

/** pacman's name for the Node that the machine has from Debian. */
const NODEJS = { name: 'nodejs', version: '20.19.2' }

/**
 * Run once in the machine. modinfo comes to where Arch has it. On a loaded host udev takes its time,
 * and without its port nobody hears of it.
 */
const INSTALL = `
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\\nDefaultDeviceTimeoutSec=15min\\n' >/etc/systemd/system.conf.d/loaded-host.conf
pacman -Sy --noconfirm kured-sentinel
systemd-tmpfiles --create
ln -s kmod /usr/bin/modinfo
kured-sentinel --version
rm -r /srv/lab /var/lib/pacman/sync/* /var/cache/pacman/pkg/*
umount /srv/goods
sync`

interface Ready {
  disk: string
  state: string
}

/** A machine that runs, with the program, and that nobody has used. */
export async function readyMachine(options: {
  name: string
  goods: string
  lan?: Lan
}): Promise<Machine> {
  const { disk, state } = await (made ??= findReady())
  const machine = await Machine.assemble({ ...options, base: { disk, format: 'qcow2' } })
  await machine.restore(state)
  return machine
}

let made: Promise<Ready> | undefined

async function findReady(): Promise<Ready> {
  const program = await ownPackage()
  // By the files in the package, as pacman's own differ from build to build: most changes of the
  // checkout leave them as they are.
  const options = { maxBuffer: 2 ** 27 }
  const files = execFileSync('bsdtar', ['-xOf', program, 'usr', 'etc'], options)
  const hash = createHash('sha256').update(files)
  const digest = hash.update(JSON.stringify([machineTree, MACHINE, INSTALL])).digest('hex')
  const directory = join(cache, 'machine-ready', digest.slice(0, 16))
  if (!existsSync(directory)) await makeReady(directory, program)
  dropOld(directory)
  return { disk: join(directory, 'disk.qcow2'), state: join(directory, 'state') }
}

async function makeReady(directory: string, program: string): Promise<void> {
  const goods = await makeGoods({ recipes: [NODEJS], files: [program] })
  const machine = await Machine.assemble({
    name: 'ready',
    base: { disk: ROOT_DISK, format: 'raw' },
    goods,
  })
  await machine.boot()
  await takeOffer(machine, 0)
  await machine.shell(INSTALL)
  const partial = `${directory}.${process.pid}`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  await machine.saveState(join(partial, 'state'))
  renameSync(machine.disk, join(partial, 'disk.qcow2'))
  try {
    renameSync(partial, directory)
  } catch (error) {
    // Another test run has made the same meanwhile.
    if (!existsSync(directory)) throw error
    rmSync(partial, { recursive: true })
  }
  await machine.discard()
}
