/** `npm run test:setup`: makes this machine ready for the system tests. Needs root. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  baseTree,
  cache,
  debianArchitecture,
  findProgram,
  isExecutable,
  newestNode,
  node,
} from '../test/lab/cache.ts'

const minuteMs = 60_000
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const programs = `
  systemd-nspawn nsenter setpriv debootstrap lsof pacman pacman-conf setfacl setfattr
`
  .trim()
  .split(/\s+/)
const everywhere = ['debootstrap', 'lsof', 'acl', 'attr', 'debian-archive-keyring', 'wget']
const aptPackages = [...everywhere, 'systemd-container', 'pacman-package-manager']
const pacmanPackages = [...everywhere, 'systemd', 'pacman']

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
  console.log(`base tree    ${baseTree}\nnewest Node  ${join(newestNode.bin, 'node')}`)
}

/** An abstract socket is a lock that ends with its holder, however that ends (see unix(7)). */
async function holdLock(): Promise<void> {
  const deadline = Date.now() + 20 * minuteMs
  const listen = () =>
    new Promise<boolean>((resolve) => {
      const server = createServer().unref()
      server.once('error', () => resolve(false))
      server.listen(`\0kured-sentinel-setup ${cache}`, () => resolve(true))
    })
  for (let waiting = false; !(await listen()); waiting = true) {
    if (!waiting) console.log('waiting for another set-up to end')
    if (Date.now() > deadline) throw new Error('another set-up has not ended in 20 minutes')
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
    throw new Error('neither apt-get nor pacman is here: set-up knows Debian and Arch Linux')
  }
}

/**
 * Built under another name and renamed at the end, so that a killed build is never taken for a
 * finished one. In namespaces of its own, debootstrap's mounts and children end with it.
 */
function buildBaseTree(): void {
  if (existsSync(baseTree)) return
  const partial = `${baseTree}.partial`
  rmSync(partial, { recursive: true, force: true })
  const mirror = debianMirror()
  step(`building the node with debootstrap ${node.suite}; this takes about a minute`)
  const options = ['--variant=minbase', `--arch=${debianArchitecture}`, `--keyring=${keyring}`]
  const include = `--include=${node.packages.join(',')}`
  isolated(['debootstrap', ...options, include, node.suite, partial, ...mirror])
  step('finishing the node')
  isolated(['chroot', partial, '/bin/sh', '-euc', node.finish])
  rmSync(join(partial, 'var/cache/apt/archives'), { recursive: true, force: true })
  renameSync(partial, baseTree)
}

function isolated(argv: string[]): void {
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  logged('setpriv', ['--pdeathsig', 'KILL', ...unshare, ...argv])
}

/** The mirror this machine's own apt uses, in either format of its sources; else the default. */
function debianMirror(): string[] {
  if (findProgram('apt-get') === undefined) return []
  const format = '$(ORIGIN) $(RELEASE) $(COMPONENT) $(REPO_URI)'
  const targets = execFileSync('apt-get', ['indextargets', '--format', format], {
    encoding: 'utf8',
  })
  const rows = targets.split('\n').map((line) => line.split(' '))
  // Not bookworm-security and its like: another mirror may hold those alone.
  const own = rows.find(
    ([origin, release, component]) =>
      origin === 'Debian' && release?.includes('-') === false && component === 'main',
  )
  return own?.[3] === undefined ? [] : [own[3]]
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

/** Runs a program with its output in a log, of which a failure shows the end. */
function logged(program: string, words: string[]): void {
  const log = join(cache, 'setup.log')
  const output = openSync(log, 'w')
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  const { status, error } = spawnSync(program, words, {
    env: { ...process.env, PATH: path, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', output, output],
    timeout: 15 * minuteMs,
  })
  closeSync(output)
  if (error === undefined && status === 0) return
  const end = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
  throw new Error(`${program} failed: ${error?.message ?? `exit ${status}`}\n${end}\n(${log})`)
}

function step(text: string): void {
  console.log(`- ${text}`)
}
