/** What goes into the package's source, and the install that package and checkout share. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { installedFiles } from '../../scripts/install/files.ts'
import { makeTree } from '../fixture/tree.ts'
import { toolTest } from '../lab/lab.ts'
import { CHECKOUT } from '../lab/own-package.ts'

toolTest(
  ['git'],
  'the source is the working tree: new files, no removed and no ignored ones',
  () => {
    const checkout = makeTree({
      'package.json': '{\n  "version": "1.2.3",\n}\n',
      'scripts/tarball.sh': readFileSync(join(CHECKOUT, 'scripts/tarball.sh')),
      '.gitignore': '/built\n',
      built: '',
      gone: '',
      'src/a file': '',
    })
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', checkout, ...words])
    git('init', '--quiet')
    git('add', '--all')
    git('commit', '--quiet', '--message=a')
    rmSync(join(checkout, 'gone'))
    writeFileSync(join(checkout, 'new'), '', { mode: 0o600 })
    // What it writes to, while it reads what there is.
    writeFileSync(join(checkout, 'kured-sentinel-1.2.3.tar.gz.partial'), '')

    const make = (directory: string) =>
      execFileSync('bash', [join(checkout, 'scripts/tarball.sh'), directory], {
        encoding: 'utf8',
      }).trim()
    const [one, other] = [make(makeTree({})), make(makeTree({}))]
    const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '-f', one], {
      encoding: 'utf8',
    })
    assert.deepEqual(
      listed
        .trim()
        .split('\n')
        .map((line) => line.replace(/\s+\d+ \d{4}-\d\d-\d\d \d\d:\d\d /, ' ')),
      [
        '-rw-r--r-- 0/0 kured-sentinel-1.2.3/.gitignore',
        '-rw-r--r-- 0/0 kured-sentinel-1.2.3/new',
        '-rw-r--r-- 0/0 kured-sentinel-1.2.3/package.json',
        '-rw-r--r-- 0/0 kured-sentinel-1.2.3/scripts/tarball.sh',
        '-rw-r--r-- 0/0 kured-sentinel-1.2.3/src/a file',
      ],
    )
    assert.deepEqual(readFileSync(one), readFileSync(other))
  },
)

toolTest(['scdoc'], 'an install by hand keeps the configuration, and can be taken away', () => {
  const root = makeTree({})
  const install = (...words: string[]) => {
    const script = `umask 077; exec node --import tsx scripts/install.ts ${words.join(' ')}`
    const ended = spawnSync('sh', ['-c', script], {
      cwd: CHECKOUT,
      env: { PATH: process.env['PATH'], DESTDIR: root },
      encoding: 'utf8',
    })
    assert.deepEqual([ended.status, ended.stderr], [0, ''])
  }
  const configuration = join(root, 'etc/kured-sentinel.conf')
  const earlier = join(root, 'usr/lib/kured-sentinel/dist/check-EARLIER1.js')

  install()
  const files = installedFiles(CHECKOUT)
  for (const { target, mode } of files) {
    assert.equal(statSync(join(root, target)).mode & 0o755, mode & 0o755, target)
  }
  assert.equal(statSync(join(root, 'usr')).mode & 0o777, 0o755)
  assert.equal(
    execFileSync(join(root, 'usr/bin/kured-sentinel'), ['--version'], { encoding: 'utf8' }),
    `${JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')).version}\n`,
  )

  appendFileSync(configuration, '# mine\n')
  writeFileSync(earlier, '')
  install()
  assert.match(readFileSync(configuration, 'utf8'), /# mine\n$/)
  assert.ok(!existsSync(earlier), 'a part of an earlier version is gone')

  const mistyped = spawnSync('node', ['--import', 'tsx', 'scripts/install.ts', '--removed'], {
    cwd: CHECKOUT,
    env: { PATH: process.env['PATH'], DESTDIR: makeTree({}) },
    encoding: 'utf8',
  })
  assert.equal(mistyped.status, 1)
  assert.match(mistyped.stderr, /^error: unknown: --removed; use -- --remove/)

  // Of a file system that is not mounted now.
  rmSync(configuration)
  symlinkSync('/nonexistent/kured-sentinel.conf', configuration)
  install()
  assert.equal(readlinkSync(configuration), '/nonexistent/kured-sentinel.conf')

  const hooks = join(root, 'etc/pacman.d/hooks')
  mkdirSync(hooks, { recursive: true })
  const hook = '/usr/share/kured-sentinel/99-kured-sentinel-restart.hook'
  symlinkSync(hook, join(hooks, '99-kured-sentinel-restart.hook'))
  install('--remove')
  const left = readdirSync(root, { recursive: true, withFileTypes: true })
  const names = left.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  assert.deepEqual(names, ['kured-sentinel.conf'])
})

toolTest([], 'an install of what was not built says what to do', () => {
  const checkout = makeTree({ 'package.json': '{}' })
  const parts = ['scripts', 'doc'].map((name) => join(CHECKOUT, name))
  execFileSync('cp', ['-r', ...parts, checkout])
  const { status, stderr } = spawnSync(
    'node',
    ['--import', 'tsx', join(checkout, 'scripts/install.ts')],
    { cwd: CHECKOUT, env: { PATH: process.env['PATH'], DESTDIR: checkout }, encoding: 'utf8' },
  )
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^error: not built: .*kured-sentinel\.8.*; install scdoc, then npm run build$/m,
  )
  assert.ok(!existsSync(join(checkout, 'usr')))
})
