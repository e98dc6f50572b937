/** What the throw-away host has on its disk, before its upgrade and after. */
import { dirname } from 'node:path'
import type { Host } from '../host/host.ts'

/** A kernel, as it names itself and as its package does. */
export interface DemoKernel {
  release: string
  version: string
  build: string
}

export const OLD_KERNEL: DemoKernel = {
  release: '6.18.8-arch1-1',
  version: '6.18.8.arch1-1',
  build: '#1 SMP PREEMPT_DYNAMIC Fri, 23 Jan 2026 18:10:57 +0000',
}
export const NEW_KERNEL: DemoKernel = {
  release: '6.18.9-arch1-1',
  version: '6.18.9.arch1-1',
  build: '#1 SMP PREEMPT_DYNAMIC Fri, 06 Feb 2026 19:42:03 +0000',
}

export const SERVICE = 'hello.service'
export const LIBRARY = '/usr/lib/libhello.so.1'

/** Path → content. */
export type DemoFiles = Record<string, string>

/** @param below a directory, to which all paths are relative */
export function writeFiles(disk: Host, files: DemoFiles, below = ''): void {
  for (const [path, content] of Object.entries(files)) {
    disk.makeDirectory(dirname(below + path))
    disk.write(below + path, content)
  }
}

/** Of a kernel's package and of the library's, with what pacman remembers of them. */
export function installedFiles({ release, version }: DemoKernel, library: string): DemoFiles {
  const modules = `usr/lib/modules/${release}`
  const kernel = ['kernel/', 'modules.order', 'pkgbase'].map((name) => `${modules}/${name}`)
  return {
    ...database('linux', version, [`usr/lib/modules/`, `${modules}/`, ...kernel]),
    ...database('libhello', library, [LIBRARY.slice(1)]),
    [`/${modules}/modules.order`]: '',
    [`/${modules}/pkgbase`]: 'linux\n',
    [`/${modules}/kernel/none`]: '',
  }
}

export const PACMAN_CONF: DemoFiles = {
  '/etc/pacman.conf': '[options]\nArchitecture = auto\n',
  '/var/lib/pacman/local/ALPM_DB_VERSION': '9\n',
}

/** What pacman's hook is told of the upgrade, a path in each line. [alpm-hooks(5), NeedsTargets] */
export const REPLACED = [
  LIBRARY.slice(1),
  ...[OLD_KERNEL, NEW_KERNEL].flatMap(({ release }) =>
    ['modules.order', 'pkgbase'].map((name) => `usr/lib/modules/${release}/${name}`),
  ),
]

/** What pacman says of it. */
export const PACMAN_SAYS = [
  `upgrading libhello (1.0-1 -> 1.1-1)`,
  `upgrading linux (${OLD_KERNEL.version} -> ${NEW_KERNEL.version})`,
]

/** pacman's entry of a package, as far as the program reads it. */
function database(name: string, version: string, files: readonly string[]): DemoFiles {
  const entry = `/var/lib/pacman/local/${name}-${version}`
  return {
    [`${entry}/desc`]: `%NAME%\n${name}\n\n%VERSION%\n${version}\n\n%INSTALLDATE%\n1770000000\n\n`,
    [`${entry}/files`]: ['%FILES%', 'usr/', 'usr/lib/', ...files, ''].join('\n'),
  }
}
