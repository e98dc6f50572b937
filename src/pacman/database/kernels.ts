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
  /** when that package was installed, by the host's clock of then, in seconds since 1970 */
  installedAt: string
}

const MODULES = 'usr/lib/modules/'

/**
 * The package that owns the running release as its kernel, looked for where it is likely: this runs
 * every minute, and a hit spares the search through all packages.
 *
 * @param pkgbase what the release's own `pkgbase` file says, where it has one
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

/** Every kernel that is installed, from all packages that own anything below the modules. */
export function listKernels(host: Host, dbPath: string, deadline: Deadline): Kernel[] {
  return host.once('kernels', () => findKernels(host, dbPath, deadline))
}

function findKernels(host: Host, dbPath: string, deadline: Deadline): Kernel[] {
  const installed = listInstalled(host, dbPath)
  const kernels = (owner: InstalledPackage) =>
    releasesOf(ownedPaths(host, dbPath, owner)).map((release) =>
      toKernel(host, dbPath, owner, release),
    )
  return packagesOwning(host, dbPath, installed, MODULES, deadline).flatMap(kernels)
}

function toKernel(host: Host, dbPath: string, owner: InstalledPackage, release: string): Kernel {
  const installedAt = installDate(host, dbPath, owner)
  return { release, package: owner.name, version: owner.version, installedAt }
}

/**
 * The releases whose kernel a package holds. Headers (`build/`), out-of-tree modules (`updates/`,
 * `extramodules/`) own the directory of a release too, and are no kernel; what only a kernel has
 * are `kernel/`, `modules.order` and its like, `pkgbase` or `vmlinuz`. Directories such as
 * `extramodules-6.9` or `backup` are no releases: those begin with a digit.
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
