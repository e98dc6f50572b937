import { imageVersion } from '../boot/images.ts'
import { ifThere, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import type { ReplacedFiles } from '../pacman/replaced.ts'
import { findOwner, listKernels, type Kernel } from '../pacman/database/kernels.ts'
import type { Finding } from './finding.ts'

const MODULES = '/usr/lib/modules'

/** Files that only the kernel's own package has there; modules may have packages of their own. */
const OWN_FILE = /^\/usr\/lib\/modules\/([^/]+)\/(?:vmlinuz|pkgbase|modules\.[^/]+)$/

/** The evidence for the kernel's finding. */
export interface KernelEvidence {
  /** uname -r and uname -v of the running kernel */
  running: string
  build: string
  /** whether /usr/lib/modules/<running> exists, whoever made it */
  hasModules: boolean
  /** the content of its pkgbase, if it has one */
  pkgbase: string | undefined
  /** the version text inside its vmlinuz, if that is an x86 image */
  image: string | undefined
  /** the kernels that packages own; only the running one, if a package owns it */
  installed: Kernel[]
  /** the releases whose kernel pacman has installed, replaced or removed in this boot */
  touched: string[]
}

/**
 * Reads the evidence.
 *
 * @param replaced undefined if the list cannot be read
 * @throws the system error of a file that cannot be read
 */
export function collectKernel(
  host: Host,
  dbPath: string,
  replaced: ReplacedFiles | undefined,
  deadline: Deadline,
): KernelEvidence {
  const running = readFilled(host, '/proc/sys/kernel/osrelease')
  const directory = `${MODULES}/${running}`
  const pkgbase = ifThere(() => host.readText(`${directory}/pkgbase`).trim()) || undefined
  const owner = findOwner(host, dbPath, running, pkgbase)
  const anyModules = ifThere(() => host.list(MODULES))?.length
  return {
    running,
    build: readFilled(host, '/proc/sys/kernel/version'),
    hasModules: host.lstat(directory) !== undefined,
    pkgbase,
    image: ifThere(() => imageVersion(host, `${directory}/vmlinuz`)),
    installed: owner ? [owner] : anyModules ? listKernels(host, dbPath, deadline) : [],
    touched: replaced?.below(MODULES).flatMap((path) => OWN_FILE.exec(path)?.[1] ?? []) ?? [],
  }
}

/**
 * Decides whether the running kernel is the installed one. A directory below /usr/lib/modules proves
 * nothing, as DKMS and kernel-modules-hook leave them behind; only a package's ownership does.
 */
export function judgeKernel(evidence: KernelEvidence): Finding {
  const { running, build, image, installed, hasModules, pkgbase, touched } = evidence
  const owner = installed.find((kernel) => kernel.release === running)
  if (owner !== undefined) {
    if (image !== undefined && !image.endsWith(` ${build}`)) {
      const what = `${owner.package} was rebuilt under the same release`
      return outdated({ running, installed: image, ...from(owner) }, build, what)
    }
    return current(running, `${owner.package} owns the running kernel ${running}`)
  }
  const same =
    installed.find((kernel) => kernel.package === pkgbase) ??
    installed.find((kernel) => flavour(kernel.release) === flavour(running))
  const next = same ?? (hasModules ? undefined : installed[0])
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

function readFilled(host: Host, path: string): string {
  const text = host.readText(path).trim()
  if (text === '') throw new SentinelError(`${path} is empty`)
  return text
}
