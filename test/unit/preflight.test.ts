import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderChecks, renderVerdict } from '../../src/commands/preflight.ts'
import { adviceForSilence, judgeMount } from '../../src/preflight/mounts.ts'
import { inHostPaths } from '../../src/pacman/database/copy.ts'
import { judgeOpening } from '../../src/preflight/databases.ts'
import { judgePlan } from '../../src/preflight/plan.ts'
import { parseRefusal } from '../../src/preflight/rehearsal.ts'
import { judgePackages } from '../../src/preflight/packages.ts'
import { parseTarget } from '../../src/pacman/targets.ts'
import { type PreflightFinding, inOrder, withAdvice } from '../../src/preflight/check.ts'
import { mountedAt } from '../../src/proc/mountinfo.ts'
import { preflight, type Preflight } from '../../src/preflight/preflight.ts'

const SYNC = '/var/lib/pacman/sync'
const ROOT = '29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n'
const AUTOMOUNT = `60 29 0:50 / ${SYNC} rw,relatime shared:30 - autofs systemd-1 rw,fd=53,direct\n`
const NFS = (parent: number) =>
  `70 ${parent} 0:60 / ${SYNC} rw,relatime shared:40 - nfs4 cache:/sync rw,vers=4.2,hard\n`
const TMPFS = `80 70 0:70 / ${SYNC} rw - tmpfs tmpfs rw\n`

describe('what is mounted', () => {
  for (const [what, mountinfo, types, expected] of [
    ['nothing', ROOT, [], /sync is not mounted$/],
    ['only the automount', ROOT + AUTOMOUNT, [], /not mounted: only its automount is there/],
    [
      'NFS over the automount',
      ROOT + AUTOMOUNT + NFS(60),
      [],
      /is mounted from cache:\/sync \(nfs4\)/,
    ],
    ['NFS, which is wanted', ROOT + NFS(29), ['nfs', 'nfs4'], /\(nfs4\)$/],
    [
      'something over the NFS',
      ROOT + NFS(29) + TMPFS,
      ['nfs', 'nfs4'],
      /from tmpfs \(tmpfs\), and not by nfs or nfs4/,
    ],
    ['something else, and any will do', ROOT + NFS(29) + TMPFS, [], /\(tmpfs\)$/],
    ['a mount further up', ROOT + NFS(29).replace(SYNC, '/var/lib'), [], /sync is not mounted$/],
    ['a mount further down', ROOT + NFS(29).replace(SYNC, `${SYNC}/x`), [], /sync is not mounted$/],
    [
      'a mount that another one hides',
      ROOT + NFS(29) + '90 29 0:80 / /var rw - tmpfs tmpfs rw\n',
      [],
      /sync is not mounted$/,
    ],
  ] as const) {
    test(what, () => {
      const finding = judgeMount(SYNC, mountedAt(mountinfo, SYNC), types)
      assert.match(finding.message, expected)
      assert.equal(finding.result, /is mounted from [^,]*$/.test(finding.message) ? 'ok' : 'skip')
    })
  }
})

describe('a skip says what to do', () => {
  const mounted = (type: string, source = 'cache:/sync') => ({ type, source })
  for (const [what, at, says] of [
    [
      'nothing is mounted',
      undefined,
      /^systemctl start \/p \(NFS needs nfs-utils\), or .* --nfs, or with --local/,
    ],
    ['the automount alone', mounted('autofs', 'systemd-1'), /^systemctl start p\.mount; if/],
    ['another file system', mounted('tmpfs'), /mount-types in \/etc\/kured-sentinel\.conf$/],
  ] as const) {
    test(what, () => assert.match(judgeMount('/p', at, ['nfs']).advice ?? '', says))
  }

  test('a server that is silent, and an export that was made anew', () => {
    assert.match(adviceForSilence('no answer', '/p'), /^check whether its server is up/)
    assert.match(adviceForSilence('Stale file handle', '/p'), /systemctl restart p\.mount$/)
  })

  test('a package that the cache lacks: bring it, ignore it here, or let it be downloaded', () => {
    const lacks = (names: string[], local: boolean) => {
      const targets = names.map((name) => {
        return { repository: 'lab', name, version: '2-1', size: 1, file: name }
      })
      return judgePackages(targets, ['/c'], new Map([['cut', 9]]), { local }).advice
    }
    const rest = 'or here kured-sentinel ignore add one cut, or allow-download = yes'
    const download = 'systemctl start pacman-cache-update.service'
    const first =
      'kured-sentinel fleet report here, or where there is no fleet directory pacman -S one cut there'
    const elsewhere = `on the cache host: ${download}, after ${first}`
    const conf = ' in /etc/kured-sentinel.conf'
    assert.equal(lacks(['one', 'cut'], false), `${elsewhere}; ${rest}${conf}`)
    assert.equal(lacks(['one', 'cut'], true), `${download}; ${rest}${conf}`)
    assert.match(lacks(['a', 'b', 'c', 'd'], false) ?? '', /pacman -S NAME… .*ignore add NAME…/)
  })
})

describe('the cache', () => {
  const target = (name: string, size = 100) => {
    return { repository: 'lab', name, version: '2-1', size, file: `${name}.pkg` }
  }
  const dirs = ['/one', '/two']
  const judge = (targets: ReturnType<typeof target>[], sizes: Record<string, number>) => {
    const { result, message } = judgePackages(targets, dirs, new Map(Object.entries(sizes)), {
      local: false,
    })
    return [result, message]
  }

  test('has all, in whichever directory', () => {
    const found = judge([target('a'), target('b'), target('c', 0)], {
      '/one/a.pkg': 100,
      '/two/b.pkg': 100,
      '/two/c.pkg': 3,
    })
    assert.deepEqual(found, ['ok', '3 packages to upgrade, all in the cache'])
  })

  test('lacks some: the first are named, the rest counted', () => {
    const [result, message] = judge(
      ['a', 'b', 'c', 'd', 'e'].map((name) => target(name)),
      {
        '/one/a.pkg': 100,
      },
    )
    assert.equal(result, 'skip')
    assert.equal(
      message,
      '4 of 5 packages not in the cache, or incomplete: b 2-1, c 2-1, d 2-1 and 1 more',
    )
  })

  test('has a truncated one first, which is what pacman takes', () => {
    const found = judge([target('a')], { '/one/a.pkg': 5, '/two/a.pkg': 100 })
    assert.deepEqual(found, [
      'skip',
      '1 of 1 package not in the cache, or incomplete: a 2-1 (5 of 100 bytes)',
    ])
  })

  test('what pacman prints', () => {
    assert.deepEqual(parseTarget('lab b 1:6-1 1158 https://mirror/lab/os/b-1:6-1-any.pkg.tar.gz'), [
      {
        repository: 'lab',
        name: 'b',
        version: '1:6-1',
        size: 1158,
        file: 'b-1:6-1-any.pkg.tar.gz',
      },
    ])
    assert.deepEqual(
      parseTarget('lab b 6-1 1158 b-6-1-any.pkg.tar.gz')[0]?.file,
      'b-6-1-any.pkg.tar.gz',
    )
    assert.deepEqual(parseTarget(''), [])
  })
})

describe('a skip that cannot pass by itself is for a person', () => {
  const installed = new Map([
    ['old', '1-1'],
    ['b', '1-1'],
  ])
  const offered = new Map([['b', '2-1']])
  const errors = ['error: failed to prepare transaction (x)', ':: y']

  test('an installed package in the way that no repository has', () => {
    const breaks = {
      kind: 'breaks',
      package: 'old',
      needs: 'b=1',
      by: 'installing b (2-1)',
    } as const
    const finding = judgePlan(errors, [breaks], installed, offered, 'wait')
    assert.equal(finding.result, 'act')
    assert.equal(
      withAdvice(finding),
      'pacman cannot work out the upgrade: failed to prepare transaction (x); y; old is in no repository. To do: pacman -R old, or build it anew',
    )
    // pacman 7 names both sides of a conflict with their versions.
    const conflict = { kind: 'conflict', package: 'b-2-1', needs: 'old-1-1' } as const
    assert.equal(judgePlan(errors, [conflict], installed, offered, 'wait').result, 'act')
  })

  test('repositories that do not fit together', () => {
    const missing = { kind: 'missing', package: 'b', needs: 'c' } as const
    const { result, advice } = judgePlan(errors, [missing], installed, offered, 'wait')
    assert.deepEqual([result, advice], ['skip', 'wait'])
    const breaks = { kind: 'breaks', package: 'b', needs: 'c=1', by: 'installing c (2-1)' } as const
    assert.equal(judgePlan(errors, [breaks], installed, offered, 'wait').result, 'skip')
  })

  test('the database of installed packages, but not a sync database', () => {
    const judge = (problem: string) => judgeOpening([problem], ['lab'], '/db', 'refresh')
    assert.equal(judge('error: could not open file /db/sync/lab.db: Unrecognized').result, 'skip')
    for (const problem of [
      "error: invalid name for database entry 'b'",
      "error: duplicated database entry 'b'",
      'error: could not open file /db/local/b-1-1/desc: Permission denied',
    ]) {
      const { result, advice = '' } = judge(problem)
      assert.equal(result, 'act')
      assert.match(advice, /^move the wrong entry out of \/db\/local/)
    }
    assert.equal(judge('database is incorrect version').advice, 'pacman-db-upgrade')
  })
})

test('paths of the private copy are told as the host’s', () => {
  const said = 'error in /run/w/copy-1/sync/core.db and /run/w/copy-1/nothing-ignored.conf'
  assert.equal(
    inHostPaths(said, '/run/w/copy-1', '/var/lib/pacman', '/etc/pacman.conf'),
    'error in /var/lib/pacman/sync/core.db and /etc/pacman.conf',
  )
})

test('what pacman says before it would delete, import or give up', () => {
  const stderr = `:: Proceed with download? [Y/n] error: b: signature from "P <p@lab>" is unknown trust
:: File /c/packages/b-2-1-any.pkg.tar.gz is corrupted (invalid or corrupted package (PGP signature)).
Do you want to delete it? [Y/n] error: failed to commit transaction (invalid or corrupted package)
`
  assert.deepEqual(parseRefusal({ stderr }), [
    'b: signature from "P <p@lab>" is unknown trust',
    'File /c/packages/b-2-1-any.pkg.tar.gz is corrupted (invalid or corrupted package (PGP signature))',
    'failed to commit transaction (invalid or corrupted package)',
  ])
})

test('checks run in order, up to the first that stands in the way', async () => {
  const ran: string[] = []
  const check = (name: string, result: PreflightFinding['result']) => () => {
    ran.push(name)
    return [{ check: name, result, message: name, advice: '' }]
  }
  const checks = [check('a', 'ok'), check('b', 'warning'), check('c', 'skip'), check('d', 'act')]
  const findings = await inOrder(checks, {})
  assert.deepEqual([ran, findings.length], [['a', 'b', 'c'], 3])
})

test('what cannot be prepared is for a person', async () => {
  const report = await preflight('upgrade', () => {
    throw new Error('f.conf:2: unknown key "x"')
  })
  assert.deepEqual([report.verdict, report.reason], ['act', 'f.conf:2: unknown key "x"'])
  const said = '<3>attention, no upgrade until you fix this: f.conf:2: unknown key "x"\n'
  assert.equal(renderVerdict(report, true), said)
})

test('warnings are told beside the answer, and names cannot forge a line', () => {
  const findings: PreflightFinding[] = [
    { check: 'databases', result: 'warning', message: 'old' },
    { check: 'packages', result: 'skip', message: 'no\n<3>x', advice: 'ignore\nit' },
  ]
  const report: Preflight = {
    job: 'upgrade',
    verdict: 'skip',
    reason: 'no\n<3>x',
    advice: 'ignore\nit',
    plan: ['linux'],
    findings,
  }
  assert.equal(
    renderVerdict(report, true),
    '<4>warning: old\n<5>skip: no\\u000a<3>x. To do: ignore\\u000ait\n',
  )
  assert.equal(
    renderVerdict(report, false),
    'warning: old\nskip: no\\u000a<3>x. To do: ignore\\u000ait\n',
  )
  assert.equal(
    renderChecks(report),
    'warning  databases      old\nskip     packages       no\\u000a<3>x. To do: ignore\\u000ait\n',
  )
})
