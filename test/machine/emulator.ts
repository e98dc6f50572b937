/** The emulated hardware: the same for every machine, so that a saved state fits each of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from '../lab/cache.ts'
import { EMULATOR } from './tools.ts'

export interface Hardware {
  /** where sockets and the console's file are */
  directory: string
  /** the disk, a qcow2 image */
  disk: string
  /** the file system at /dev/vdb, which the machine only reads */
  goods: string
  /** the last byte of its network card's address */
  number: number
  /** a state to continue in, made by `saveState`; otherwise it boots */
  state?: string | undefined
  /** what its clock shows when the power comes on: ISO 8601, UTC; now, unless told */
  clock?: string | undefined
}

export const SOCKETS = { agent: 'agent.sock', qmp: 'qmp.sock', lan: 'lan.sock' }

/** TCG alone: where /dev/kvm opens, it need not run a machine. */
export const MACHINE = words(`
  -nodefaults -no-user-config -display none
  -machine pc -accel tcg,thread=multi -cpu max -smp 2 -m 1024
`)

export function macOf(number: number): string {
  return `52:54:00:4b:53:${number.toString(16).padStart(2, '0')}`
}

/** Turns the power on. The emulator does not outlive this process. */
export function startEmulator({ directory, disk, goods, number, ...more }: Hardware): ChildProcess {
  const socket = (name: keyof typeof SOCKETS) => join(directory, SOCKETS[name])
  const options = words(`
    -rtc base=${more.clock ?? 'utc'}
    -drive if=none,id=root,format=qcow2,cache=unsafe,file=${disk}
    -device virtio-blk-pci,drive=root,bootindex=0
    -drive if=none,id=goods,format=raw,readonly=on,file=${goods}
    -device virtio-blk-pci,drive=goods
    -netdev stream,id=lan,server=off,addr.type=unix,addr.path=${socket('lan')}
    -device virtio-net-pci,netdev=lan,romfile=,mac=${macOf(number)}
    -device virtio-rng-pci
    -chardev file,id=console,append=on,path=${join(directory, 'console.log')}
    -device isa-serial,chardev=console
    -device virtio-serial-pci
    -chardev socket,id=agent,server=on,wait=off,path=${socket('agent')}
    -device virtserialport,chardev=agent,name=agent
    -qmp unix:${socket('qmp')},server=on,wait=off
  `)
  if (more.state !== undefined) options.push('-incoming', `exec:cat ${more.state}`)
  const emulator = findProgram(EMULATOR) ?? EMULATOR
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', emulator, ...MACHINE, ...options], {
    cwd: '/',
    // A session of its own: the kernel gives each the same share of the processors. [sched(7), autogroup]
    detached: true,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.unref()
  return child
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
