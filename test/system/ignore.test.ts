/** `ignore …` with the real pacman: this machine's (6.0.2 on Debian 12), and a node's (7.0.0). */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { listIgnored } from '../../src/ignored/list.ts'
import { consoleBlock, followConsole, shellWith } from '../fixture/console.ts'
import { BIN, NODE, run } from '../fixture/program.ts'
import { makePacmanHost } from '../fixture/pacman-host.ts'
import { UPGRADES } from '../fixture/upgrades.ts'
import { bootNode, install, labTest, offer, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { plain } from '../lab/recipes.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const ignore = (node: LabNode, ...args: string[]) => node.run(['kured-sentinel', 'ignore', ...args])
const installed = (node: LabNode) => node.ok(['pacman', '-Q', 'kubelet', 'cni'])

/** All of pacman's own files: their names, bytes and times, the log too. */
const databases = (node: LabNode) =>
  node.shell(
    'cd /var; find lib/pacman log/pacman.log cache/pacman -printf "%p %s %T@ %i\\n" | sort; ' +
      'find lib/pacman -type f | sort | xargs cat | sha256sum; ls -d /tmp/kured-sentinel-* || :',
  )

labTest('a node: an ignored package stays, and stops an upgrade that needs it', async () => {
  await using node = await bootNode()
  await install(node, plain('kubelet', '1.30'), plain('cni', '1.0', { depends: ['kubelet'] }))
  const added = await ignore(node, 'add', 'kubelet')
  assert.equal(added.stdout, 'kubelet added to IgnorePkg in /etc/pacman.conf\n')

  await upgradeTo(node, plain('kubelet', '1.31'), plain('cni', '1.1', { depends: ['kubelet'] }))
  assert.equal(await installed(node), 'kubelet 1.30-1\ncni 1.1-1\n')
  const waiting = await ignore(node, 'check')
  assert.equal(waiting.exitCode, 0)
  assert.match(waiting.stdout, /^ {2}kubelet 1\.30-1 -> 1\.31-1$/m)
  const list = await ignore(node, 'list')
  assert.match(
    list.stdout,
    /^kubelet {2}\/etc\/pacman\.conf:\d+ {2}installed 1\.30-1, available 1\.31-1\n$/,
  )

  await offer(node, plain('cni', '1.2', { depends: ['kubelet>=1.31'] }))
  await node.ok(['pacman', '-Sy'])
  const before = await databases(node)
  const blocked = await ignore(node, 'check')
  assert.equal(blocked.exitCode, 1)
  assert.match(
    blocked.stdout,
    /kubelet is ignored \(at 1\.30-1\): cni 1\.2-1 needs kubelet>=1\.31, 1\.31-1 is available/,
  )
  assert.equal(await databases(node), before, 'the real databases, the log, the cache, /tmp')
  assert.doesNotMatch(before, /db\.lck|\/tmp\//)
  const failed = await node.run(['pacman', '-Su', '--noconfirm'])
  assert.equal(failed.exitCode, 1)
  assert.equal(await installed(node), 'kubelet 1.30-1\ncni 1.1-1\n')

  await node.ok(['touch', '/var/lib/pacman/db.lck'])
  const busy = await ignore(node, 'check')
  assert.deepEqual([busy.exitCode, busy.stdout], [2, ''])
  assert.match(busy.stderr, /^error: could not tell: pacman is at work.*db\.lck/)
  await node.ok(['rm', '/var/lib/pacman/db.lck'])

  await node.ok(['kured-sentinel', 'ignore', 'remove', 'kubelet'])
  assert.equal((await ignore(node, 'check')).exitCode, 0)
  await node.ok(['pacman', '-Su', '--noconfirm'])
  assert.equal(await installed(node), 'kubelet 1.31-1\ncni 1.2-1\n')
})

labTest(
  'docs/ignored-packages.md: a kubelet, a pattern, a misspelling, and the check',
  async () => {
    const root = makePacmanHost({
      installed: [
        ['kubelet', '1.30.1-1'],
        ['kubeadm', '1.30.1-1', { depends: ['kubelet'] }],
        ['linux', '6.9.1-1'],
      ],
      repositories: {
        core: [
          ['kubelet', '1.31.0-1'],
          ['kubeadm', '1.31.0-1', { depends: ['kubelet>=1.31'] }],
          ['linux', '6.9.2-1'],
        ],
      },
      options: '',
    })
    const file = join(root, 'pacman.conf')
    const head = '[options]\nHoldPkg     = pacman glibc\nArchitecture = auto\nCheckSpace\n'
    writeFileSync(file, readFileSync(file, 'utf8').replace('[options]\n', head))
    const shell = shellWith('--pacman-conf', file)
    await followConsole(
      consoleBlock('docs/ignored-packages.md', '# kured-sentinel ignore add --dry-run kubelet'),
      async (script, step) => (await shell(script, step)).replaceAll(file, '/etc/pacman.conf'),
    )
  },
)

describe('ignore check on this machine', () => {
  for (const { title, host, exitCode, says } of UPGRADES) {
    labTest(title, () => {
      const root = makePacmanHost(host)
      const ended = run(['ignore', 'check', '--pacman-conf', join(root, 'pacman.conf')])
      assert.match(ended.stdout + ended.stderr, says)
      assert.equal(ended.code, exitCode)
      assert.deepEqual(readdirSync(join(root, 'db')), ['local', 'sync'])
      return Promise.resolve()
    })
  }
})

labTest('ignore check in a node says the same of all of them', async () => {
  await using node = await bootNode()
  for (const [index, { title, host, exitCode, says }] of UPGRADES.entries()) {
    const place = `/srv/upgrades/${index}`
    mkdirSync(join(node.root, place), { recursive: true })
    cpSync(makePacmanHost(host, place), join(node.root, place), { recursive: true })
    const ended = await ignore(node, 'check', '--pacman-conf', `${place}/pacman.conf`)
    assert.match(ended.stdout + ended.stderr, says, title)
    assert.equal(ended.exitCode, exitCode, title)
  }
})

const HELD = {
  installed: [['x', '1-1']] as [string, string][],
  repositories: { core: [['x', '2-1']] as [string, string][] },
  options: 'IgnorePkg = x',
}

labTest('ignore check with databases that are missing, broken or not to be copied', () => {
  const cases: [damage: string, says: RegExp][] = [
    [
      'rm db/sync/core.db',
      /cannot be copied \(.*No such file.*\): have the cache host download, with systemctl start pacman-cache/,
    ],
    [': >db/sync/core.db', /could not tell: the repository core offers nothing/],
    ['echo garbage >db/sync/core.db', /could not tell: error: could not .*core/],
    ['mv db/sync/core.db db/sync/other.db', /core.*cannot be copied|cannot be copied .*core/],
    ['rm -r db/local/x-1-1', /local has no packages/],
    ['rm -r db/local', /no package database/],
    ['echo "Include = /none/*" >>pacman.conf', /pacman\.conf:10: Include = .* matches nothing/],
    ['mkdir db/db.lck', /could not tell: pacman is at work, or was interrupted/],
  ]
  for (const [damage, says] of cases) {
    const root = makePacmanHost(HELD)
    execFileSync('sh', ['-c', damage], { cwd: root })
    const { code, stdout, stderr } = run([
      'ignore',
      'check',
      '--pacman-conf',
      join(root, 'pacman.conf'),
    ])
    assert.match(stderr, says, damage)
    assert.deepEqual([code, stdout], [2, ''], damage)
  }
  return Promise.resolve()
})

labTest('ignore check as JSON, and who may not ask', () => {
  const conf = join(makePacmanHost(UPGRADES[0]?.host ?? HELD), 'pacman.conf')
  const ended = run(['ignore', 'check', '--json', '--pacman-conf', conf])
  const { verdict, details } = readEnvelope('ignore check', ended.stdout)
  const { databasesFrom = '', errors, ...rest } = details
  const x = { installed: '1-1', available: '2-1' }
  assert.equal(verdict, 'blocked')
  assert.deepEqual(rest, {
    blockers: [{ package: 'x', ...x, kind: 'needed', dependency: 'x>=2', by: 'y 2-1' }],
    waiting: [{ name: 'x', ...x }],
    obstacles: [],
    warnings: [],
  })
  assert.ok(errors.length === 2 && !Number.isNaN(Date.parse(databasesFrom)))
  execFileSync('chmod', ['-R', 'a+rX', join(conf, '..')])
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const refused = run(['ignore', 'check', '--pacman-conf', conf], { through: nobody })
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /pacman's simulation of an upgrade needs root/)
  return Promise.resolve()
})

/** A host whose file of a database never comes, as one on a server that is gone. */
function makeHungHost(file = 'db/sync/core.db'): string {
  const root = makePacmanHost(HELD)
  execFileSync('sh', ['-c', 'rm "$0" && mkfifo "$0"', file], { cwd: root })
  return join(root, 'pacman.conf')
}

labTest('ignore list with a database that never comes', () => {
  const { entries, warnings } = listIgnored(
    new Host(),
    makeHungHost(),
    'IgnorePkg',
    new Deadline(1000),
  )
  assert.equal(entries[0]?.packages[0]?.installed, '1-1')
  assert.match(warnings[0] ?? '', /uncertain: pacman -Sl gave no answer in time/)
  return Promise.resolve()
})

labTest('ignore check that is ended by a signal leaves nothing', async () => {
  // Root's work, as this test is root.
  const directory = '/run/kured-sentinel/work'
  // pacman itself waits for it; a sync database that is no regular file would be refused.
  const conf = makeHungHost('db/local/x-1-1/desc')
  const words = [BIN, 'ignore', 'check', '--pacman-conf', conf]
  const child = spawn(NODE, words, { stdio: 'inherit' })
  const left = () =>
    existsSync(directory)
      ? readdirSync(directory).filter((name) => name.startsWith(`kured-sentinel-${child.pid}-`))
      : []
  for (const limit = new Deadline(10_000); left().length === 0 && limit.left() > 0;) await sleep(20)
  assert.equal(left().length, 1)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'close'), [null, 'SIGTERM'])
  assert.deepEqual(left(), [])
})

labTest('ignore list: patterns, groups, two repositories, names that nobody has', () => {
  const root = makePacmanHost({
    installed: [
      ['kubelet', '1.30-1', { groups: ['k8s'] }],
      ['linux', '6.9-1'],
      ['linux-lts', '6.6-1'],
      ['foreign', '1-1'],
    ],
    repositories: {
      testing: [['kubelet', '1.32-1', { groups: ['k8s'] }]],
      core: [
        ['kubelet', '1.31-1'],
        ['linux', '6.10-1'],
        ['absent', '3-1'],
      ],
    },
    options:
      'IgnorePkg = kubelet linux*\nIgnorePkg = foreign absent typo t*po a,\nIgnoreGroup = k* none',
  })
  const conf = join(root, 'pacman.conf')
  const list = (...args: string[]) => run(['ignore', 'list', '--pacman-conf', conf, ...args])
  const shown = list()
  assert.equal(shown.stderr, '')
  assert.equal(
    shown.stdout.replaceAll(`${conf}:`, '@'),
    `kubelet  @6  installed 1.30-1, available 1.32-1
linux*   @6  linux installed 6.9-1, available 6.10-1; linux-lts installed 6.6-1
foreign  @7  installed 1-1
absent   @7  not installed, available 3-1
typo     @7  not installed
  warning: typo is neither installed nor in any sync database
t*po     @7  nothing installed
a,       @7  not installed
  warning: a, contains a comma, which pacman takes as part of the name: put a space between names
  warning: a, is neither installed nor in any sync database
`,
  )
  assert.equal(
    list('--group').stdout.replaceAll(`${conf}:`, '@'),
    `k*    @8  kubelet installed 1.30-1, available 1.32-1
none  @8  nothing installed
  warning: none has no packages
`,
  )
  const { entries } = JSON.parse(list('--json').stdout).details
  assert.deepEqual(entries[0], {
    name: 'kubelet',
    file: conf,
    line: 6,
    packages: [{ name: 'kubelet', installed: '1.30-1', available: '1.32-1' }],
    warnings: [],
  })

  const add = (...args: string[]) => run(['ignore', 'add', '--pacman-conf', conf, ...args])
  const added = add('linux-lts', 'kublet')
  assert.deepEqual(
    [added.code, added.stderr],
    [0, 'warning: kublet is neither installed nor in any sync database\n'],
  )
  assert.deepEqual(JSON.parse(add('--json', 'kublet').stdout).details.warnings, [
    'kublet is neither installed nor in any sync database',
  ])

  const removed = run(['ignore', 'remove', '--pacman-conf', conf, 'kubelet'])
  assert.equal(
    removed.stderr,
    `warning: kubelet is still ignored, by the group k* in ${conf}\n`,
    'IgnoreGroup holds it',
  )

  execFileSync('rm', [join(root, 'db/sync/testing.db')])
  assert.match(list().stdout, /^warning: available versions are uncertain: .*testing/m)
  assert.match(
    list().stdout,
    /typo is neither installed nor in any sync database, as far as is known/,
  )
  return Promise.resolve()
})
