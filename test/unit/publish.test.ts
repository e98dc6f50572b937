/** The cache host: whose packages are fetched, what is published, and what nobody needs any more. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { describe, test } from 'node:test'
import { readArchives, unpackPackages } from '../../src/fleet/packages.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { askSizes, tryWriting } from '../../src/host/directory.ts'
import { Host } from '../../src/host/host.ts'
import type { ListedEntry } from '../../src/host/listing.ts'
import {
  digestOf,
  judgeSet,
  manifestText,
  parseManifest,
  type DatabaseManifest,
} from '../../src/pacman/database/manifest.ts'
import type { Target } from '../../src/pacman/targets.ts'
import { compareVersions } from '../../src/pacman/version-order.ts'
import {
  askManifest,
  digestNew,
  isPublished,
  putDatabases,
  readOffered,
  readPublished,
} from '../../src/publish/databases.ts'
import { refuseRoom, uniqueTargets } from '../../src/publish/fit.ts'
import { roundsOf } from '../../src/publish/download.ts'
import { planHosts, type PublishHost, refuseUseless } from '../../src/publish/plan.ts'
import { findSuperfluous } from '../../src/publish/prune.ts'
import { refuseOther } from '../../src/publish/publisher.ts'
import { makeTree } from '../fixture/tree.ts'

const HOUR = 3_600_000
const limit = () => new Deadline(30_000)

test('versions are older and newer as for vercmp', () => {
  for (const [older, newer] of [
    ['1.0-1', '1.0-2'],
    ['1.9-1', '1.10-1'],
    ['1.0rc1-1', '1.0-1'],
    ['1.0a', '1.0.1'],
    ['9.0-1', '1:1.0-1'],
    ['1.0', '1.0.0'],
    ['01', '2'],
    ['1.0.a', '1.0.1'],
    ['6.18.44.arch1-1', '6.18.45.arch1-1'],
  ] as const) {
    assert.ok(compareVersions(older, newer) < 0, `${older} < ${newer}`)
    assert.ok(compareVersions(newer, older) > 0, `${newer} > ${older}`)
  }
  for (const [one, other] of [
    ['1.0-1', '1.0-1'],
    ['1.0', '1.0-3'],
    ['0:1.0-1', '1.0-1'],
    ['1.01', '1.1'],
  ] as const) {
    assert.equal(compareVersions(one, other), 0, `${one} = ${other}`)
  }
})

describe('what goes from the cache', () => {
  const file = (path: string, hours = 48, type = 'f'): ListedEntry => {
    return { type, size: 10, time: -hours * HOUR, path }
  }
  const needs = { wanted: new Set<string>(), installed: new Set<string>(), offered: new Map() }
  const going = (entries: ListedEntry[], more = {}, keep = 2) =>
    findSuperfluous(entries, 0, { ...needs, keep, ...more }).map(({ path }) => path)
  const pkg = (name: string) => `${name}-any.pkg.tar.zst`

  test('the oldest, with their signatures; never what is young, wanted, installed or offered', () => {
    const names = ['x-1-1', 'x-2-1', 'x-10-1', 'x-1:0-1'].map(pkg)
    const all = [...names, `${names[0]}.sig`].map((name) => file(name))
    assert.deepEqual(going(all), [names[0], names[1], `${names[0]}.sig`])
    assert.deepEqual(going(all, { wanted: new Set([names[0]]) }), [names[1]])
    assert.deepEqual(going(all, { installed: new Set(['x-1-1']) }), [names[1]])
    assert.deepEqual(going(all, { offered: new Map([['x', '2-1']]) }), [
      names[0],
      `${names[0]}.sig`,
    ])
    assert.deepEqual(going(all, {}, 1), [names[0], names[1], names[2], `${names[0]}.sig`])
    assert.deepEqual(going([...all.slice(1), file(pkg('x-1-1'), 23)]), [names[1]])
    const other = file('x-1-1-x86_64.pkg.tar.zst')
    assert.deepEqual(going([...names.slice(2).map((name) => file(name)), other]), [])
  })

  test('what a killed download has left; nothing else, whatever its name', () => {
    const left = [
      file('download-aB3xYz', 48, 'd'),
      file('y-1-1-any.pkg.tar.zst.part'),
      file('gone-1-1-any.pkg.tar.zst.sig'),
      file('.clock.aB3xYz0189'),
      file('.kured-sentinel.aB3xYz0189'),
    ]
    const stays = [
      file('download-aB3xYz', 2, 'd'),
      file('y-1-1-any.pkg.tar.zst.part', 2),
      file('download-of-mine', 48, 'd'),
      file('notes.txt'),
      file('x-3-1-any.pkg.tar.zst', 48, 'd'),
      file('x-2-1-any.pkg.tar.zst', 48, 'l'),
      file('x-2-1-any.pkg.tar.zst.sig'),
      file('.clock.aB3xYz0180', 2),
      file('é-1-1-any.pkg.tar.zst'),
      file('é-1-1-any.pkg.tar.zst.sig'),
      file('-rf-1-1-any.pkg.tar.zst'),
      file('a\nb-1-1-any.pkg.tar.zst.part'),
    ]
    assert.deepEqual(
      going([...left, ...stays], {}, 1),
      left.map(({ path }) => path),
    )
  })

  test('five hosts at different versions over 20 releases: nothing that is needed, and no more and more', () => {
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const packages = Array.from({ length: 12 }, (_, index) => `pkg${index}`)
    const hosts = Array.from({ length: 5 }, () => {
      return new Map(packages.filter(() => random(3) > 0).map((name) => [name, 1]))
    })
    let cache = new Map<string, number>()
    const path = (name: string, release: number) => pkg(`${name}-${release}-1`)
    let largest = 0
    for (let release = 1; release <= 20; release++) {
      const now = release * 24 * HOUR
      const offered = new Map(packages.map((name) => [name, `${release}-1`]))
      const wanted = new Set(
        hosts.flatMap((host) => [...host.keys()].map((name) => path(name, release))),
      )
      for (const one of wanted) cache.set(one, cache.get(one) ?? now)
      const installed = new Set(
        hosts.flatMap((host) => [...host].map(([name, version]) => `${name}-${version}-1`)),
      )
      const entries = [...cache].map(([one, time]) => ({ type: 'f', size: 1, time, path: one }))
      const gone = findSuperfluous(entries, now, { wanted, installed, offered, keep: 2 })
      cache = new Map([...cache].filter(([one]) => gone.every((entry) => entry.path !== one)))
      for (const one of wanted) assert.ok(cache.has(one), `${one} is wanted`)
      for (const one of installed) {
        const isThere = release === 1 || one.endsWith('-1-1') || cache.has(pkg(one))
        assert.ok(isThere, `${one} is installed`)
      }
      // Some hosts upgrade in this night, some are away for weeks.
      for (const host of hosts.filter((_, index) => random(index + 2) === 0)) {
        for (const name of host.keys()) host.set(name, release)
      }
      largest = Math.max(largest, cache.size)
    }
    // Two of each, and one more for each of five hosts that stayed behind.
    assert.ok(largest <= packages.length * (2 + hosts.length), String(largest))
    assert.ok(largest > packages.length * 2, String(largest))
  })
})

describe('plans for hosts', () => {
  const staging = 'var/cache/kured-sentinel/staging'
  const hostOf = (tree: Record<string, string>) => {
    const root = makeTree({ [`${staging}/plan/.keep`]: '', 'a/x-1-1/desc': '%NAME%\nx\n', ...tree })
    execFileSync('bsdtar', [
      '-c',
      '--zstd',
      '-f',
      `${root}/packed`,
      '-C',
      `${root}/a`,
      './x-1-1/desc',
    ])
    const packages = readFileSync(`${root}/packed`)
    const two: PublishHost = { name: 'two', packages, ignored: [], ignoredGroups: [], left: '' }
    return { host: new Host(root), two }
  }
  const version = { [`${staging}/local/ALPM_DB_VERSION`]: '9\n' }

  test('a host whose packages break the plan is named, and stops no other', async () => {
    // Here the files cannot be written, as on a disk that is full; so it is where pacman crashes.
    const { host, two } = hostOf({})
    const known = await planHosts(host, '/none', [two], limit())
    const [plan] = known.plans
    assert.match(plan && 'problem' in plan ? plan.problem : '', /ALPM_DB_VERSION: no such file/)
    assert.deepEqual([...known.installed], ['x-1-1'])
    assert.deepEqual(known.unknown, [])
  })

  test('what pacman says of it is bounded', async () => {
    const { host, two } = hostOf(version)
    const { plans } = await planHosts(host, `/${'x'.repeat(3000)}`, [two], limit())
    const [plan] = plans
    const problem = plan && 'problem' in plan ? plan.problem : ''
    assert.notEqual(problem, '')
    assert.equal(problem.length <= 1000, true, String(problem.length))
  })

  test('where pacman does not answer for the cache host itself, there is no plan at all', async () => {
    const { host } = hostOf(version)
    // It waits for what nobody writes.
    const conf = host.path('/conf')
    execFileSync('mkfifo', ['--mode=644', conf])
    chmodSync(host.root, 0o755)
    const own: PublishHost = { ...hostOf({}).two, name: 'cache', packages: 'own' }
    await assert.rejects(
      planHosts(host, conf, [own], new Deadline(500)),
      /^SentinelError: cache cannot be planned for: no answer in time$/,
    )
  })
})

test('pacman fetches no two packages of one name at once', () => {
  const of = (repository: string, name: string, version: string): Target => {
    return { repository, name, version, size: 1, file: `${name}-${version}-any.pkg.tar.gz` }
  }
  const targets = [of('core', 'x', '1-1'), of('core', 'y', '1-1'), of('testing', 'x', '2-1')]
  assert.deepEqual(roundsOf(targets), [targets.slice(0, 2), targets.slice(2)])
  assert.deepEqual(roundsOf([]), [])
})

test('the sizes of more files than a command line holds', async () => {
  const root = makeTree({ one: 'x', two: 'xx' })
  const missing = Array.from({ length: 40_000 }, (_, index) => `${root}/${'n'.repeat(60)}${index}`)
  const sizes = await askSizes([`${root}/one`, ...missing, `${root}/two`], limit())
  assert.deepEqual(
    sizes,
    new Map([
      [`${root}/one`, 1],
      [`${root}/two`, 2],
    ]),
  )
  assert.deepEqual(await askSizes([], limit()), new Map())
})

test('whether a directory can be written to is tried, and nothing is left of it', async () => {
  const root = makeTree({ 'pkg/one': 'x' })
  const me = userInfo().username
  assert.equal(await tryWriting(`${root}/pkg`, undefined, limit()), undefined)
  assert.equal(await tryWriting(`${root}/pkg`, me, limit()), undefined)
  assert.match(
    (await tryWriting(`${root}/pkg`, 'no-such-user', limit())) ?? '',
    /^pacman cannot give its downloads to no-such-user: /,
  )
  assert.equal(await tryWriting(`${root}/none`, me, limit()), 'No such file or directory')
  assert.deepEqual(readdirSync(`${root}/pkg`), ['one'])
})

test('databases by which no host can be satisfied are of no use', () => {
  const lost = { name: 'cache', problem: 'permission denied' }
  const other = { name: 'two', problem: 'no way' }
  assert.equal(refuseUseless([lost, { name: 'two', targets: [] }]), '')
  assert.equal(refuseUseless([{ name: 'cache', targets: [] }, other]), '')
  assert.equal(refuseUseless([lost, other]), 'no host can be satisfied; cache: permission denied')
})

describe('room in the cache', () => {
  const target = (name: string, size: number): Target => {
    return { repository: 'lab', name, version: '2-1', size, file: `${name}-2-1-any.pkg.tar.gz` }
  }
  const plan = (name: string, ...targets: Target[]) => ({ name, targets })

  test('if not all of it fits, nothing is published, and the largest part is named', () => {
    const plans = [
      plan('one', target('a', 40)),
      plan('greedy', target('a', 40), target('all', 900)),
      { name: 'broken', problem: 'cannot be planned' },
    ]
    const missing = new Set(uniqueTargets(plans).map(({ file }) => file))
    assert.equal(missing.size, 2)
    assert.equal(refuseRoom(plans, missing, 940), '')
    assert.equal(
      refuseRoom(plans, missing, 939),
      'the cache has no room: 940 bytes are missing, 940 bytes of them for greedy, and 939 bytes are free beside min-free',
    )
    // What is there already takes no room, also where there is less than none.
    for (const left of [0, -5]) assert.equal(refuseRoom(plans, new Set(), left), '')
    assert.match(refuseRoom(plans, missing, -5), / and 0 bytes are free/)
  })
})

describe('a set of databases', () => {
  const manifest = (databases: Record<string, string>): DatabaseManifest => {
    return { format: 1, host: 'cache', machine: 'm', at: '2026-11-28T12:00:00Z', databases }
  }
  const both = { 'core.db': 'x', 'extra.db': 'y' }
  const judge = (digests: Record<string, string>, wanted = ['core', 'extra'], said?: string) =>
    judgeSet(said ?? manifestText(manifest(both)), wanted, new Map(Object.entries(digests)))

  test('is whole only if all of it was published together', () => {
    assert.equal(judge(both), undefined)
    assert.match(
      judge({ ...both, 'extra.db': 'old' }) ?? '',
      /^extra\.db is not the one that cache/,
    )
    assert.match(judge({ 'core.db': 'x' }) ?? '', /^extra\.db is not/)
    assert.match(judge({ ...both, 'core.db.sig': 's' }) ?? '', /^core\.db\.sig is not/)
    assert.equal(judge({ ...both, 'own.db': 'z' }, ['core', 'own', 'extra']), undefined)
    assert.equal(judgeSet(undefined, ['core'], new Map()), undefined)
    for (const said of [
      '',
      '{',
      '[]',
      'null',
      '{"format":2}',
      manifestText(manifest(both)).slice(0, 80),
    ]) {
      assert.match(judge(both, ['core'], said) ?? '', /cannot be read/, said)
    }
  })

  test('a manifest of a stranger brings no control characters, and names no other host’s machine', () => {
    const said = manifestText({ ...manifest(both), host: 'a\u001b[2Jb' })
    assert.equal(parseManifest(said)?.host, 'a\\u001b[2Jb')
    const own = { host: 'me', machine: 'm' }
    assert.equal(refuseOther(undefined, own), '')
    assert.equal(refuseOther(manifest(both), own), '')
    assert.match(
      refuseOther(manifest(both), { ...own, machine: 'n' }),
      /^cache published .*--take-over$/,
    )
  })

  const staged = () =>
    new Host(
      makeTree({
        'var/cache/kured-sentinel/staging/sync/core.db': 'new core',
        'var/cache/kured-sentinel/staging/sync/core.db.sig': 'signature',
        'var/cache/kured-sentinel/staging/sync/extra.db': 'new extra',
        'sync/core.db': 'old core',
        'sync/extra.db': 'old extra',
        'sync/extra.db.sig': 'old signature',
        'sync/.kured-sentinel.core.db': 'of a run that was killed',
      }),
    )
  const files = ['core.db', 'core.db.sig', 'extra.db', 'extra.db.sig']

  test('is put in place, with its manifest, and without what is left of the one before', async () => {
    const host = staged()
    const databases = digestNew(host, ['core', 'extra'])
    assert.deepEqual(Object.keys(databases), ['core.db', 'core.db.sig', 'extra.db'])
    const before = await readPublished(host.path('/sync'), files, limit())
    assert.equal(before.digests.get('core.db'), digestOf(Buffer.from('old core')))
    assert.equal(isPublished(before, databases), false)
    const put = { put: Object.keys(databases), remove: ['extra.db.sig'] }
    await putDatabases(host, host.path('/sync'), manifest(databases), put, limit())
    const now = await readPublished(host.path('/sync'), files, limit())
    assert.equal(isPublished(now, databases), true)
    assert.deepEqual(readdirSync(host.path('/sync')).toSorted(), [
      'core.db',
      'core.db.sig',
      'extra.db',
      'kured-sentinel.json',
    ])
    assert.equal(readFileSync(host.path('/sync/core.db'), 'utf8'), 'new core')
    // Whatever is put there by hand is none of it.
    writeFileSync(host.path('/sync/extra.db'), 'refreshed')
    const torn = await readPublished(host.path('/sync'), files, limit())
    assert.equal(isPublished(torn, databases), false)
  })

  test('stays as it is where the new one is not that for which the packages were fetched', async () => {
    const host = staged()
    const databases = digestNew(host, ['core', 'extra'])
    writeFileSync(host.path('/var/cache/kured-sentinel/staging/sync/core.db'), 'newer core')
    const put = { put: Object.keys(databases), remove: ['extra.db.sig'] }
    await assert.rejects(
      putDatabases(host, host.path('/sync'), manifest(databases), put, limit()),
      /core\.db: FAILED/,
    )
    assert.equal(readFileSync(host.path('/sync/core.db'), 'utf8'), 'old core')
    assert.equal(host.list('/sync').length, 3)
  })

  test('is known to be torn from the first one on, also where nobody has published before', async () => {
    const host = staged()
    const databases = digestNew(host, ['core', 'extra'])
    // The second one cannot be put in its place.
    rmSync(host.path('/sync/extra.db'))
    mkdirSync(host.path('/sync/extra.db/in-the-way'), { recursive: true })
    const put = { put: Object.keys(databases), remove: [] }
    await assert.rejects(putDatabases(host, host.path('/sync'), manifest(databases), put, limit()))
    assert.equal(readFileSync(host.path('/sync/core.db'), 'utf8'), 'new core')
    const there = await readPublished(host.path('/sync'), files, limit())
    const said = manifestText(there.manifest ?? manifest({}))
    assert.match(judgeSet(said, ['core', 'extra'], there.digests) ?? '', /^extra\.db is not/)
  })

  test('that cannot be read is not published, and is fetched anew', () => {
    const host = staged()
    const sync = '/var/cache/kured-sentinel/staging/sync'
    writeFileSync(host.path(`${sync}/core.db`), '')
    const own = `DBPath = ${host.path('/var/cache/kured-sentinel/staging')}\n`
    writeFileSync(host.path('/conf'), `[options]\n${own}[core]\n[extra]\n`)
    const read = (dryRun: boolean) =>
      readOffered(host, host.path('/conf'), ['core', 'extra'], dryRun, limit())
    const says = /^SentinelError: the new databases cannot be read: .*anew$/
    assert.throws(() => read(true), says)
    assert.deepEqual(host.list(sync), ['core.db', 'core.db.sig', 'extra.db'])
    assert.throws(() => read(false), says)
    assert.equal(host.lstat(sync), undefined)
  })

  test('says who has published, or that this cannot be seen', async () => {
    const { root } = staged()
    const ask = () => askManifest(`${root}/sync`, limit())
    assert.equal(await ask(), undefined)
    assert.equal(await askManifest(`${root}/none`, limit()), undefined)
    const file = `${root}/sync/kured-sentinel.json`
    writeFileSync(file, manifestText(manifest(both)))
    assert.equal((await ask())?.host, 'cache')
    writeFileSync(file, 'torn')
    assert.equal(await ask(), undefined)
    execFileSync('rm', [file])
    execFileSync('mkfifo', [file])
    assert.equal(await ask(), undefined)
    execFileSync('rm', [file])
    mkdirSync(file)
    await assert.rejects(ask(), /kured-sentinel\.json cannot be read: .*Is a directory/)
  })

  test('stays as it is where one of them cannot be copied', async () => {
    const host = staged()
    const databases = digestNew(host, ['core', 'extra'])
    const put = { put: [...Object.keys(databases), 'missing.db'], remove: ['extra.db.sig'] }
    await assert.rejects(
      putDatabases(host, host.path('/sync'), manifest(databases), put, limit()),
      /missing\.db/,
    )
    assert.equal(readFileSync(host.path('/sync/core.db'), 'utf8'), 'old core')
    assert.deepEqual(readdirSync(host.path('/sync')).toSorted(), [
      'core.db',
      'extra.db',
      'extra.db.sig',
    ])
  })
})

describe('what a host says that it has installed', () => {
  function pack(files: Record<string, string>): { share: string } {
    const root = makeTree(
      Object.fromEntries(
        Object.entries(files).map(([path, content]) => [`local/${path}`, content]),
      ),
    )
    mkdirSync(`${root}/share/node2`, { recursive: true })
    const archive = `${root}/share/node2/local.tar.zst`
    execFileSync('bsdtar', ['-cf', archive, '--zstd', '-C', `${root}/local`, '.'])
    return { share: `${root}/share` }
  }
  const read = async (share: string) => {
    const archive = (await readArchives(share, ['node2'], limit())).get('node2')
    return archive === undefined ? { problem: 'none' } : unpackPackages(archive, limit())
  }

  test('is each desc with a package’s name, long ones too, and nothing else', async () => {
    const long = `${'n'.repeat(140)}-1.0-1`
    const { share } = pack({
      'linux-6.9.1.arch1-1/desc': '%NAME%\nlinux\n',
      [`${long}/desc`]: 'x',
      'x-1-1/files': 'no list of files',
      'odd-1:1.0^rc1,2~3=4!-1/desc': 'x',
      'deep/y-1-1/desc': 'x',
      ALPM_DB_VERSION: '9\n',
    })
    const found = await read(share)
    assert.ok(!('problem' in found), JSON.stringify(found))
    const odd = 'odd-1:1.0^rc1,2~3=4!-1'
    assert.deepEqual([...found.keys()].toSorted(), ['linux-6.9.1.arch1-1', long, odd])
    assert.equal(found.get('linux-6.9.1.arch1-1')?.toString(), '%NAME%\nlinux\n')
  })

  test('is unknown where one of them cannot be taken for a package', async () => {
    for (const [path, content, says] of [
      ['noversion/desc', 'x', /noversion is no package/],
      ['-rf-1-1/desc', 'x', /-rf-1-1 is no package/],
      ['a b-1-1/desc', 'x', /a b-1-1 is no package/],
      ['a\nb-1-1/desc', 'x', /is no package/],
      ['big-1-1/desc', 'x'.repeat(300_000), /big-1-1 is too large/],
    ] as const) {
      const found = await read(pack({ 'x-1-1/desc': 'x', [path]: content }).share)
      assert.match('problem' in found ? found.problem : '', says)
    }
  })

  test('is not read through links, from what never ends, or torn', async () => {
    const { share } = pack({ 'x-1-1/desc': 'x' })
    const archive = `${share}/node2/local.tar.zst`
    const bytes = readFileSync(archive)
    const fails = async (says: RegExp) => {
      const found = await read(share)
      assert.match('problem' in found ? found.problem : '', says)
    }
    writeFileSync(archive, bytes.subarray(0, bytes.length - 9))
    await fails(/cannot be read/)
    writeFileSync(archive, 'no archive')
    await fails(/cannot be read/)
    writeFileSync(`${share}/kept`, bytes)
    execFileSync('rm', [archive])
    await fails(/^none$/)
    symlinkSync('../kept', archive)
    await fails(/^none$/)
    execFileSync('rm', [archive])
    execFileSync('mkfifo', [archive])
    await fails(/^none$/)
    execFileSync('rm', [archive])
    writeFileSync(archive, Buffer.alloc(5 * 2 ** 20))
    await fails(/^none$/)
    execFileSync('rm', ['-r', `${share}/node2`])
    symlinkSync('.', `${share}/node2`)
    execFileSync('cp', [`${share}/kept`, `${share}/local.tar.zst`])
    await fails(/^none$/)
  })
})
