import { imageVersion } from '../boot/images.ts'
import { ifThere, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { ReplacedFiles } from '../pacman/replaced.ts'
import { readLog } from '../pacman/log/log.ts'
import { findOwner, listKernels, type Kernel } from '../pacman/database/kernels.ts'
import type { Finding } from './finding.ts'

const MODULES = '/usr/lib/modules'

/** Files that only the kernel's own package has there; modules may have packages of their own. */
const OWN_FILE = /^\/usr\/lib\/modules\/([^/]+)\/(?:vmlinuz|pkgbase|modules\.[^/]+)$/

/** What `make modules_install` puts there; what depmod and DKMS leave behind has other names. */
const BUILT = new Set(['kernel', 'modules.order', 'modules.builtin'])

/** The evidence for the kernel's finding. */
export interface KernelEvidence {
  /** uname -r and uname -v of the running kernel */
  running: string
  build: string
  /** whether /usr/lib/modules/<running> has what only a kernel's build puts there, whoever did */
  hasKernel: boolean
  /** whether pacman has removed or replaced the running kernel, in this boot or before */
  wasPackaged: boolean
  /** the content of its pkgbase, if it has one */
  pkgbase: string | undefined
  /** the version text inside its vmlinuz, if that is an x86 image */
  image: string | undefined
  /** the kernels that packages own; only the running one, if a package owns it */
  installed: Kernel[]
  /** the releases whose kernel pacman has installed, replaced or removed in this boot */
  touched: string[]
}

/** What the evidence rests on. */
export interface KernelSources {
  host: Host
  dbPath: string
  /** the path of pacman.log */
  log: string
  /** undefined if the list cannot be read */
  replaced: ReplacedFiles | undefined
  deadline: Deadline
}

/** Reads the evidence. Throws the system error of a file that cannot be read. */
export function collectKernel(sources: KernelSources): KernelEvidence {
  const { host, dbPath, log, replaced, deadline } = sources
  const running = readFilled(host, '/proc/sys/kernel/osrelease')
  const directory = `${MODULES}/${running}`
  const pkgbase = ifThere(() => host.readText(`${directory}/pkgbase`).trim()) || undefined
  const owner = findOwner(host, dbPath, running, pkgbase)
  const anyModules = ifThere(() => host.list(MODULES))?.length
  const touched = replaced?.below(MODULES).flatMap((path) => OWN_FILE.exec(path)?.[1] ?? []) ?? []
  return {
    running,
    build: readFilled(host, '/proc/sys/kernel/version'),
    hasKernel: ifThere(() => host.list(directory))?.some((name) => BUILT.has(name)) === true,
    wasPackaged:
      owner === undefined &&
      (touched.includes(running) || (pkgbase !== undefined && wasRemoved(host, log, pkgbase))),
    pkgbase,
    image: ifThere(() => imageVersion(host, `${directory}/vmlinuz`)),
    installed: owner ? [owner] : anyModules ? listKernels(host, dbPath, deadline) : [],
    touched,
  }
}

/** Whether pacman has removed that package, as it does when another replaces it. [libalpm/remove.c] */
function wasRemoved(host: Host, log: string, name: string): boolean {
  const { lines } = readLog(host, log)
  return lines.some(({ source, text }) => source === 'ALPM' && text.startsWith(`removed ${name} (`))
}

/**
 * Decides whether the running kernel is the installed one. A directory below /usr/lib/modules proves
 * nothing, as DKMS and kernel-modules-hook leave them behind; only a package's ownership does. A kernel
 * that a person has built and no package ever owned is left in peace.
 */
export function judgeKernel(evidence: KernelEvidence): Finding {
  const { running, build, image, installed, pkgbase, touched } = evidence
  const owner = installed.find((kernel) => kernel.release === running)
  if (owner !== undefined) {
    if (image !== undefined && !image.endsWith(` ${build}`)) {
      const what = `${owner.package} was rebuilt under the same release`
      return outdated({ running, installed: image, ...from(owner) }, build, what)
    }
    return current(running, `${owner.package} owns the running kernel ${running}`)
  }
  const near = installed.toSorted((a, b) => compareNearness(a.release, b.release, running))
  const same =
    near.find((kernel) => kernel.package === pkgbase) ??
    near.find((kernel) => flavour(kernel.release) === flavour(running))
  const isOwn = evidence.hasKernel && !evidence.wasPackaged
  const next = same ?? (isOwn ? undefined : near[0])
  if (next !== undefined) {
    const what = `${next.package} ${next.release} is installed`
    return outdated({ running, installed: next.release, ...from(next) }, running, what)
  }
  return current(
    running,
    installed.length === 0
      ? `no kernel package is installed, so nothing tells whether ${running} is current`
      : `the running kernel ${running} is no package's, and its modules are there`,
  )

  function from({ release, ...kernel }: Kernel): Partial<Finding> {
    return { ...kernel, byPacman: touched.includes(release) }
  }
}

function outdated(what: Partial<Finding>, runs: string, instead: string): Finding {
  const message = `kernel ${runs} is running, ${instead}`
  return { kind: 'kernel', effect: 'reboot', message, ...what }
}

function current(running: string, message: string): Finding {
  return { kind: 'kernel', effect: 'none', message, why: 'no reason for a reboot', running }
}

/**
 * A release's words without its numbers: "arch" of 6.9.1-arch1-1, "lts" of 6.6.30-1-lts,
 * "aarch64-ARCH" of 6.2.10-1-aarch64-ARCH. Successive releases of one package share it.
 */
export function flavour(release: string): string {
  const words = release.split(/[-.+_]/).map((word) => word.replace(/\d+$/, ''))
  return [...new Set(words.filter((word) => word !== '' && word !== 'rc'))].join('-')
}

/**
 * Compares two releases by their distance from a third, number by number: to 5.10.70-1-MANJARO,
 * 5.10.75 is nearer than 5.14.10. Of two that are equally far, the newer one is.
 */
export function compareNearness(a: string, b: string, running: string): number {
  const [left, right, from] = [a, b, running].map(numbers)
  for (const [index, at] of (from ?? []).entries()) {
    const [one = 0, other = 0] = [left?.[index], right?.[index]]
    const nearer = Math.abs(one - at) - Math.abs(other - at)
    if (nearer !== 0) return nearer
    if (one !== other) return other - one
  }
  return 0
}

function numbers(release: string): number[] {
  return release.match(/\d+/g)?.map(Number) ?? []
}

function readFilled(host: Host, path: string): string {
  const text = host.readText(path).trim()
  if (text === '') throw new SentinelError(`${path} is empty`)
  return text
}
