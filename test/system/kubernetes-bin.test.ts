/** packages/kubernetes-bin: a release is pinned by `update`, built by makepkg, installed by pacman. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KUBECTL } from '../cluster/tools.ts'
import { until } from '../cluster/until.ts'
import { pathOf, Releases, sha256 } from '../fixture/releases.ts'
import { makeTree } from '../fixture/tree.ts'
import { bootNode, labTest, offer, toolTest } from '../lab/lab.ts'
import { CHECKOUT } from '../lab/own-package.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { describe, run, type Run } from '../lab/run.ts'

const TOOLS = ['makepkg', 'bsdtar', 'fakeroot', 'curl', 'flock']
const VERSION = '1.36.3'
const ARCHITECTURES = ['x86_64', 'aarch64']
const GO_NAMES = ['amd64', 'arm64']
const PROGRAMS = ['kubelet', 'kubeadm', 'kubectl']
const PACKAGES = PROGRAMS.map((name) => `${name}-bin`)

/** Says what it is called with, and stays, as a service does. */
const standIn = (name: string, architecture: string) =>
  `#!/bin/sh\n# ${architecture}\necho "${name} $*"\n[ ${name} != kubelet ] || exec sleep infinity\n`

/** Stand-ins for all six programs of a release. */
function release(): Record<string, string | Buffer> {
  const all = GO_NAMES.flatMap((arch) =>
    PROGRAMS.map((name) => [`${arch}/${name}`, standIn(name, arch)] as const),
  )
  return Object.fromEntries(all)
}

/** The same with the real kubectl for x86_64, where set-up has it. */
function withKubectl(): Record<string, string | Buffer> {
  return { ...release(), ...(existsSync(KUBECTL) && { 'amd64/kubectl': readFileSync(KUBECTL) }) }
}

/** A packager's copy of the directory. */
class Workshop {
  readonly directory: string
  readonly #releases: Releases
  /** found before all other programs */
  readonly #bin = makeTree({})

  constructor(releases: Releases, parent = makeTree({})) {
    this.directory = join(parent, 'kubernetes-bin')
    this.#releases = releases
    cpSync(join(CHECKOUT, 'packages/kubernetes-bin'), this.directory, { recursive: true })
    for (const path of [this.directory, this.#bin, parent]) {
      execFileSync('chown', ['-R', 'nobody:', path])
      execFileSync('chmod', ['755', path])
    }
  }

  /** As an ordinary user, as makepkg insists. */
  run(argv: string[], env: Record<string, string> = {}): Promise<Run> {
    const user = ['setpriv', '--reuid=nobody', '--regid=65534', '--clear-groups']
    return run([...user, 'env', '--chdir', this.directory, ...argv], {
      timeoutMs: 300_000,
      env: {
        PATH: `${this.#bin}:/usr/bin:/bin`,
        HOME: this.directory,
        KUBERNETES_RELEASES: this.#releases.url,
        PKGEXT: '.pkg.tar',
        ...env,
      },
    })
  }

  update(...words: string[]): Promise<Run> {
    return this.run(['./update', ...words])
  }

  async pin(): Promise<void> {
    const ended = await this.update(VERSION)
    assert.equal(ended.exitCode, 0, describe(['update'], ended))
  }

  makepkg(architecture: string): Promise<Run> {
    const config = join(this.directory, `${architecture}.conf`)
    writeFileSync(config, `. /etc/makepkg.conf\nCARCH=${architecture}\n`)
    return this.run(['makepkg', '--config', config, '--nodeps', '--force'])
  }

  provide(program: string, script: string): void {
    writeFileSync(join(this.#bin, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }

  get pkgbuild(): string {
    return readFileSync(join(this.directory, 'PKGBUILD'), 'utf8')
  }

  /** What is there beside what the checkout has. */
  get made(): string[] {
    const shipped = readdirSync(join(CHECKOUT, 'packages/kubernetes-bin'))
    return readdirSync(this.directory).filter((name) => !shipped.includes(name))
  }

  packages(architecture: string): string[] {
    return this.made.filter((name) => name.endsWith(`-${architecture}.pkg.tar`))
  }

  read(file: string, member: string): Buffer {
    const argv = ['-xOf', join(this.directory, file), member]
    return execFileSync('bsdtar', argv, { maxBuffer: 200 * 1024 * 1024 })
  }

  names(file: string): string[] {
    const listed = execFileSync('bsdtar', ['-tf', join(this.directory, file)]).toString()
    return listed.split('\n').filter((name) => !/^\.|\/$|^$/.test(name))
  }
}

async function openWorkshop(): Promise<{ releases: Releases; workshop: Workshop }> {
  const releases = await Releases.start()
  releases.publish(VERSION, release())
  return { releases, workshop: new Workshop(releases) }
}

const published = withKubectl()
/** Made here, it stays until the last test. */
const place = makeTree({})
let builds: Promise<Workshop> | undefined
const built = () => (builds ??= build())

/** A release that is pinned, and the packages of it for both architectures. */
async function build(): Promise<Workshop> {
  await using releases = await Releases.start()
  releases.publish(VERSION, published)
  const workshop = new Workshop(releases, place)
  await workshop.pin()
  // makepkg has to fetch for itself what it finds nowhere.
  for (const name of workshop.made) rmSync(join(workshop.directory, name))
  for (const architecture of ARCHITECTURES) {
    const ended = await workshop.makepkg(architecture)
    assert.equal(ended.exitCode, 0, describe(['makepkg'], ended))
  }
  return workshop
}

toolTest(TOOLS, 'makepkg builds no version before one is pinned', async () => {
  const { releases, workshop } = await openWorkshop()
  await using _ = releases
  const { exitCode, stderr } = await workshop.makepkg('x86_64')
  assert.notEqual(exitCode, 0)
  assert.match(stderr, /error: no version is pinned: run \.\/update VERSION first/)
  assert.deepEqual(releases.asked, [])
})

toolTest(TOOLS, 'a release is pinned, and built for both architectures', async () => {
  const workshop = await built()
  assert.match(workshop.pkgbuild, /^pkgver=1\.36\.3$/m)
  for (const [index, architecture] of ARCHITECTURES.entries()) {
    const contents = PROGRAMS.map((name) => published[`${GO_NAMES[index]}/${name}`] ?? '')
    const digests = contents.map((content) => `'${sha256(content)}'`)
    const line = `sha256sums_${architecture}=(${digests.join(' ')})`
    assert.ok(workshop.pkgbuild.includes(`\n${line}\n`), line)
    const files = PROGRAMS.map((name) => `${name}-bin-1.36.3-1-${architecture}.pkg.tar`)
    assert.deepEqual(workshop.packages(architecture), files.toSorted())
    for (const [at, name] of PROGRAMS.entries()) {
      const file = files[at] ?? ''
      const binary = workshop.read(file, `usr/bin/${name}`)
      assert.ok(binary.equals(Buffer.from(contents[at] ?? '')), file)
      const info = workshop.read(file, '.PKGINFO').toString()
      assert.match(info, new RegExp(`^arch = ${architecture}$`, 'm'))
      assert.match(info, new RegExp(`^provides = ${name}=1\\.36\\.3$`, 'm'))
      assert.match(info, new RegExp(`^conflict = ${name}$`, 'm'))
    }
    assert.deepEqual(
      files.map((file) => workshop.names(file)),
      [
        ['usr/bin/kubelet', 'usr/lib/systemd/system/kubelet.service'],
        ['usr/bin/kubeadm', 'usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf'],
        ['usr/bin/kubectl'],
      ],
    )
  }
})

toolTest(TOOLS, 'what is not the release is not pinned, and nothing is left of it', async () => {
  const { releases, workshop } = await openWorkshop()
  await using _ = releases
  const before = workshop.pkgbuild
  const kubeadm = pathOf(VERSION, 'arm64/kubeadm')
  const sound = releases.files.get(kubeadm)!
  const refused = async (words: string[], says: RegExp, code = 1) => {
    const { exitCode, stdout, stderr } = await workshop.update(...words)
    assert.match(stderr, says)
    assert.deepEqual([exitCode, stdout, workshop.made], [code, '', []])
    assert.equal(workshop.pkgbuild, before)
  }
  await refused([], /^error: name the version to pin, as in: \.\/update 1\.37\.2$/m, 2)
  await refused(['latest'], /^error: name the version to pin/, 2)
  await refused(['../1.36.3'], /^error: name the version to pin/, 2)
  await refused(['1.36.99'], /^error: http:\S+ has no 1\.36\.99: \S+\/kubelet\.sha256 is missing$/m)

  releases.files.set(kubeadm, 'another program')
  await refused([VERSION], /^error: \S+arm64\/kubeadm does not have the digest that the release/m)
  releases.files.set(kubeadm, (response) => {
    response.writeHead(200, { 'Content-Length': '100000' }).write('cut')
    setImmediate(() => response.destroy())
  })
  await refused([VERSION], /^error: \S+arm64\/kubeadm: curl: \(18\) /m)
  releases.files.set(kubeadm, (response) =>
    response.writeHead(200).end(standIn('kubeadm', 'arm64').slice(0, 20)),
  )
  await refused([VERSION], /^error: \S+arm64\/kubeadm does not have the digest/m)
  releases.files.set(kubeadm, (response) => response.writeHead(503).end())
  await refused([VERSION], /^error: \S+arm64\/kubeadm: curl: \(22\) .*503/m)
  releases.files.set(kubeadm, sound)
  releases.files.set(`${kubeadm}.sha256`, '<html>')
  await refused([VERSION], /^error: \S+arm64\/kubeadm\.sha256 is no SHA-256 digest$/m)
})

toolTest(TOOLS, 'update twice, and a release that is not what it was', async () => {
  const { releases, workshop } = await openWorkshop()
  await using _ = releases
  await workshop.pin()
  const [pinned, asked] = [workshop.pkgbuild, releases.asked.length]
  await workshop.pin()
  assert.equal(workshop.pkgbuild, pinned)
  const again = releases.asked.slice(asked)
  assert.ok(
    again.every((path) => path.endsWith('.sha256')),
    `fetched once more: ${again.join(' ')}`,
  )

  releases.publish(VERSION, { 'amd64/kubelet': 'another program' })
  const changed = await workshop.update(VERSION)
  assert.equal(changed.exitCode, 1)
  assert.match(changed.stderr, /^error: the release's digests of 1\.36\.3 are not those that were/m)
  assert.equal(workshop.pkgbuild, pinned)

  // Nor does makepkg take what is not what was pinned.
  for (const name of workshop.made) rmSync(join(workshop.directory, name))
  const refused = await workshop.makepkg('x86_64')
  assert.notEqual(refused.exitCode, 0)
  assert.match(refused.stdout + refused.stderr, /kubelet-1\.36\.3-x86_64 \.\.\. FAILED/)
  assert.deepEqual(workshop.packages('x86_64'), [])
})

toolTest(TOOLS, 'an update that is interrupted, killed, or not alone', async () => {
  const { releases, workshop } = await openWorkshop()
  await using _ = releases
  const before = workshop.pkgbuild
  const slow = pathOf(VERSION, 'amd64/kubeadm')
  const sound = releases.files.get(slow)!
  for (const signal of ['SIGINT', 'SIGKILL']) {
    releases.files.set(slow, (response) => response.writeHead(200).write('the first part'))
    const asked = releases.asked.length
    const leader = join(workshop.directory, 'leader')
    const named = `echo $$ >leader; exec ./update ${VERSION}`
    const updating = workshop.run(['/bin/sh', '-c', named])
    await until('the download has begun', () => releases.asked.slice(asked).includes(slow))
    const alone = await workshop.update(VERSION)
    assert.equal(alone.exitCode, 1)
    assert.equal(alone.stderr, 'error: another update is at work here\n')
    // As from a terminal: the whole process group gets it.
    process.kill(-Number(readFileSync(leader, 'utf8')), signal)
    rmSync(leader)
    assert.notEqual((await updating).exitCode, 0)
    assert.equal(workshop.pkgbuild, before)
    if (signal === 'SIGINT') assert.deepEqual(workshop.made, [])
  }
  releases.files.set(slow, sound)
  await workshop.pin()
  assert.deepEqual(
    workshop.made.filter((name) => name.startsWith('.')),
    [],
  )
})

toolTest(TOOLS, 'where cosign is, it has to confirm every binary', async () => {
  const { releases, workshop } = await openWorkshop()
  await using _ = releases
  for (const name of Object.keys(release())) {
    const path = pathOf(VERSION, name)
    releases.files.set(`${path}.sig`, `signature of ${path}`)
    releases.files.set(`${path}.cert`, 'certificate')
  }
  workshop.provide('cosign', `echo "$@" >>${workshop.directory}/cosign.log`)
  await workshop.pin()
  const log = readFileSync(join(workshop.directory, 'cosign.log'), 'utf8').trim().split('\n')
  assert.equal(log.length, 6)
  for (const line of log) {
    assert.match(line, /^verify-blob \S+ --signature \S+ --certificate \S+ --certificate-identity /)
  }
  workshop.provide('cosign', 'echo "no matching signatures"; exit 1')
  const refused = await workshop.update(VERSION)
  assert.equal(refused.exitCode, 1)
  assert.match(
    refused.stderr,
    /^error: cosign does not confirm \S+\/kubelet: no matching signatures$/m,
  )
})

/** The same package of the next minor version, as far as pacman sees it. */
const next: PackageRecipe = {
  name: 'kubelet-bin',
  version: '1.37.2',
  lines: ["provides=('kubelet=1.37.2')"],
  files: { '/usr/bin/kubelet': { content: standIn('kubelet', 'next'), mode: 0o755 } },
}

labTest('on a node: the kubelet that kubeadm expects, ignored until it is named', async () => {
  const workshop = await built()
  await using node = await bootNode({
    prepare(root) {
      for (const file of workshop.packages('x86_64')) {
        cpSync(join(workshop.directory, file), join(root, 'srv/lab', file))
      }
    },
  })
  await node.shell('cd /srv/lab && repo-add --quiet lab.db.tar.gz *.pkg.tar')
  // What they depend on is no package of the lab.
  await node.ok(['pacman', '-Sydd', '--noconfirm', ...PACKAGES])
  await node.writeFile('/var/lib/kubelet/kubeadm-flags.env', 'KUBELET_KUBEADM_ARGS="--kubeadm=1"\n')
  await node.writeFile('/etc/default/kubelet', 'KUBELET_EXTRA_ARGS=--owner=1\n')
  await node.ok(['systemctl', 'enable', '--now', 'kubelet'])
  await node.shell('until journalctl -u kubelet | grep -q owner; do sleep 0.1; done')
  assert.match(
    await node.ok(['journalctl', '-o', 'cat', '-u', 'kubelet']),
    /^kubelet --bootstrap-kubeconfig=\/etc\/kubernetes\/bootstrap-kubelet\.conf --kubeconfig=\/etc\/kubernetes\/kubelet\.conf --config=\/var\/lib\/kubelet\/config\.yaml --kubeadm=1 --owner=1$/m,
  )

  const doctor = () => node.run(['kured-sentinel', 'doctor'])
  assert.match((await doctor()).stdout, /^warning +ignored +kubelet-bin is not ignored: /m)
  await node.ok(['kured-sentinel', 'ignore', 'add', ...PACKAGES])
  assert.match((await doctor()).stdout, /^ok +ignored +kubelet-bin is ignored/m)

  // As docs/kubernetes.md has it.
  await offer(node, next)
  await node.ok(['pacman', '-Syu', '--noconfirm'])
  assert.equal(
    await node.ok(['kured-sentinel', 'ignore', 'list']),
    `kubelet-bin  /etc/pacman.conf:2  installed 1.36.3-1, available 1.37.2-1
kubeadm-bin  /etc/pacman.conf:2  installed 1.36.3-1, available 1.36.3-1
kubectl-bin  /etc/pacman.conf:2  installed 1.36.3-1, available 1.36.3-1
`,
  )
  await node.ok(['pacman', '-S', '--noconfirm', 'kubelet-bin'])
  assert.equal(await node.ok(['pacman', '-Q', 'kubelet-bin']), 'kubelet-bin 1.37.2-1\n')
})
