import { ifThere, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { readHostConf } from '../pacman/conf/conf.ts'
import { notExtracted } from '../pacman/hooks.ts'
import { type Kernel, listKernels } from '../pacman/database/kernels.ts'
import { listInstalled, ownedPaths } from '../pacman/database/local.ts'
import { mountedAt } from '../proc/mountinfo.ts'
import { type Diagnosis, ok, warning, wrong } from '../text/diagnosis.ts'
import { readFstab } from './fstab.ts'
import {
  arm64Release,
  findCopies,
  findUnified,
  imageVersion,
  type Preset,
  readLoaderConfigs,
  readPreset,
  unifiedVersion,
} from './images.ts'
import { judgeOwnModules } from './own-modules.ts'

/**
 * Judges whether the next boot starts the installed kernel. If /boot was not mounted during an
 * upgrade, a mount hides the new image, and the boot loader keeps starting the old one. It reads
 * the disk: only for where a reboot is due, and for doctor.
 *
 * @throws SentinelError, or the system error, for what cannot be read
 */
export function judgeNextBoot(host: Host, dbPath: string, deadline: Deadline): Diagnosis[] {
  return host.once('the next boot', () => judgeKernels(host, dbPath, deadline))
}

function judgeKernels(host: Host, dbPath: string, deadline: Deadline): Diagnosis[] {
  const mounts = judgeMounts(host)
  if (mounts.some(({ state }) => state === 'wrong')) return mounts
  const kernels = listKernels(host, dbPath, deadline)
  mounts.push(...judgeOwnModules(host, kernels))
  const served = findServed(host)
  if (served !== undefined) {
    return [...mounts, warning(`${served} is on a server, and is not looked at`, `ls -l ${served}`)]
  }
  const said = [...mounts]
  const conf = readHostConf(host)
  for (const kernel of kernels) {
    const preset = readPreset(host, conf, kernel.package)
    said.push(...judgeImage(host, dbPath, kernel, preset, deadline))
    said.push(...judgeInitramfs(host, kernel, preset))
  }
  return said
}

/** File systems whose server may never answer: nothing on them is opened. */
const SERVED = /^(?:nfs|cifs|smb|9p|fuse|ceph|gluster)/

/** /boot and other mounts with boot files, by /etc/fstab; no file below them is opened. */
function judgeMounts(host: Host): Diagnosis[] {
  const paths = readFstab(host)
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => /^\/(boot|efi)(\/|$)/.test(path))
  if (paths.length === 0) return []
  const mountinfo = host.readText('/proc/1/mountinfo')
  return paths.map((path) => {
    const mounted = mountedAt(mountinfo, path)
    if (mounted !== undefined) return ok(`${path} is mounted`)
    const message = `${path} is in /etc/fstab, but not mounted`
    const advice = `mount ${path}, then reinstall the kernel’s package`
    return path === '/boot' ? wrong(message, advice) : warning(message, `mount ${path}`)
  })
}

/** The mount of boot files that is on a server, if there is one. */
function findServed(host: Host): string | undefined {
  const mountinfo = host.readText('/proc/1/mountinfo')
  return ['/boot', '/efi'].find((path) => SERVED.test(mountedAt(mountinfo, path)?.type ?? ''))
}

/** Checks an installed kernel's image: the package's own in /boot, a copy, or a unified image. */
function judgeImage(
  host: Host,
  dbPath: string,
  kernel: Kernel,
  preset: Preset,
  deadline: Deadline,
): Diagnosis[] {
  const owner = listInstalled(host, dbPath).find(({ name }) => name === kernel.package)
  const owned = owner === undefined ? [] : ownedPaths(host, dbPath, owner)
  const isLeftOut = notExtracted(readHostConf(host))
  const files = owned
    .filter((path) => /^boot\/.*[^/]$/.test(path) && !isLeftOut(path))
    .map((path) => `/${path}`)
  if (files.length > 0) {
    const lacking = files.filter((path) => (host.lstat(path)?.size ?? 0) === 0)
    const [first] = lacking
    if (first !== undefined) {
      return [wrong(`${first} of ${kernel.package} is missing or empty`, reinstall(kernel))]
    }
    if (!files.includes('/boot/Image')) return [ok(`${kernel.package} has its files in /boot`)]
    const release = arm64Release(host, '/boot/Image', deadline)
    return [compare(kernel, '/boot/Image', release)]
  }
  const image = ifThere(() => imageVersion(host, `/usr/lib/modules/${kernel.release}/vmlinuz`))
  if (image === undefined) return []
  const copies = [
    ...(preset.kernel !== undefined && !preset.kernel.startsWith('/usr/') ? [preset.kernel] : []),
    ...findCopies(host, kernel),
  ]
  return judgeCopies(host, kernel, image, [...new Set(copies)], preset.unified)
}

/**
 * x86: hooks copy the package's vmlinuz, or put it into a unified image. The one that the boot
 * loader is told to start counts; if that is not known, the best. Others are forgotten copies.
 */
function judgeCopies(
  host: Host,
  kernel: Kernel,
  image: string,
  copies: string[],
  unified: string | undefined,
): Diagnosis[] {
  const judged = copies.map((path) => {
    return {
      path,
      finding: compareVersion(
        kernel,
        path,
        image,
        readable(() => imageVersion(host, path)),
      ),
    }
  })
  const others: string[] = []
  for (const path of unified === undefined ? findUnified(host) : [unified]) {
    const found = readable(() => unifiedVersion(host, path))
    const finding = compareVersion(kernel, path, image, found)
    // Other kernels have unified images too: only the preset says that one is for this kernel.
    if (unified !== undefined || finding.state === 'ok') judged.push({ path, finding })
    else
      others.push(`${path} ${found === undefined ? 'cannot be read' : `is ${found.split(' ')[0]}`}`)
  }
  if (judged.length === 0) {
    const message = `no boot image of ${kernel.package} ${kernel.release} below /boot or /efi`
    const seen = others.length > 0 ? `${message}: ${others.join('; ')}` : message
    return [warning(seen, `pacman -S ${kernel.package}, or see which image is booted`)]
  }
  const configs = readLoaderConfigs(host)
  const named = judged.filter(({ path }) => configs.includes(loaderName(path)))
  const isGood = ({ finding }: { finding: Diagnosis }) => finding.state === 'ok'
  const counts = named.length > 0 ? named : judged.some(isGood) ? [] : judged
  return judged.map((one) => {
    if (isGood(one) || counts.includes(one)) return one.finding
    return { ...one.finding, state: 'warning', advice: `rm ${one.path}, if nothing boots it` }
  })
}

/** As boot loaders name an image: without the directory where its partition is mounted. */
function loaderName(path: string): string {
  return path.replace(/^\/(?:boot|efi)\/?/, '/')
}

/** The version in an image; undefined if there is none, or it is damaged. */
function readable(read: () => string | undefined): string | undefined {
  try {
    return ifThere(read)
  } catch (error) {
    if (error instanceof SentinelError) return undefined
    throw error
  }
}

function compareVersion(
  kernel: Kernel,
  path: string,
  image: string,
  found: string | undefined,
): Diagnosis {
  const [release] = found?.split(' ') ?? []
  // Builds of one release differ in the text after it; see sentinel/kernel.ts.
  const isOther = found !== image && release === kernel.release
  return compare(kernel, path, isOther ? `another build of ${release}` : release)
}

/** @param found the release in the image */
function compare(kernel: Kernel, path: string, found: string | undefined): Diagnosis {
  const installed = `${kernel.package} ${kernel.release}`
  if (found === kernel.release) return ok(`${path} is ${installed}`)
  const what = found === undefined ? 'has no readable kernel' : `is ${found}`
  return wrong(`${path} ${what}, but ${installed} is installed`, reinstall(kernel))
}

/** Clocks of file systems are coarse, and FAT's the coarsest. */
const SLACK_S = 60

/**
 * The initramfs is made anew whenever its kernel is installed: one that is missing, empty or older
 * was not. Its content is not looked at.
 */
function judgeInitramfs(host: Host, kernel: Kernel, preset: Preset): Diagnosis[] {
  const path = preset.initramfs ?? `/boot/initramfs-${kernel.package}.img`
  const judge = (message: string) => {
    const say = preset.initramfs === undefined ? warning : wrong
    return [say(message, reinstall(kernel))]
  }
  const found = host.stat(path)
  if (found === undefined && preset.initramfs === undefined) return []
  if (found === undefined || found.size === 0) {
    return judge(`${path} of ${kernel.package} is missing or empty`)
  }
  if (found.mtimeMs / 1000 + SLACK_S >= Number(kernel.installedAt || 0)) return []
  if (isAsNewAs(found, host.stat(preset.kernel ?? ''))) return []
  return judge(`${path} is older than ${kernel.package}, which was installed later`)
}

/**
 * Whether the initramfs was made after the copy of the image, whose version is looked at: the hook
 * makes it right behind the copy. Both have the times of one clock, which need not be pacman's. A clock
 * may step back before the hooks run; and FAT has local time, by the kernel's time zone: after
 * timedatectl set-timezone, and with a hardware clock in local time, a file's time may be hours off at
 * the next boot. [fs/fat/misc.c, fat_tz_offset; systemd, clock_set_timezone()]
 *
 * @param copy by its ctime, as a copy may keep the mtime of the package's file
 */
function isAsNewAs(found: { mtimeMs: number }, copy: { ctimeMs: number } | undefined): boolean {
  return copy !== undefined && found.mtimeMs + SLACK_S * 1000 >= copy.ctimeMs
}

function reinstall({ package: name }: Kernel): string {
  return `check that /boot is mounted, then pacman -S ${name}`
}
