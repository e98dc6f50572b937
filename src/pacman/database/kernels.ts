import type { Deadline } from '../../host/deadline.ts'
import type { Host } from '../../host/host.ts'
import {
  installDate,
  listInstalled,
  ownedPaths,
  packagesOwning,
  type InstalledPackage,
} from './local.ts'

/** A kernel release that an installed package owns. */
export interface Kernel {
  release: string
  package: string
  version: string
  /** when that package was installed, in seconds since 1970, by the host's clock at that time */
  installedAt: string
}

const MODULES = 'usr/lib/modules/'

/**
 * The package that owns the running release as its kernel. Only likely packages are searched: this
 * runs every minute, and a hit saves the search through all packages.
 *
 * @param pkgbase the content of the release's `pkgbase` file, if it has one
 */
export function findOwner(
  host: Host,
  dbPath: string,
  release: string,
  pkgbase: string | undefined,
): Kernel | undefined {
  const likely = (name: string) =>
    pkgbase === undefined ? name.startsWith('linux') : name === pkgbase
  for (const installed of listInstalled(host, dbPath).filter(({ name }) => likely(name))) {
    if (releasesOf(ownedPaths(host, dbPath, installed)).includes(release)) {
      return toKernel(host, dbPath, installed, release)
    }
  }
  return undefined
}

/** Every installed kernel, from all packages that own anything below /usr/lib/modules. */
export function listKernels(host: Host, dbPath: string, deadline: Deadline): Kernel[] {
  return host.once('kernels', () => findKernels(host, dbPath, deadline))
}

function findKernels(host: Host, dbPath: string, deadline: Deadline): Kernel[] {
  const installed = listInstalled(host, dbPath)
  const kernels = (owner: InstalledPackage) =>
    releasesOf(ownedPaths(host, dbPath, owner)).map((release) =>
      toKernel(host, dbPath, owner, release),
    )
  return packagesOwning(host, dbPath, installed, [MODULES], deadline).flatMap(kernels)
}

function toKernel(host: Host, dbPath: string, owner: InstalledPackage, release: string): Kernel {
  const installedAt = installDate(host, dbPath, owner)
  return { release, package: owner.name, version: owner.version, installedAt }
}

/**
 * The releases whose kernel a package has. Headers (`build/`) and out-of-tree modules (`updates/`,
 * `extramodules/`) are in the directory of a release too, but only a kernel has `kernel/`,
 * `modules.order` and its like, `pkgbase` or `vmlinuz`. A release begins with a digit; directories
 * such as `extramodules-6.9` or `backup` are not releases.
 */
function releasesOf(paths: string[]): string[] {
  const below = new Map<string, string[]>()
  for (const path of paths) {
    if (!path.startsWith(MODULES)) continue
    const [release = '', entry = ''] = path.slice(MODULES.length).split('/')
    if (!/^[0-9]/.test(release)) continue
    const entries = below.get(release) ?? []
    if (entry !== '' && entries.at(-1) !== entry) entries.push(entry)
    below.set(release, entries)
  }
  const isKernel = (entry: string) => /^(kernel|vmlinuz|pkgbase|modules\..+)$/.test(entry)
  return [...below]
    .filter(([, entries]) => entries.length === 0 || entries.some(isKernel))
    .map(([release]) => release)
}
