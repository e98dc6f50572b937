/** `npm run test:setup`: prepares this machine for the system tests. Needs root. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aarch64Tree, emulator } from '../test/lab/aarch64.ts'
import {
  baseTree,
  cache,
  debianArchitecture,
  findProgram,
  isExecutable,
  newestNode,
  node,
} from '../test/lab/cache.ts'
import { clientsTree, controlPlaneTree } from '../test/cluster/tools.ts'
import { EMULATOR, isSupported, machineTree } from '../test/machine/tools.ts'
import { monitoring, monitoringTree } from '../test/monitoring/tools.ts'
import { buildAarch64Tree } from './setup/aarch64.ts'
import { buildControlPlane, unpackClients } from './setup/cluster.ts'
import { logged, minuteMs, step } from './setup/logged.ts'
import { buildMachine } from './setup/machine.ts'
import { unpackMonitoring } from './setup/monitoring.ts'
import { buildOnce, debootstrap, isolated, keyring } from './setup/tree.ts'

const programs = words(`
  systemd-nspawn nsenter setpriv ip debootstrap lsof pacman pacman-conf setfacl setfattr dpkg-deb
  makepkg fakeroot bsdtar scdoc groff git zsh fish curl openssl ${emulator ?? ''}
  ${isSupported() ? `${EMULATOR} qemu-img extlinux mke2fs` : ''}
  ${findProgram('apt-get') === undefined ? monitoring.join(' ') : ''}
`)
const everywhere = `
  debootstrap dpkg lsof acl attr iproute2 debian-archive-keyring wget fakeroot scdoc git zsh fish
  curl openssl
  ${emulator === undefined ? '' : 'qemu-user-static'}
`
const aptPackages = words(`
  ${everywhere} systemd-container pacman-package-manager makepkg libarchive-tools groff-base
  python3-pip
  ${isSupported() ? 'qemu-system-x86 qemu-utils extlinux syslinux-common e2fsprogs' : ''}
`)
const pacmanPackages = words(`
  ${everywhere} systemd pacman libarchive groff go ${monitoring.join(' ')}
`)

try {
  await setUp()
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function setUp(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('set-up installs packages and must run as root')
  mkdirSync(cache, { recursive: true })
  await holdLock()
  installPrograms()
  buildBaseTree()
  installNewestNode()
  buildAarch64Tree()
  await buildMachine()
  unpackClients()
  unpackMonitoring()
  buildControlPlane()
  console.log(`base tree     ${baseTree}\nnewest Node   ${join(newestNode.bin, 'node')}`)
  console.log(`aarch64 root  ${aarch64Tree}\ncontrol plane ${controlPlaneTree}`)
  console.log(`kubectl, helm ${clientsTree}\nmachine       ${machineTree}`)
  console.log(`monitoring    ${monitoringTree}`)
}

/** The lock is an abstract socket: the kernel removes it however its holder ends. [unix(7)] */
async function holdLock(): Promise<void> {
  const deadline = Date.now() + 60 * minuteMs
  const listen = () =>
    new Promise<boolean>((resolve) => {
      const server = createServer().unref()
      server.once('error', () => resolve(false))
      server.listen(`\0kured-sentinel-setup ${cache}`, () => resolve(true))
    })
  for (let waiting = false; !(await listen()); waiting = true) {
    if (!waiting) console.log('waiting for another set-up to end')
    if (Date.now() > deadline) throw new Error('another set-up has not ended in an hour')
    await sleep(500)
  }
}

function installPrograms(): void {
  if (programs.every(findProgram) && existsSync(keyring)) return
  if (findProgram('apt-get') !== undefined) {
    step(`installing with apt: ${aptPackages.join(' ')}`)
    logged('apt-get', ['update', '--quiet'])
    logged('apt-get', ['install', '--yes', '--no-install-recommends', ...aptPackages])
  } else if (findProgram('pacman') !== undefined) {
    step(`installing with pacman: ${pacmanPackages.join(' ')}`)
    logged('pacman', ['-S', '--needed', '--noconfirm', ...pacmanPackages])
  } else {
    throw new Error('neither apt-get nor pacman found: set-up supports Debian and Arch Linux')
  }
}

function buildBaseTree(): void {
  buildOnce(baseTree, (partial) => {
    step(`building the node with debootstrap ${node.suite}; this takes about a minute`)
    debootstrap(partial, { ...node, architecture: debianArchitecture })
    step('finishing the node')
    isolated(['chroot', partial, '/bin/sh', '-euc', node.finish])
  })
}

function installNewestNode(): void {
  if (isExecutable(join(newestNode.bin, 'node'))) return
  const { package: name, major, directory } = newestNode
  const partial = `${directory}.partial`
  rmSync(partial, { recursive: true, force: true })
  step(`installing ${name}@${major} with npm`)
  mkdirSync(partial, { recursive: true })
  logged('npm', ['install', '--prefix', partial, '--no-save', `${name}@${major}`])
  rmSync(directory, { recursive: true, force: true })
  renameSync(partial, directory)
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
