import { randomUUID } from 'node:crypto'
import { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import {
  type DemoFiles,
  type DemoKernel,
  installedFiles,
  LIBRARY,
  NEW_KERNEL,
  OLD_KERNEL,
  PACMAN_CONF,
  PACMAN_SAYS,
  REPLACED,
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

/** For one command; in ms. */
const LIMIT_MS = 20_000

const DONE: DemoOutcome = { code: 0, output: '' }

/**
 * The same host as nothing but files, for where namespaces are forbidden: what is in /proc is written
 * by hand, and so is the list that pacman's hook makes.
 *
 * @param root an empty directory
 */
export function makeTreeStage(shown: Shown, root: string): Stage {
  const disk = new Host(root)
  writeFiles(disk, { ...PACMAN_CONF, ...installedFiles(OLD_KERNEL, '1.0-1') })
  let bootId = boot(disk, OLD_KERNEL)
  return {
    about:
      'A tree of files stands for a host: its processes, and the list that pacman’s hook makes, are files. kured-sentinel itself is the real one, with --root.',
    async run(command: DemoCommand) {
      if (command === 'reboot') {
        disk.removeTree('/run')
        disk.removeTree('/proc')
        bootId = boot(disk, NEW_KERNEL)
        return DONE
      }
      if (command === 'pacman -Syu') {
        upgrade(disk, bootId)
        return { code: 0, output: `${PACMAN_SAYS.join('\n')}\n` }
      }
      // It asks the systemd of the host that it runs on.
      if (command === 'kured-sentinel restart --dry-run') return undefined
      const [word = 'check'] = command.split(' ').slice(1)
      const { node, directory } = shown
      const env = environmentOf(command, shown)
      const words = [`${directory}/bin/kured-sentinel.cjs`, word, '--root', root]
      const ended = runProgram(node, words, { timeoutMs: LIMIT_MS, env })
      return outcomeOf(ended)
    },
  }
}

/** @returns the boot's ID */
function boot(disk: Host, { release, build }: DemoKernel): string {
  const bootId = randomUUID()
  writeFiles(disk, {
    '/proc/uptime': '5000.00 9000.00\n',
    '/proc/sys/kernel/osrelease': `${release}\n`,
    '/proc/sys/kernel/version': `${build}\n`,
    '/proc/sys/kernel/random/boot_id': `${bootId}\n`,
    '/run/kured-sentinel/since-boot': '',
    ...processFiles(1, 'systemd', 'init.scope', ''),
    ...processFiles(412, 'hello', `system.slice/${SERVICE}`, mapping('')),
  })
  for (const pid of [1, 412]) {
    disk.makeDirectory(`/proc/${pid}/ns`)
    disk.makeLink(`/proc/${pid}/ns/mnt`, 'mnt:[1]')
    disk.makeLink(`/proc/${pid}/root`, '/')
    disk.makeLink(`/proc/${pid}/exe`, '/usr/bin/hello')
  }
  return bootId
}

function upgrade(disk: Host, bootId: string): void {
  disk.removeTree('/var/lib/pacman/local')
  disk.removeTree('/usr/lib/modules')
  writeFiles(disk, {
    ...PACMAN_CONF,
    ...installedFiles(NEW_KERNEL, '1.1-1'),
    '/run/kured-sentinel/replaced': [`boot ${bootId}`, ...REPLACED, ''].join('\n'),
    '/proc/412/maps': mapping(' (deleted)'),
  })
}

/** The library as the kernel lists it among what a process has mapped. [proc_pid_maps(5)] */
function mapping(suffix: string): string {
  return `7f1c8d628000-7f1c8d7bd000 r-xp 00028000 fe:01 1234 ${LIBRARY}${suffix}\n`
}

/** The files of one process that the program reads. [proc(5)] */
function processFiles(pid: number, command: string, cgroup: string, maps: string): DemoFiles {
  return {
    [`/proc/${pid}/comm`]: `${command}\n`,
    [`/proc/${pid}/stat`]: `${pid} (${command}) S 1 ${'0 '.repeat(17)}100 0 0\n`,
    [`/proc/${pid}/cgroup`]: `0::/${cgroup}\n`,
    [`/proc/${pid}/status`]: `Name:\t${command}\nUid:\t0\t0\t0\t0\n`,
    [`/proc/${pid}/mountinfo`]: '28 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n',
    [`/proc/${pid}/maps`]: maps,
  }
}
