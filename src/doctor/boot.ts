import { arm64Release, findCopies, hasUnifiedImage } from './boot-image.ts'
import {
  type DoctorCheck,
  type DoctorContext,
  type DoctorFinding,
  ok,
  warning,
  wrong,
} from './line.ts'
import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { type Kernel, listKernels } from '../pacman/database/kernels.ts'
import { listInstalled, ownedPaths } from '../pacman/database/local.ts'
import { unescape } from '../proc/mountinfo.ts'
import { readView } from '../proc/namespaces.ts'
import { imageVersion } from '../sentinel/kernel.ts'

/**
 * Whether the next boot starts the kernel that is installed. Where /boot was not mounted during an
 * upgrade, the new image lies below the mount point, and the boot loader starts the old one for ever.
 */
export const boot: DoctorCheck = {
  area: 'boot',
  async look(place) {
    const mounts = judgeMounts(place.host)
    if (mounts.some(({ state }) => state === 'wrong')) return mounts
    const kernels = listKernels(place.host, place.dbPath, place.deadline)
    const said = [...mounts]
    for (const kernel of kernels) said.push(...(await judgeImage(place, kernel)))
    return said.length > 0 ? said : [ok('no kernel package whose boot image could be compared')]
  },
}

/** /boot, and what else holds boot files, by /etc/fstab; nothing is opened there. */
function judgeMounts(host: Host): DoctorFinding[] {
  const paths = fstab(host)
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => /^\/(boot|efi)(\/|$)/.test(path))
  const view = readView(host, 1, paths)
  return paths.map((path) => {
    if (view.mountOf(path)?.mountPoint === path) return ok(`${path} is mounted`)
    const message = `/etc/fstab has ${path}, and it is not mounted`
    const advice = `mount ${path}, then reinstall the kernel’s package`
    return path === '/boot' ? wrong(message, advice) : warning(message, `mount ${path}`)
  })
}

function fstab(host: Host) {
  return parseFstab(ifThere(() => host.readText('/etc/fstab')) ?? '')
}

/** One installed kernel: what its package has put into /boot, or what was copied there. */
async function judgeImage(place: DoctorContext, kernel: Kernel): Promise<DoctorFinding[]> {
  const { host, dbPath } = place
  const owner = listInstalled(host, dbPath).find(({ name }) => name === kernel.package)
  const owned = owner === undefined ? [] : ownedPaths(host, dbPath, owner)
  const files = owned.filter((path) => /^boot\/.*[^/]$/.test(path)).map((path) => `/${path}`)
  if (files.length > 0) {
    const lacking = files.filter((path) => (host.lstat(path)?.size ?? 0) === 0)
    const [first] = lacking
    if (first !== undefined) {
      const what = `${first} of ${kernel.package} is missing or empty`
      return [wrong(what, `see whether /boot is mounted, then pacman -S ${kernel.package}`)]
    }
    if (!files.includes('/boot/Image')) return [ok(`${kernel.package} has its files in /boot`)]
    return [compare(kernel, '/boot/Image', await arm64Release(place, '/boot/Image'))]
  }
  const image = ifThere(() => imageVersion(host, `/usr/lib/modules/${kernel.release}/vmlinuz`))
  return image === undefined ? [] : judgeCopies(host, kernel, image)
}

/** x86: mkinitcpio's hook, or kernel-install, copies the package's vmlinuz. */
function judgeCopies(host: Host, kernel: Kernel, image: string): DoctorFinding[] {
  const copies = findCopies(host, kernel)
  if (copies.length > 0) {
    return copies.map((path) => {
      const copy = ifThere(() => imageVersion(host, path))
      const [release] = copy?.split(' ') ?? []
      // Builds of one release differ in what follows it; see sentinel/kernel.ts.
      const isOther = copy !== image && release === kernel.release
      return compare(kernel, path, isOther ? `another build of ${release}` : release)
    })
  }
  if (hasUnifiedImage(host)) return [ok(`${kernel.package}: a unified image, which is not read`)]
  const message = `no boot image of ${kernel.package} ${kernel.release} below /boot or /efi`
  return [warning(message, `pacman -S ${kernel.package}, or see which image is booted`)]
}

/** @param found the release that the image carries */
function compare(kernel: Kernel, path: string, found: string | undefined): DoctorFinding {
  const installed = `${kernel.package} ${kernel.release}`
  if (found === kernel.release) return ok(`${path} is ${installed}`)
  const what = found === undefined ? 'holds no kernel that can be read' : `is ${found}`
  const advice = `see whether /boot is mounted, then pacman -S ${kernel.package}`
  return wrong(`${path} ${what}, and ${installed} is installed`, advice)
}

/** A line of /etc/fstab that mounts something. */
export interface FstabEntry {
  mountPoint: string
  type: string
  options: string[]
}

/** Reads /etc/fstab: six fields parted by blanks, with blanks in names as octal escapes. [fstab(5)] */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const [source = '#', mountPoint = 'none', type = '', options = ''] = line.trim().split(/\s+/)
    if (source === '' || source.startsWith('#') || !mountPoint.startsWith('/')) return []
    const path = unescape(mountPoint).replace(/(.)\/+$/, '$1')
    return [{ mountPoint: path, type, options: options.split(',') }]
  })
}
