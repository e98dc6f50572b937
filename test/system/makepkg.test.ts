/**
 * The package as people make and get it: `makepkg -si` as an ordinary user on a node whose packages
 * are pacman's own, and a release from a signed repository, as docs/repository.md has it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'
import { findProgram } from '../lab/cache.ts'
import { bootNode, gatedTest, labProblem, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { CHECKOUT } from '../lab/own-package.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { makeCheckout, release, succeed } from '../lab/release.ts'
import { describe } from '../lab/run.ts'

const PLACE = '/home/builder/kured-sentinel'
const AUR = '/home/builder/aur'
const PACKAGES = '.pkg.tar.xz'

const output = (program: string, ...words: string[]) =>
  execFileSync(program, words, { encoding: 'utf8' }).trim()

/** Owns files that Debian's packages have put there, as the packages of an Arch host do. */
const owning = (name: string, version: string, ...debian: string[]): PackageRecipe => ({
  name,
  version,
  package: `dpkg -L ${debian.join(' ')} | while read -r file; do
  [ -d "$file" ] || [ ! -r "$file" ] || cp -a --parents "$file" "$pkgdir"
done`,
})

const INSTALLED = [
  owning('bash', '5.2', 'bash'),
  owning('coreutils', '9.7', 'coreutils'),
  owning('pacman', '7.0.0', 'pacman-package-manager', 'makepkg'),
  owning('gnupg', '2.4', 'gpg', 'gpg-agent', 'gpgconf'),
  owning('nodejs', '20.19.2', 'nodejs', 'libnode115'),
]

/** Programs of this machine that the node has not, below /srv/host there. */
const BROUGHT = ['git', 'scdoc']
const brought = (name: string): PackageRecipe => ({
  name,
  version: '1.0',
  package: `install -D -t "$pkgdir/usr/bin" /srv/host/${name}`,
})
const npm = (): PackageRecipe => ({
  name: 'npm',
  version: output('npm', '--version'),
  depends: ['nodejs'],
  package: `mkdir -p "$pkgdir/usr/lib/node_modules" "$pkgdir/usr/bin"
cp -r --no-preserve=ownership /srv/host/npm "$pkgdir/usr/lib/node_modules"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$pkgdir/usr/bin/npm"`,
})

function bring(root: string): void {
  const to = join(root, 'srv/host')
  mkdirSync(to, { recursive: true })
  for (const name of BROUGHT) cpSync(findProgram(name) ?? '', join(to, name))
  cpSync(join(output('npm', 'root', '--global'), 'npm'), join(to, 'npm'), { recursive: true })
}

/** What an ordinary user has there: a checkout, npm's cache as there is no network, and a release. */
function fillHome(node: LabNode): void {
  const home = join(node.root, 'home/builder')
  const checkout = join(node.root, PLACE)
  mkdirSync(checkout)
  const tarball = output(join(CHECKOUT, 'scripts/tarball.sh'), makeTree({}))
  execFileSync('tar', ['-xf', tarball, '--strip-components=1', '-C', checkout])
  const cache = join(output('npm', 'config', 'get', 'cache'), '_cacache')
  // Not what another npm is just writing there.
  const filter = (path: string) => !path.startsWith(join(cache, 'tmp'))
  cpSync(cache, join(home, '.npm/_cacache'), { recursive: true, filter })

  const made = makeCheckout()
  succeed(release(made, '9.10.0'))
  cpSync(join(made, 'release/aur'), join(node.root, AUR), { recursive: true })
  const name = 'kured-sentinel-9.10.0.tar.gz'
  cpSync(join(made, 'release', name), join(node.root, AUR, name))
}

/** Runs a script as the ordinary user; no error may pass. */
async function asBuilder(node: LabNode, script: string, cwd = PLACE): Promise<string> {
  const argv = ['setpriv', '--reuid=builder', '--regid=builder', '--init-groups']
  const ended = await node.run([...argv, '/bin/bash', '-euc', script], {
    cwd,
    env: {
      HOME: '/home/builder',
      PKGEXT: PACKAGES,
      SOURCE_DATE_EPOCH: '1764028800',
      npm_config_offline: 'true',
    },
    timeoutMs: 300_000,
  })
  if (ended.exitCode !== 0) throw new Error(`${describe([script], ended)}${ended.stdout}`)
  return ended.stdout
}

/** check() runs in test/system/package.test.ts; here nobody answers questions. */
const unattended = (line: string) => line.replace('makepkg', 'makepkg --noconfirm --nocheck')

async function makeTwice(node: LabNode): Promise<void> {
  const [, line = ''] = /^(scripts\/tarball\.sh && makepkg .*)$/m.exec(shipped('README.md')) ?? []
  const digests: string[] = []
  for (const _ of [1, 2]) {
    const said = await asBuilder(node, unattended(line))
    assert.match(said, /Installing package kured-sentinel with pacman -U/)
    digests.push(await node.shell(`sha256sum ${PLACE}/*${PACKAGES}`))
    assert.equal(await node.ok(['kured-sentinel', '--version']), `${manifest.version}\n`)
    assert.match(await node.ok(['pacman', '-Dk']), /^No database errors have been found!$/m)
    await node.shell(`pacman -R --noconfirm kured-sentinel; rm ${PLACE}/*${PACKAGES}`)
  }
  assert.equal(digests[0], digests[1], 'byte for byte')
}

/** The fences of docs/repository.md: of the builder, and of the host. */
function recipe(): { key: string; build: string; trust: string; section: string; get: string } {
  const page = shipped('docs/repository.md').replaceAll('.pkg.tar.zst', PACKAGES)
  const fences = [...page.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, text = '']) => text)
  const [key = '', build = '', trust = '', section = '', get = '', ...more] = fences
  assert.ok(get !== '' && more.length === 0)
  return { key, build, trust, section, get }
}

async function shareRelease(node: LabNode): Promise<void> {
  const { key, build, trust, section, get } = recipe()
  await node.shell('install -d -o builder /srv/repo')
  const answers = 'batch\npinentry-mode loopback\npassphrase lab\n'
  await asBuilder(node, `mkdir -m 700 ~/.gnupg; printf '${answers}' >~/.gnupg/gpg.conf`)
  await asBuilder(node, key, AUR)
  await asBuilder(node, unattended(build), AUR)
  const conf = await node.readFile('/etc/pacman.conf')
  await node.writeFile('/etc/pacman.conf', conf.replace('[lab]', `${section}\n[lab]`))
  const install = `${get.trim()} --noconfirm`
  const early = await node.run(['/bin/sh', '-c', install])
  assert.notEqual(early.exitCode, 0)
  assert.match(early.stderr, /hosts: (?:signature .* is unknown trust|key .* is unknown)/)

  await node.shell(trust, { cwd: AUR })
  await node.shell(install)
  assert.equal(await node.ok(['kured-sentinel', '--version']), '9.10.0\n')
  assert.match(await node.ok(['pacman', '-Qi', 'kured-sentinel']), /^Validated By .*\bSignature$/m)
  assert.match(await node.ok(['pacman', '-Qkk', 'kured-sentinel']), / 0 altered files/)

  // What was changed on its way is refused, a package as well as the database.
  const offered = `/srv/repo/kured-sentinel-9.10.0-1-any${PACKAGES}`
  await node.shell(`rm /var/cache/pacman/pkg/kured-*
printf changed | dd of=${offered} bs=1 seek=1000 conv=notrunc status=none`)
  const changed = await node.run(['pacman', '-S', '--noconfirm', 'kured-sentinel'])
  assert.notEqual(changed.exitCode, 0)
  assert.match(changed.stderr, /corrupted package|invalid/)
  await node.shell('rm /srv/repo/hosts.db.sig; touch --no-dereference -d +9sec /srv/repo/hosts.db*')
  assert.match((await node.run(['pacman', '-Sy'])).stderr, /hosts\.db.*(?:sig|missing)/)
}

gatedTest(
  labProblem(),
  'makepkg -si as an ordinary user, twice; a release from a signed repository',
  async () => {
    await using node = await bootNode({ program: false, prepare: bring })
    await offer(node, ...INSTALLED, ...BROUGHT.map(brought), npm())
    rmSync(join(node.root, 'srv/host'), { recursive: true })
    const names = [...INSTALLED.map(({ name }) => name), 'git']
    await node.ok(['pacman', '-Sy', '--noconfirm', '--overwrite', '*', ...names])
    // Of `sudo` and `su`, makepkg takes what there is; here it asks for no password.
    await node.shell('passwd --quiet --delete root')
    fillHome(node)
    await node.shell('chown -R builder: /home/builder')
    const identity = 'git -c user.name=a -c user.email=a@b'
    await asBuilder(node, `git init -q; git add -A; ${identity} commit -qm a`)
    await makeTwice(node)
    await shareRelease(node)
  },
  { timeout: 600_000 },
)
