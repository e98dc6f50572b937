import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { ifThere, SentinelError } from '../errors.ts'
import { Host } from '../host/host.ts'
import { COVER, COVERED, startEnclosure } from '../host/namespaces.ts'
import { runProgram } from '../host/program.ts'
import { mountedAt } from '../proc/mountinfo.ts'
import {
  type DemoKernel,
  installedFiles,
  LIBRARY,
  NEW_KERNEL,
  OLD_KERNEL,
  PACMAN_CONF,
  SERVICE,
  writeFiles,
} from './contents.ts'
import {
  type DemoCommand,
  type DemoOutcome,
  environmentOf,
  outcomeOf,
  type Shown,
  type Stage,
} from './stage.ts'
import { BACKSTAGE, bootScript, PACMAN, SERVICE_STATE, SYSTEMCTL } from './stand-ins.ts'

/** For everything that one command of the demonstration does, and for a boot; in ms. */
const LIMIT_MS = 20_000

/** Where the machine's own /usr is, in the throw-away host. */
const OWN_USR = '/.machine/usr'

/**
 * Makes the throw-away host and boots it. Only in runEnclosed(): all its files are below COVERED.
 *
 * @throws SentinelError, or the system error, where this machine lacks or forbids something
 */
export async function makeEnclosedStage(shown: Shown): Promise<Stage> {
  const machine = new Host()
  if (mountedAt(machine.readText('/proc/self/mountinfo'), COVERED)?.source !== COVER) {
    throw new SentinelError('this is for kured-sentinel demo alone, in namespaces of its own')
  }
  const disk = new Host(COVERED)
  makeSystem(machine, disk)
  makeReachable(disk, dirname(dirname(shown.node)))
  makeReachable(disk, shown.directory)
  replaceLink(disk, '/usr/bin/node', shown.node)
  replaceLink(disk, '/usr/lib/kured-sentinel', shown.directory)
  replaceLink(disk, '/usr/bin/kured-sentinel', '/usr/lib/kured-sentinel/bin/kured-sentinel')
  install(machine, disk)
  let boot = await bootInto(disk, OLD_KERNEL)
  return {
    about:
      'A throw-away host of real processes and files, in namespaces of its own. Scripts play the parts of pacman and systemd; kured-sentinel and its hook are the real ones.',
    async run(command: DemoCommand): Promise<DemoOutcome> {
      if (command === 'reboot') {
        await boot.end()
        boot = await bootInto(disk, NEW_KERNEL)
        return { code: 0, output: '' }
      }
      const [program, ...words] = command.split(' ')
      const ended = boot.run(`/usr/bin/${program}`, words, environmentOf(command, shown))
      return outcomeOf(ended)
    },
  }
}

/** The machine's own programs and libraries, by links: its own directories are free for other files. */
function makeSystem(machine: Host, disk: Host): void {
  for (const directory of ['proc', 'dev', 'etc', 'run', 'tmp', 'var', 'root', 'old']) {
    disk.makeDirectory(`/${directory}`)
  }
  for (const name of ['null', 'zero', 'urandom']) {
    disk.write(`/dev/${name}`, '')
    mount('--bind', `/dev/${name}`, disk.path(`/dev/${name}`))
  }
  bind(disk, '/usr', OWN_USR)
  for (const directory of ['/usr', '/usr/bin', '/usr/lib']) {
    disk.makeDirectory(directory)
    for (const name of machine.list(directory)) {
      if (disk.lstat(`${directory}/${name}`) !== undefined || isOwn(`${directory}/${name}`))
        continue
      disk.makeLink(`${directory}/${name}`, `/.machine${directory}/${name}`)
    }
  }
  for (const name of machine.list('/').filter((entry) => /^(s?bin|lib\w*)$/.test(entry))) {
    const isLink = machine.lstat(`/${name}`)?.isSymbolicLink() === true
    if (isLink) disk.makeLink(`/${name}`, machine.readLink(`/${name}`))
    else bind(disk, `/${name}`, `/${name}`)
  }
}

/** Directories of the throw-away host that have files of their own. */
function isOwn(path: string): boolean {
  return ['/usr/bin', '/usr/lib', '/usr/lib/modules'].includes(path)
}

/** Puts a directory of the machine at the same place, unless it is there with /usr. */
function makeReachable(disk: Host, directory: string): void {
  if (directory === '/' || `${directory}/`.startsWith('/usr/')) return
  if (disk.lstat(directory) === undefined) bind(disk, directory, directory)
}

/** A directory of the machine, read-only. */
function bind(disk: Host, from: string, to: string): void {
  disk.makeDirectory(to)
  mount('--rbind', from, disk.path(to))
  const isWritable = tryMount('-o', 'remount,bind,ro', disk.path(to)) !== ''
  // An ordinary user may not change what the machine has set for a mount, and has no rights there.
  if (isWritable && isMachinesRoot()) throw new SentinelError(`${from} would not be read-only`)
}

/** Whether all users here are those of the machine, root included. [user_namespaces(7), uid_map] */
function isMachinesRoot(): boolean {
  return /^\s*0\s+0\s+4294967295$/m.test(new Host().readText('/proc/self/uid_map'))
}

function mount(...args: string[]): void {
  const complaint = tryMount(...args)
  if (complaint !== '') throw new SentinelError(complaint)
}

/** @returns why it failed; '' where it did not */
function tryMount(...args: string[]): string {
  const { exitCode, stderr } = runProgram('/usr/bin/mount', args, { timeoutMs: LIMIT_MS })
  return exitCode === 0 ? '' : stderr.trim() || 'mount failed'
}

function replaceLink(disk: Host, path: string, target: string): void {
  // /usr/lib/kured-sentinel of the package is that link already, to the same directory.
  if (target === path) return
  disk.remove(path)
  disk.makeLink(path, target)
}

/** The throw-away host's own files. */
function install(machine: Host, disk: Host): void {
  const cache = ifThere(() => machine.readBytes('/etc/ld.so.cache'))
  if (cache !== undefined) disk.write('/etc/ld.so.cache', cache)
  writeFiles(disk, PACMAN_CONF)
  writeFiles(disk, installedFiles(OLD_KERNEL, '1.0-1'))
  writeFiles(disk, installedFiles(NEW_KERNEL, '1.1-1'), `${BACKSTAGE}/upgrade`)
  writeFiles(disk, { [`${BACKSTAGE}/units/${SERVICE}`]: SERVICE_STATE })
  writeProgram(disk, '/usr/bin/pacman', PACMAN)
  writeProgram(disk, '/usr/bin/systemctl', SYSTEMCTL)
  writeProgram(disk, '/usr/bin/hello', machine.readBytes(machine.realPath('/bin/sh')))
  writeProgram(disk, LIBRARY, machine.readBytes(findLibrary(machine)))
}

function writeProgram(disk: Host, path: string, content: string | Buffer): void {
  disk.remove(path)
  disk.write(path, content, 0o755)
}

/** The smallest library that runs in this very process: any program can load a copy of it. */
function findLibrary(machine: Host): string {
  const mapped = machine.readText('/proc/self/maps').matchAll(/(\/\S*\/lib[^/\s]*\.so\b\S*)$/gm)
  const sized = [...new Set([...mapped].map(([, path = '']) => path))].flatMap((path) => {
    const size = machine.stat(path)?.size
    return size === undefined ? [] : [{ path, size }]
  })
  const [smallest] = sized.toSorted((a, b) => a.size - b.size)
  if (smallest === undefined) throw new SentinelError('Node has no library to make a copy of')
  return smallest.path
}

/** A boot as the kernel sees it: another ID, and another kernel. */
function bootInto(disk: Host, { release, build }: DemoKernel) {
  const files = { osrelease: release, version: build, 'random/boot_id': randomUUID() }
  for (const [fact, text] of Object.entries(files)) {
    writeFiles(disk, { [`${BACKSTAGE}/boot/${fact}`]: `${text}\n` })
  }
  return startEnclosure(bootScript(COVERED), LIMIT_MS)
}
