/** The package for pacman: built by makepkg as an ordinary user, installed and removed in a node. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import manifest from '../../package.json' with { type: 'json' }
import { makeTree } from '../fixture/tree.ts'
import { bootNode, labTest, toolTest } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import {
  buildOwnPackage,
  CHECKOUT,
  ownPackage,
  type OwnPackage,
  PACKAGE_TOOLS,
} from '../lab/own-package.ts'
import { schemaFiles } from '../../scripts/build/schemas.ts'

const MANUAL = [
  'usr/share/man/man5/kured-sentinel.conf.5.gz',
  'usr/share/man/man8/kured-sentinel-ignore.8.gz',
  'usr/share/man/man8/kured-sentinel-units.8.gz',
  'usr/share/man/man8/kured-sentinel.8.gz',
]
const UNITS = shippedIn('systemd')
/** Timers and a path. */
const LASTING = UNITS.filter((name) => !name.endsWith('.service'))

/** Built here, check() and all. */
const workshop = makeTree({})
let build: Promise<OwnPackage> | undefined
const built = () => (build ??= buildOwnPackage(workshop))

toolTest(PACKAGE_TOOLS, '.SRCINFO is what makepkg makes of PKGBUILD', async () => {
  const one = await built()
  const options = {
    cwd: one.directory,
    uid: 65534,
    env: { PATH: '/usr/bin:/bin' },
    encoding: 'utf8' as const,
  }
  const printed = execFileSync('makepkg', ['--printsrcinfo'], options)
  assert.equal(readFileSync(join(CHECKOUT, '.SRCINFO'), 'utf8'), printed)
})

toolTest(PACKAGE_TOOLS, 'makepkg in a checkout neither fills nor removes its src', async () => {
  const directory = makeTree({})
  execFileSync(join(CHECKOUT, 'scripts/tarball.sh'), [directory], { stdio: 'pipe' })
  const [tarball = ''] = readdirSync(directory)
  execFileSync('tar', ['-xf', tarball, '--strip-components=1'], { cwd: directory })
  execFileSync('chown', ['-R', 'nobody:', directory])
  const makepkg = (...words: string[]) =>
    execFileSync('makepkg', ['--nodeps', '--nobuild', ...words], {
      cwd: directory,
      uid: 65534,
      env: { PATH: '/usr/bin:/bin', HOME: directory },
      stdio: 'pipe',
    })
  for (const words of [[], ['--cleanbuild'], ['--clean']]) {
    makepkg(...words)
    assert.deepEqual(readdirSync(join(directory, 'src')), readdirSync(join(CHECKOUT, 'src')))
  }
})

toolTest(PACKAGE_TOOLS, 'check() runs the tests', async () => {
  const { output } = await built()
  assert.match(output, /^[1-9]\d\d+ passed, 0 failed, \d{1,2} skipped$/m)
})

toolTest(PACKAGE_TOOLS, 'the package has exactly these files', async () => {
  const { file } = await built()
  const files = entries(file).filter((path) => !path.endsWith('/') && !path.startsWith('.'))
  const dist = 'usr/lib/kured-sentinel/dist/'
  assert.deepEqual(
    files.filter((path) => !path.startsWith(dist)),
    [
      'etc/kured-sentinel.conf',
      'usr/bin/kured-sentinel',
      'usr/lib/kured-sentinel/bin/kured-sentinel',
      'usr/lib/kured-sentinel/bin/kured-sentinel.cjs',
      'usr/lib/kured-sentinel/bin/note-replaced',
      'usr/lib/kured-sentinel/bin/note-unfinished',
      'usr/lib/kured-sentinel/package.json',
      ...UNITS.map((name) => `usr/lib/systemd/system/${name}`),
      'usr/lib/tmpfiles.d/kured-sentinel.conf',
      'usr/share/bash-completion/completions/kured-sentinel',
      'usr/share/fish/vendor_completions.d/kured-sentinel.fish',
      'usr/share/kured-sentinel/99-kured-sentinel-restart.hook',
      'usr/share/kured-sentinel/alerts.yaml',
      'usr/share/kured-sentinel/dashboard.json',
      'usr/share/kured-sentinel/examples/notify-mail',
      'usr/share/kured-sentinel/examples/notify-webhook',
      'usr/share/kured-sentinel/kured-values.yaml',
      ...[...schemaFiles().keys()]
        .toSorted()
        .map((name) => `usr/share/kured-sentinel/schemas/${name}`),
      'usr/share/libalpm/hooks/00-kured-sentinel-replaced.hook',
      'usr/share/libalpm/hooks/zzz-kured-sentinel-begun.hook',
      'usr/share/libalpm/hooks/zzz-kured-sentinel-finished.hook',
      'usr/share/licenses/kured-sentinel/LICENSE',
      'usr/share/licenses/kured-sentinel/THIRD-PARTY-LICENSES',
      ...MANUAL,
      'usr/share/zsh/site-functions/_kured-sentinel',
    ],
  )
  // The checkout was built from the same source: its parts have the same names.
  const parts = files.filter((path) => path.startsWith(dist)).map((path) => path.slice(dist.length))
  assert.deepEqual(parts, readdirSync(join(CHECKOUT, 'dist')).toSorted())
})

toolTest(
  PACKAGE_TOOLS,
  'two builds have the same contents, and no path of this machine',
  async () => {
    const one = await built()
    // Of the same source, in another place; nodes have it in other tests.
    const [first, second] = [unpacked(one), unpacked({ file: await ownPackage() })]
    assert.deepEqual(digests(first), digests(second))
    execFileSync(
      'gunzip',
      MANUAL.map((path) => join(first, path)),
    )
    for (const path of [one.directory, CHECKOUT]) {
      const words = [
        '--recursive',
        '--text',
        '--fixed-strings',
        '--files-with-matches',
        path,
        first,
      ]
      assert.equal(spawnSync('grep', words, { encoding: 'utf8' }).stdout, '')
    }
  },
)

toolTest(PACKAGE_TOOLS, 'it is small, and names the licences of what it contains', async () => {
  const one = await built()
  const root = unpacked(one)
  const info = execFileSync('bsdtar', ['-xOf', one.file, '.PKGINFO'], { encoding: 'utf8' })
  const size = Number(/^size = (\d+)$/m.exec(info)?.[1])
  assert.ok(size > 100_000 && size < 1_400_000, `${size} bytes installed`)
  assert.ok(statSync(one.file).size < 500_000, 'in the package')
  assert.match(info, /^depend = nodejs>=20\.19$/m)
  assert.equal(info.match(/^depend = /gm)?.length, 1)
  assert.match(info, /^backup = etc\/kured-sentinel\.conf$/m)

  const licences = join(root, 'usr/share/licenses/kured-sentinel/THIRD-PARTY-LICENSES')
  const texts = readFileSync(licences, 'utf8')
  const contained = [...texts.matchAll(/^==== (\S+) \S+ \((.*)\)$/gm)]
  assert.deepEqual(
    ['chalk', 'commander', 'execa', 'ini', 'signal-exit'].filter(
      (name) => !contained.some(([, found]) => found === name),
    ),
    [],
  )
  const own = /^license = (.*)$/m.exec(info)?.[1]?.split(' AND ').toSorted()
  assert.deepEqual(own, [...new Set(contained.map(([, , licence]) => licence ?? ''))].toSorted())
})

toolTest([...PACKAGE_TOOLS, 'groff'], 'groff has nothing against the manual pages', async () => {
  const one = await built()
  const root = unpacked(one)
  for (const path of MANUAL) assertPage(gunzipSync(readFileSync(join(root, path))).toString())
})

function assertPage(page: string): void {
  const format = ['-K', 'utf8', '-man', '-ww', '-T', 'utf8', '-P', '-c']
  const { stdout, stderr } = spawnSync('groff', format, { input: page, encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.match(stdout, new RegExp(`kured-sentinel ${manifest.version.replaceAll('.', '\\.')} `))
  // scdoc takes a line for text whose indentation it did not expect.
  assert.doesNotMatch(page, /^\t/m)
  const lines = stdout.replace(/.\u0008/gu, '').split('\n')
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  )
  // People copy options and paths.
  assert.doesNotMatch(stdout, /\u2010$/m)
}

labTest('pacman installs it on a node and takes all of it away', async () => {
  const { file } = await built()
  await using node = await bootNode({
    program: false,
    prepare: (root) => {
      tryFromOutside(root, file)
      tryInImage(root, file)
    },
  })
  cpSync(file, join(node.root, 'root', basename(file)))
  await node.shell('pacman -Sy; mkdir -p /etc/pacman.d/hooks')
  const before = await filesOf(node)
  const install = ['pacman', '-U', '--noconfirm', `/root/${basename(file)}`]
  const { stderr } = await node.run(install)
  assert.deepEqual(stderr.match(/cannot resolve .*/g), [
    'cannot resolve "nodejs>=20.19", a dependency of "kured-sentinel"',
  ])
  const installed = await node.run([...install, '--assume-installed', 'nodejs=20.19.2'])
  assert.deepEqual([installed.exitCode, installed.stderr], [0, ''])
  assert.match(installed.stdout, /kured-sentinel units install --help .*\n.*doctor .*\n.*status /)

  const answer = await node.asKured(['/usr/bin/kured-sentinel'])
  assert.deepEqual(answer, {
    exitCode: 1,
    stdout: 'no reboot required\n',
    stderr: '',
    timedOut: false,
  })
  assert.equal(await node.ok(['kured-sentinel', '--version']), `${manifest.version}\n`)
  assert.match(await node.ok(['pacman', '-Qkk', 'kured-sentinel']), / 0 altered files/)

  // The node has no man(1) to find their Documentation= with; the page is looked at above.
  for (const unit of UNITS) await node.ok(['systemd-analyze', 'verify', '--man=no', unit])
  for (const unit of LASTING) {
    assert.equal((await node.run(['systemctl', 'is-enabled', unit])).stdout, 'disabled\n')
    await node.ok(['systemctl', 'enable', '--now', unit])
  }
  await node.ok(['mkdir', '-m', '755', '/srv/metrics'])
  const metrics = 'kured-sentinel units install --local --enable --metrics /srv/metrics'
  await node.shell(`${metrics} && systemctl start kured-sentinel-metrics`)
  assert.match(await node.readFile('/srv/metrics/kured_sentinel.prom'), /^kured_sentinel_hold 0$/m)
  // An upgrade takes nothing along; afterwards some files are a person's.
  await node.ok([...install, '--assume-installed', 'nodejs=20.19.2'])
  await node.shell(`cd /etc/systemd/system; test -e pacman-upgrade.service
systemctl is-active --quiet kured-sentinel-metrics.timer
printf '[Timer]\\nOnCalendar=weekly\\n[Install]\\nWantedBy=timers.target\\n' >pacman-cache-update.timer
systemctl daemon-reload; systemctl enable --now pacman-cache-update.timer
echo '# mine' >>kured-sentinel-metrics.path; echo mine >pacman-upgrade.service.pacsave`)
  // Left behind, the link would keep pacman from every transaction: "could not stat file".
  const hook = '/usr/share/kured-sentinel/99-kured-sentinel-restart.hook'
  await node.ok(['ln', '-s', hook, '/etc/pacman.d/hooks/'])
  await node.shell('echo "# mine" >> /etc/kured-sentinel.conf; mkdir -p /var/lib/kured-sentinel')
  const removed = await node.run(['pacman', '-R', '--noconfirm', 'kured-sentinel'])
  const { exitCode, stderr: said } = removed
  const saved = '/etc/kured-sentinel.conf saved as /etc/kured-sentinel.conf.pacsave'
  assert.deepEqual([exitCode, said], [0, `warning: ${saved}\n`])
  // The directory is a person's; the file in it was ours.
  await node.ok(['rmdir', '/srv/metrics'])
  assert.match(
    removed.stdout,
    /system\/kured-sentinel-metrics\.path was edited since .*, and stays/,
  )
  for (const unit of LASTING) {
    const state = unit === 'pacman-cache-update.timer' ? 'active' : 'inactive'
    assert.equal((await node.run(['systemctl', 'is-active', unit])).stdout, `${state}\n`)
  }
  const units = '/etc/systemd/system'
  assert.deepEqual((await filesOf(node)).filter((path) => !before.includes(path)).toSorted(), [
    '/etc/kured-sentinel.conf.pacsave',
    `${units}/kured-sentinel-metrics.path`,
    `${units}/pacman-cache-update.timer`,
    `${units}/pacman-upgrade.service.pacsave`,
    `${units}/timers.target.wants/pacman-cache-update.timer`,
    // Of the package's timer, which was there first; a person's may read it.
    '/var/lib/systemd/timers/stamp-pacman-cache-update.timer',
  ])
})

/** With this machine's pacman, which on Debian 12 is 6.0.2; the node's is 7. */
function tryFromOutside(root: string, file: string): void {
  const place = ['--root', root, '--config', join(root, 'etc/pacman.conf')]
  const pacman = (...words: string[]) =>
    execFileSync('pacman', [...place, '--noconfirm', ...words], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  pacman('-U', '--assume-installed', 'nodejs=20.19.2', file)
  assert.match(pacman('-Qkk', 'kured-sentinel'), / 0 altered files/)
  pacman('-R', 'kured-sentinel')
  assert.ok(!existsSync(join(root, 'usr/lib/kured-sentinel')))
}

/** As in the making of an image: no systemd, no /proc but its own, and nothing may be enabled. */
function tryInImage(root: string, file: string): void {
  cpSync(file, join(root, 'package'))
  const enter = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', `--root=${root}`]
  const script = `mount -t proc proc /proc
pacman -U --noconfirm --assume-installed nodejs=20.19.2 /package
${LASTING.map((unit) => `systemctl enable ${unit}`).join('\n')}
kured-sentinel units install --nfs nas:/sync --nfs nas:/pkg --enable
test -e /etc/systemd/system/remote-fs.target.wants/var-lib-pacman-sync.mount
pacman -R --noconfirm kured-sentinel
rm /package`
  const ended = spawnSync('unshare', [...enter, '/bin/sh', '-euc', script], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: '/usr/bin:/usr/sbin', LANG: 'C.UTF-8' },
  })
  assert.equal(ended.status, 0, ended.stdout + ended.stderr)
  assert.doesNotMatch(ended.stdout + ended.stderr, /error|command failed/i)
  const links = readdirSync(join(root, 'etc/systemd/system'), { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    links.filter((link) => LASTING.includes(basename(link)) || /mount$|^pacman/.test(link)),
    [],
  )
}

/** The node's files, without those that change by themselves. */
async function filesOf(node: LabNode): Promise<string[]> {
  const without = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/log', '/var/lib/pacman']
  const prune = without.flatMap((path) => ['-path', path, '-prune', '-o'])
  return (await node.ok(['find', '/', ...prune, '-print'])).split('\n')
}

function shippedIn(directory: string): string[] {
  const path = join(CHECKOUT, directory)
  return existsSync(path) ? readdirSync(path).toSorted() : []
}

function entries(file: string): string[] {
  return execFileSync('bsdtar', ['-tf', file], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .toSorted()
}

function unpacked({ file }: Pick<OwnPackage, 'file'>): string {
  const root = makeTree({})
  execFileSync('bsdtar', ['-xpf', file, '-C', root])
  // It is to say where it was built, and pacman does not install it; .MTREE has its digest.
  for (const name of ['.BUILDINFO', '.MTREE']) rmSync(join(root, name))
  return root
}

/** Of each entry its mode, owner, time, name and content. */
function digests(root: string): string[] {
  const list = `find . -mindepth 1 -printf '%M %u %g %Ts %p %l\\n' | sort; find . -type f -exec sha256sum {} + | sort`
  return execFileSync('sh', ['-c', list], { cwd: root, encoding: 'utf8' }).split('\n')
}
