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
 * Whether the next boot starts the installed kernel. If /boot was not mounted during an upgrade, a
 * mount hides the new image, and the boot loader keeps starting the old one.
 */
export const boot: DoctorCheck = {
  area: 'boot',
  async look(place) {
    const mounts = judgeMounts(place.host)
    if (mounts.some(({ state }) => state === 'wrong')) return mounts
    const kernels = listKernels(place.host, place.dbPath, place.deadline)
    const said = [...mounts]
    for (const kernel of kernels) said.push(...(await judgeImage(place, kernel)))
    return said.length > 0 ? said : [ok('no kernel package with a boot image to compare')]
  },
}

/** /boot and other mounts with boot files, by /etc/fstab; no file below them is opened. */
function judgeMounts(host: Host): DoctorFinding[] {
  const paths = fstab(host)
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => /^\/(boot|efi)(\/|$)/.test(path))
  const view = readView(host, 1, paths)
  return paths.map((path) => {
    if (view.mountOf(path)?.mountPoint === path) return ok(`${path} is mounted`)
    const message = `${path} is in /etc/fstab, but not mounted`
    const advice = `mount ${path}, then reinstall the kernel’s package`
    return path === '/boot' ? wrong(message, advice) : warning(message, `mount ${path}`)
  })
}

function fstab(host: Host) {
  return parseFstab(ifThere(() => host.readText('/etc/fstab')) ?? '')
}

/** Checks an installed kernel's image in /boot: the package's own, or a copy. */
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
      return [wrong(what, `check that /boot is mounted, then pacman -S ${kernel.package}`)]
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
      // Builds of one release differ in the text after it; see sentinel/kernel.ts.
      const isOther = copy !== image && release === kernel.release
      return compare(kernel, path, isOther ? `another build of ${release}` : release)
    })
  }
  if (hasUnifiedImage(host)) return [ok(`${kernel.package}: a unified image, which is not checked`)]
  const message = `no boot image of ${kernel.package} ${kernel.release} below /boot or /efi`
  return [warning(message, `pacman -S ${kernel.package}, or see which image is booted`)]
}

/** @param found the release in the image */
function compare(kernel: Kernel, path: string, found: string | undefined): DoctorFinding {
  const installed = `${kernel.package} ${kernel.release}`
  if (found === kernel.release) return ok(`${path} is ${installed}`)
  const what = found === undefined ? 'has no readable kernel' : `is ${found}`
  const advice = `check that /boot is mounted, then pacman -S ${kernel.package}`
  return wrong(`${path} ${what}, but ${installed} is installed`, advice)
}

/** A line of /etc/fstab that mounts something. */
export interface FstabEntry {
  mountPoint: string
  type: string
  options: string[]
}

/** Reads /etc/fstab: fields between blanks; a blank in a name is an octal escape. [fstab(5)] */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const [source = '#', mountPoint = 'none', type = '', options = ''] = line.trim().split(/\s+/)
    if (source === '' || source.startsWith('#') || !mountPoint.startsWith('/')) return []
    const path = unescape(mountPoint).replace(/(.)\/+$/, '$1')
    return [{ mountPoint: path, type, options: options.split(',') }]
  })
}
