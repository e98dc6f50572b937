/** What `doctor` says of a host's files, on literal trees. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configuration } from '../../src/doctor/configuration.ts'
import type { DoctorCheck } from '../../src/doctor/line.ts'
import { lock } from '../../src/doctor/lock.ts'
import { judgeFiles as judgeOwnFiles, judgeHook } from '../../src/doctor/package.ts'
import { judgePacfiles } from '../../src/doctor/pacfiles.ts'
import { judgeConf } from '../../src/doctor/pacman.ts'
import { NO_CONF } from '../../src/pacman/conf/conf.ts'
import { judgeFiles, judgeNode } from '../../src/doctor/program.ts'
import { replaced } from '../../src/doctor/replaced.ts'
import { verdict } from '../../src/doctor/verdict.ts'
import { Host } from '../../src/host/host.ts'
import { placeOf, said, shown } from '../fixture/doctor.ts'
import { hostTree, processTree, replacedTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

/** An installed program: Kured's call leads to it, and main.js loads another part. */
const INSTALLED: Tree = {
  'usr/bin/kured-sentinel': { link: '../lib/kured-sentinel/bin/kured-sentinel' },
  'usr/lib/kured-sentinel/bin/kured-sentinel': '#!/bin/sh',
  'usr/lib/kured-sentinel/bin/kured-sentinel.cjs': '#!/usr/bin/node',
  'usr/lib/kured-sentinel/bin/note-replaced': '#!/bin/sh',
  'usr/lib/kured-sentinel/bin/note-unfinished': '#!/bin/sh',
  'usr/lib/kured-sentinel/package.json': '{}',
  'usr/lib/kured-sentinel/dist/main.js': 'import"./chunk-A1.js";await import("./check-B2.js")',
  'usr/lib/kured-sentinel/dist/chunk-A1.js': 'var a',
  'usr/lib/kured-sentinel/dist/check-B2.js': 'var b',
  'usr/lib/kured-sentinel/dist/minute.cjs': 'var c',
}

function files(tree: Tree): string[] {
  return shown(judgeFiles(new Host(makeTree(tree)), '/usr/lib/kured-sentinel'))
}

describe('the program', () => {
  const complete = /^ok: kured-sentinel \d\S+ in \/usr\/lib\/kured-sentinel is complete$/

  test('complete', () => {
    const [line = '', ...more] = files(INSTALLED)
    assert.match(line, complete)
    assert.deepEqual(more, [])
  })

  test('parts that a power cut has emptied, or that are gone', () => {
    const { 'usr/lib/kured-sentinel/bin/note-replaced': _, ...without } = INSTALLED
    const lacking = (file: string) => [`wrong: /usr/lib/kured-sentinel: ${file} missing or empty`]
    assert.deepEqual(files(without), lacking('bin/note-replaced'))
    const emptied = { ...INSTALLED, 'usr/lib/kured-sentinel/dist/check-B2.js': '' }
    assert.deepEqual(files(emptied), lacking('dist/check-B2.js'))
    assert.deepEqual(files({ 'usr/lib/x': '' }), [
      'wrong: /usr/lib/kured-sentinel: bin/kured-sentinel and 6 more missing or empty',
    ])
  })

  test('Kured’s call leads nowhere, or to another program', () => {
    const { 'usr/bin/kured-sentinel': _, ...without } = INSTALLED
    assert.deepEqual(files(without).slice(1), [
      'wrong: /usr/bin/kured-sentinel, which Kured calls, is missing',
    ])
    assert.deepEqual(files({ ...without, 'usr/bin/kured-sentinel': 'x' }).slice(1), [
      'warning: /usr/bin/kured-sentinel, which Kured calls, is /usr/bin/kured-sentinel, not this program',
    ])
  })

  test('the version of Node', () => {
    const states = ['v20.20.2', 'v20.19.0', 'v26.1.0', 'v20.18.3', 'v18.20.4', '', 'garbage']
    assert.deepEqual(
      states.map((version) => judgeNode(`${version}\n`).state),
      ['ok', 'ok', 'ok', 'wrong', 'wrong', 'wrong', 'wrong'],
    )
    assert.equal(
      judgeNode('v18.20.4\n').message,
      '/usr/bin/node is Node 18.20.4; 20.19 or newer is needed',
    )
  })
})

describe('its package', () => {
  test('the files, by the words of pacman 7.0.0', () => {
    const says = (words: string) => shown([judgeOwnFiles('0.1.0-1', words)])
    assert.deepEqual(
      says(
        `backup file: kured-sentinel: /etc/kured-sentinel.conf (Modification time mismatch)
kured-sentinel: 44 total files, 0 altered files\n`,
      ),
      ['ok: kured-sentinel 0.1.0-1 is unmodified'],
    )
    assert.deepEqual(says('kured-sentinel: 44 total files, 2 altered files\n'), [
      'wrong: kured-sentinel 0.1.0-1: 2 of its files modified or missing',
    ])
    assert.deepEqual(says(''), [
      'wrong: kured-sentinel 0.1.0-1: some of its files modified or missing',
    ])
  })

  test('the hook', () => {
    const hook = 'etc/pacman.d/hooks/99-kured-sentinel-restart.hook'
    const says = (tree: Tree) => shown([judgeHook(new Host(makeTree(tree)))])
    assert.deepEqual(says({ 'etc/x': '' }), ['ok: its hook for upgrades by hand is not active'])
    assert.deepEqual(says({ [hook]: 'Exec = /usr/bin/kured-sentinel restart\n' }), [
      'ok: its hook for upgrades by hand is active',
    ])
    assert.deepEqual(says({ [hook]: { link: '/dev/null' } }), [`ok: /${hook} is masked`])
    const nowhere = [`warning: /${hook} is a broken link, or not this program’s hook`]
    assert.deepEqual(says({ [hook]: { link: '/none/none' } }), nowhere)
    assert.deepEqual(says({ [hook]: 'Exec = /usr/bin/other\n' }), nowhere)
  })
})

describe('pacman.conf', () => {
  const conf = (text: string) => shown(judgeConf(new Host(makeTree({ 'etc/pacman.conf': text }))))
  const valid = '[options]\n[core]\nServer = x\n'

  test('valid', () => assert.deepEqual(conf(valid), ['ok: /etc/pacman.conf is valid']))

  test('what pacman reads otherwise', () => {
    assert.deepEqual(conf(`${valid}IgnorePkg = kubelet\n`), [
      'warning: /etc/pacman.conf:4: IgnorePkg has no effect: pacman reads it only in [options], this is [core] since /etc/pacman.conf:2',
    ])
  })

  test('what pacman stops at', () => {
    assert.deepEqual(conf('[options]\nInclude = /etc/none*\n'), [
      'wrong: pacman stops at /etc/pacman.conf:2: Include = /etc/none* matches nothing',
    ])
  })

  test('no repository', () => {
    assert.deepEqual(conf('[options]\n'), [
      'warning: /etc/pacman.conf has no repository: nothing is ever upgraded',
    ])
  })

  test('none at all', () => {
    const [line = ''] = shown(judgeConf(new Host(makeTree({ 'etc/x': '' }))))
    assert.match(line, /^wrong: \/etc\/pacman\.conf cannot be read: .*no such file/)
  })
})

const LOCK = 'var/lib/pacman/db.lck'
const BEFORE_BOOT = new Date(Date.now() - 6000_000)
/** fd 7 of PID 30 is the lock. */
const HOLDER: Tree = {
  ...processTree(30, { command: 'pacman' }),
  'proc/30/fd': { directory: true },
  'proc/30/fd/7': { link: '/var/lib/pacman/db.lck' },
  'proc/30/fdinfo/7': 'flags:\t0100301\nmnt_id:\t28\n',
}

const CASES: [what: string, check: DoctorCheck, tree: Tree, lines: (string | RegExp)[]][] = [
  ['no lock', lock, hostTree(), ['ok: there is no pacman lock']],
  [
    'a lock whose pacman works',
    lock,
    hostTree({ [LOCK]: '', ...HOLDER }),
    [/^ok: pacman is at work: PID 30 holds \/.*db\.lck$/],
  ],
  [
    'a stale lock',
    lock,
    hostTree({ [LOCK]: { content: '', modified: BEFORE_BOOT } }),
    [/^wrong: stale lock .*db\.lck: nobody has it open and it is older than this boot$/],
  ],
  [
    'no configuration',
    configuration,
    hostTree(),
    ['ok: no /etc/kured-sentinel.conf: the defaults apply'],
  ],
  [
    'a valid configuration',
    configuration,
    hostTree({ 'etc/kured-sentinel.conf': '[sentinel]\ntimeout = 20s\n' }),
    ['ok: /etc/kured-sentinel.conf is valid'],
  ],
  [
    'an unknown key',
    configuration,
    hostTree({ 'etc/kured-sentinel.conf': '[sentinel]\ntimeuot = 20s\n' }),
    [/^wrong: \/etc\/kured-sentinel\.conf:2: unknown key "timeuot"/],
  ],
  ['nothing due', verdict, hostTree(), ['ok: no reboot due']],
  [
    'a reboot is due',
    verdict,
    hostTree({ 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }),
    ['ok: reboot due'],
  ],
  [
    'something that check cannot read',
    verdict,
    hostTree({ 'proc/sys/kernel/version': '' }),
    ['wrong: kernel: /proc/sys/kernel/version is empty'],
  ],
  [
    'a lock and nothing else keeps check from answering',
    verdict,
    hostTree({ [LOCK]: { content: '', modified: BEFORE_BOOT } }),
    ['wrong: check answers 2 because of the lock'],
  ],
]

for (const [what, check, tree, lines] of CASES) {
  test(`${check.area}: ${what}`, async () => matches(await said(check, tree), lines))
}

describe('what pacman replaced', () => {
  const HOOK = '00-kured-sentinel-replaced.hook'
  const noted: Tree = {
    [`usr/share/libalpm/hooks/${HOOK}`]: '[Trigger]',
    'usr/share/libalpm/hooks/zzz-kured-sentinel-begun.hook': '[Trigger]',
    'usr/share/libalpm/hooks/zzz-kured-sentinel-finished.hook': '[Trigger]',
    'run/kured-sentinel/since-boot': '',
    ...replacedTree('/usr/lib/a.so', '/usr/lib/b.so'),
  }
  const active = 'ok: pacman’s hooks are active'
  const two = 'ok: pacman has replaced 2 files in this boot (/run/kured-sentinel/replaced)'
  const { 'run/kured-sentinel/since-boot': _, ...late } = noted
  const hooks = `[options]\nHookDir = /etc/pacman.d/hooks/\nHookDir = /srv/hooks\n`
  for (const [what, tree, expected] of [
    ['all is noted', noted, [active, two]],
    [
      'nothing was replaced',
      { ...noted, ...replacedTree() },
      [active, /^ok: pacman has replaced nothing in this boot/],
    ],
    [
      'the hook is masked',
      { ...noted, [`etc/pacman.d/hooks/${HOOK}`]: { link: '/dev/null' } },
      [
        /^wrong: \/etc\/pacman\.d\/hooks\/.*\.hook is in the way: replaced files are not listed/,
        two,
      ],
    ],
    [
      'a hook that notes cut upgrades is masked',
      { ...noted, 'etc/pacman.d/hooks/zzz-kured-sentinel-begun.hook': { link: '/dev/null' } },
      [/begun\.hook is in the way: nobody will know if an upgrade is interrupted/, two],
    ],
    [
      'another hook directory',
      { ...noted, 'etc/pacman.conf': hooks, [`srv/hooks/${HOOK}`]: '' },
      [/^wrong: \/srv\/hooks\/.* is in the way/, two],
    ],
    [
      'the hook is empty',
      { ...noted, [`usr/share/libalpm/hooks/${HOOK}`]: '' },
      [/^wrong: .*\.hook is missing or empty: replaced files are not listed/, two],
    ],
    [
      'installed in this boot',
      late,
      [active, /^warning: the program was installed in this boot: .*since then 2 files$/],
    ],
    [
      'not all could be noted',
      { ...noted, 'run/kured-sentinel/incomplete': '' },
      [active, /^wrong: the list of files that pacman replaced is incomplete/],
    ],
  ] as const satisfies [string, Tree, (string | RegExp)[]][]) {
    test(what, async () => {
      matches(await said(replaced, hostTree({ 'run/x': '', ...tree })), [...expected])
    })
  }
})

test('an ordinary user is told what only root can see', async () => {
  const unseen = hostTree({ ...replacedTree('/usr/lib/x.so'), ...processTree(40) })
  delete unseen['proc/40/maps']
  const nobody = { isRoot: false }
  matches(await said(lock, hostTree({ [LOCK]: '' }), nobody), [/^unknown: .*only root can see /])
  matches(await said(verdict, unseen, nobody), [/^unknown: .*only root can see /])
})

test('a stale lock has its advice', async () => {
  const place = placeOf(hostTree({ [LOCK]: { content: '', modified: BEFORE_BOOT } }))
  const [line] = await lock.look(place)
  assert.equal(line?.advice, 'kured-sentinel repair')
})

function matches(lines: string[], expected: (string | RegExp)[]): void {
  assert.equal(lines.length, expected.length, lines.join('\n'))
  expected.forEach((one, index) => {
    const line = lines[index] ?? ''
    if (typeof one === 'string') assert.equal(line, one)
    else assert.match(line, one)
  })
}

test('.pacnew and .pacsave files that are still there', () => {
  const line = (text: string) => `[2034-05-01T00:00:00+0000] [ALPM] ${text}\n`
  const root = makeTree({
    'etc/x.conf.pacnew': '',
    'etc/y.pacsave.1': '',
    'var/log/pacman.log':
      line('warning: /etc/x.conf installed as /etc/x.conf.pacnew').repeat(2) +
      line('warning: /etc/y saved as /etc/y.pacsave.1') +
      line('warning: /etc/z installed as /etc/z.pacnew') +
      '[2034-05-01T00:00:00+0000] [ALPM-SCRIPTLET] warning: /etc/w installed as /etc/x.conf.pacnew\n',
  })
  const found = judgePacfiles(new Host(root), NO_CONF)
  assert.deepEqual(shown(found), [
    'warning: to be merged or removed: /etc/x.conf.pacnew, /etc/y.pacsave.1',
  ])
  assert.match(found[0]?.advice ?? '', /^pacdiff/)
  assert.deepEqual(judgePacfiles(new Host(makeTree({ 'etc/x': '' })), NO_CONF), [])
})
