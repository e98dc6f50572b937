import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { debianArchitecture } from '../../test/lab/cache.ts'
import { bootNode } from '../../test/lab/lab.ts'
import { directoryOf, dropLayers, mountLayers, newNodeId } from '../../test/lab/layers.ts'
import { buildPackage } from '../../test/lab/package.ts'
import { preparePacman } from '../../test/lab/pacman.ts'
import {
  DISK_SIZE,
  guestFiles,
  isSupported,
  type KernelPackage,
  machine,
  machineBaseTree,
  machineTree,
  MKE2FS,
  PREPARE,
  UNUSED_MODULES,
} from '../../test/machine/tools.ts'
import { logged, step } from './logged.ts'
import { buildOnce, debootstrap, isolated } from './tree.ts'

/** Builds the disk of the emulated machines, and two kernels for them. */
export async function buildMachine(): Promise<void> {
  if (!isSupported()) {
    step('no emulated machines: they need an x86_64 Debian; their tests are skipped')
    return
  }
  if (existsSync(machineTree)) return
  buildOnce(machineBaseTree, (partial) => {
    step(`building the machine with debootstrap ${machine.suite}; this takes two minutes`)
    debootstrap(partial, { ...machine, architecture: debianArchitecture })
    isolated(['chroot', partial, '/bin/sh', '-euc', machine.finish])
  })
  step('packaging two kernels of Debian’s')
  const built = await packageKernels()
  buildOnce(machineTree, (partial) => {
    step('making the disk of the machine')
    mkdirSync(partial)
    const kernels = built.map((kernel) => ({
      ...kernel,
      file: join(machineTree, basename(kernel.file)),
    }))
    for (const { file } of built) cpSync(file, join(partial, basename(file)))
    makeDisk(join(partial, 'root.img'), built[0]!.file)
    writeFileSync(join(partial, 'kernels.json'), `${JSON.stringify(kernels)}\n`)
  })
}

/** Fetches the kernels with apt, and makes packages like Arch's of them. */
async function packageKernels(): Promise<KernelPackage[]> {
  const directory = `${machineTree}.kernels`
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  try {
    logged('apt-get', ['--quiet', 'update'])
    logged('apt-get', ['download', ...kernelNames()], { cwd: directory })
    for (const file of readdirSync(directory)) {
      logged('dpkg-deb', ['--extract', join(directory, file), join(directory, 'files')])
    }
    await using node = await bootNode({ program: false, binds: [`${directory}/files:/kernels`] })
    const kernels: KernelPackage[] = []
    for (const release of readdirSync(join(directory, 'files/lib/modules')).toSorted()) {
      const version = release.replace(/-cloud-.*$/, '').replace('-', '.')
      const recipe = {
        name: 'linux',
        version,
        lines: ["options=('!strip')"],
        package: packageScript(release),
      }
      kernels.push({ release, version, file: await buildPackage(node, recipe) })
    }
    return kernels
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * The two newest packages of the oldest series that apt has: boards too run older kernels than Arch.
 */
function kernelNames(): string[] {
  const names = execFileSync('apt-cache', ['pkgnames', 'linux-image-'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => /^linux-image-\d+\.\d+\.\d+-\d+-cloud-amd64$/.test(name))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const series = names[0]?.split('-')[2]
  const newest = names.filter((name) => name.split('-')[2] === series).slice(-2)
  if (newest.length < 2) throw new Error(`apt has no two kernels of one series: ${names.join(' ')}`)
  return newest
}

const packageScript = (release: string) => `
modules=$pkgdir/usr/lib/modules/${release}
mkdir -p "$modules"
cp -r /kernels/lib/modules/${release}/. "$modules"
cp /kernels/boot/vmlinuz-${release} "$modules/vmlinuz"
echo linux >"$modules/pkgbase"
cd "$modules/kernel/drivers"
rm -rf ${UNUSED_MODULES.join(' ')}
/usr/sbin/depmod --basedir "$pkgdir/usr" --moduledir lib/modules ${release} 2>/dev/null ||
  (ln -s usr/lib "$pkgdir/lib" && /usr/sbin/depmod --basedir "$pkgdir" ${release} && rm "$pkgdir/lib")
`

/** A disk without partitions, with the kernel installed, that the BIOS starts. */
function makeDisk(disk: string, kernel: string): void {
  const directory = directoryOf(newNodeId())
  const root = mountLayers(directory, machineBaseTree)
  try {
    for (const { source, target, mode } of guestFiles) {
      mkdirSync(dirname(join(root, target)), { recursive: true })
      cpSync(source, join(root, target))
      chmodSync(join(root, target), mode)
    }
    preparePacman(root)
    cpSync(kernel, join(root, 'linux.pkg.tar.gz'))
    isolated(['/bin/sh', '-euc', inChroot, 'sh', root, PREPARE])
    logged('mke2fs', [...MKE2FS, '-d', root, disk, DISK_SIZE])
    isolated(['/bin/sh', '-euc', installLoader, 'sh', disk, root])
  } finally {
    dropLayers(directory)
  }
}

/** With /proc, which pacman's CheckSpace reads. */
const inChroot = 'mount -t proc proc "$1/proc"; exec chroot "$1" /bin/sh -euc "$2"'

/** extlinux writes into the mounted file system, and its first sectors. */
const installLoader = `
mount -o loop "$1" "$2/mnt"
extlinux --install "$2/mnt/boot/extlinux"
umount "$2/mnt"
`
