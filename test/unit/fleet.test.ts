/** What other hosts say of themselves on the share: read whatever it is, and believed only if whole. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { overlook, renderFleet } from '../../src/commands/fleet-table.ts'
import { Exit } from '../../src/errors.ts'
import { doubtView, judgeBrake } from '../../src/fleet/brake.ts'
import { fleetName, isHostName, machineDigest } from '../../src/fleet/name.ts'
import { readFleet, type FleetEntry, type FleetView } from '../../src/fleet/read.ts'
import { LARGEST_ROW, parseRow, rowText, type FleetRow } from '../../src/fleet/row.ts'
import { findShare } from '../../src/fleet/share.ts'
import { putFile, removeHost } from '../../src/fleet/write.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { applyBrake } from '../../src/reboot/brake.ts'
import { Snapshot } from '../../src/host/snapshot.ts'
import type { CheckReport } from '../../src/sentinel/check.ts'
import { decide } from '../../src/sentinel/verdict.ts'
import { printable } from '../../src/text/printable.ts'
import { entry, FLEET, row, UNHEALTHY } from '../fixture/fleet.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const OWN = 'node1'
const MACHINE: Tree = { 'etc/hostname': `# a comment\n${OWN}\n`, 'etc/machine-id': 'abc\n' }
const HOUR = 3_600_000
const limit = () => new Deadline(60_000)
const fileOf = (more: FleetRow) => rowText(more)

/** A host with rows on its share; its own is among them. */
function hostWith(rows: readonly FleetRow[], more: Tree = {}): Host {
  const host = new Host(makeTree({ ...MACHINE, 'fleet/.keep': '', ...more }))
  const own = row(OWN, { machine: machineDigest(host) })
  for (const one of [own, ...rows]) putRow(host, one.host, fileOf(one))
  return host
}

function putRow(host: Host, name: string, bytes: string | Buffer): void {
  mkdirSync(host.path(`/fleet/${name}`), { recursive: true })
  writeFileSync(host.path(`/fleet/${name}/status.json`), bytes)
}

async function seen(host: Host): Promise<FleetView & { state: 'seen' }> {
  const view = await readFleet(host, FLEET, limit())
  assert.ok(view.state === 'seen')
  return view
}

const messages = (entries: readonly FleetEntry[], more = {}) =>
  judgeBrake(entries, OWN, { ...FLEET, ...more }).map(({ message }) => message)

describe('the brake', () => {
  const down = { phase: 'going-down' } as const
  const pending: FleetRow['health'] = { verdict: 'pending', reasons: [], sinceBoot: true }
  const cases: [what: string, more: Partial<FleetRow>, ageMs: number, says: RegExp | undefined][] =
    [
      ['a host that is well', {}, 0, undefined],
      [
        'unhealthy since its reboot',
        { health: UNHEALTHY },
        0,
        /^waits for node2: unhealthy since its reboot: containerd.service has failed$/,
      ],
      ['unhealthy, not by a reboot', { health: { ...UNHEALTHY, sinceBoot: false } }, 0, undefined],
      ['accepted by a person', { health: { ...UNHEALTHY, verdict: 'accepted' } }, 0, undefined],
      [
        'healthy again',
        { health: { verdict: 'healthy', reasons: [], sinceBoot: true } },
        0,
        undefined,
      ],
      [
        'unhealthy, told anew each night for 3 days',
        { health: UNHEALTHY, uptimeMs: 71 * HOUR },
        HOUR,
        undefined,
      ],
      [
        'unhealthy for almost 3 days',
        { health: UNHEALTHY, uptimeMs: 71 * HOUR },
        HOUR - 1,
        /unhealthy/,
      ],
      ['going down a moment ago', down, 60_000, /^waits for node2: it is rebooting$/],
      [
        'gone for longer than it may be',
        down,
        22 * 60_000,
        /^waits for node2: went down for its reboot 22min ago, and was not heard of since$/,
      ],
      ['gone for 3 days', down, 72 * HOUR, undefined],
      ['not yet known to be well', { health: pending }, 0, /^waits for node2: not known yet/],
      ['not watched', { health: null }, 0, undefined],
      ['not heard of for a year, but it was well', {}, 365 * 24 * HOUR, undefined],
      ['unhealthy in the future', { health: UNHEALTHY }, -HOUR, /^node2 has a row of the future/],
      ['well in the future', {}, -HOUR, undefined],
    ]
  for (const [what, more, age, says] of cases) {
    test(what, () => {
      const [first] = messages([entry(OWN), entry('node2', more, age)])
      if (says === undefined) assert.equal(first, undefined)
      else assert.match(first ?? '', says)
    })
  }

  test('this host’s own state is no reason', () => {
    assert.deepEqual(messages([entry(OWN, { health: UNHEALTHY }), entry(OWN, down)]), [])
  })

  test('at-once: so many may be under way, but none may be hurt', () => {
    const way = [entry('node2', down), entry('node3', { health: pending })]
    assert.equal(messages(way, { fleetAtOnce: 2 }).length, 2)
    assert.equal(messages(way, { fleetAtOnce: 3 }).length, 0)
    const hurt = [...way, entry('node4', { health: UNHEALTHY })]
    assert.equal(messages(hurt, { fleetAtOnce: 3 }).length, 1)
  })
})

test('a command reads the share once: all that it says is of the same moment', async () => {
  const host = new Snapshot(hostWith([row('node2')]).root)
  const hosts = async () => (await seen(host)).entries.map((each) => each.host)
  assert.deepEqual(await hosts(), [OWN, 'node2'])
  putRow(host, 'node3', fileOf(row('node3')))
  assert.deepEqual(await hosts(), [OWN, 'node2'])
})

describe('a reboot that is due', () => {
  const due: CheckReport = {
    ...decide([{ kind: 'kernel', effect: 'reboot', message: 'kernel' }]),
    checkedAt: '',
    bootId: '',
    durationMs: 0,
    clean: false,
    stale: [],
  }
  const braked = (host: Host, config = FLEET) => applyBrake(host, config, due, limit())

  test('goes while all others are well', async () => {
    assert.deepEqual(await braked(hostWith([row('node2'), row('node3')])), due)
  })

  test('waits for one that is not', async () => {
    const { exitCode, reasons } = await braked(hostWith([row('node2', { health: UNHEALTHY })]))
    assert.equal(exitCode, Exit.none)
    assert.match(reasons[0]?.message ?? '', /^waits for node2: unhealthy/)
  })

  test('needs a person where a row cannot be read', async () => {
    const host = hostWith([row('node2')])
    putRow(host, 'node2', fileOf(row('node2')).slice(0, 100))
    const { exitCode, reasons } = await braked(host)
    assert.equal(exitCode, Exit.attention)
    assert.match(reasons[0]?.remedy ?? '', /kured-sentinel fleet forget node2$/)
  })

  for (const [what, change, says] of [
    [
      'this host’s own row is missing',
      (host: Host) => rmSync(host.path(`/fleet/${OWN}`), { recursive: true }),
      /no row of this host, node1: kured-sentinel fleet report/,
    ],
    [
      'another machine has this host’s name',
      (host: Host) => putRow(host, OWN, fileOf(row(OWN))),
      /another machine calls itself node1/,
    ],
    [
      'the directory is gone',
      (host: Host) => rmSync(host.path('/fleet'), { recursive: true }),
      /\/fleet does not answer: No such file/,
    ],
    [
      'the directory is a file',
      (host: Host) => {
        rmSync(host.path('/fleet'), { recursive: true })
        writeFileSync(host.path('/fleet'), '')
      },
      /cannot be listed/,
    ],
    [
      'this host has no name',
      (host: Host) => {
        writeFileSync(host.path('/etc/hostname'), '../x\n')
      },
      /no name in the fleet/,
    ],
  ] as const) {
    test(`needs a person where ${what}`, async () => {
      const host = hostWith([row('node2')])
      change(host)
      const { exitCode, reasons } = await braked(host)
      assert.equal(exitCode, Exit.attention)
      assert.match(reasons.map(({ message }) => message).join('\n'), says)
    })
  }

  test('needs a person where the directory is not mounted, or does not answer in time', async () => {
    const host = hostWith([])
    const unmounted = await braked(host, { ...FLEET, fleetMount: true })
    assert.match(unmounted.reasons[0]?.message ?? '', /\/fleet is not mounted/)
    const late = await applyBrake(host, FLEET, due, new Deadline(0))
    assert.equal(late.exitCode, Exit.attention)
  })

  test('goes without a fleet directory, which costs one look at a local path', async () => {
    const host = new Host(makeTree(MACHINE))
    const config = { ...FLEET, fleetDirectory: '', fleetMount: true }
    assert.deepEqual(await braked(host, config), due)
    assert.deepEqual(await findShare(host, config, new Deadline(0)), { state: 'none' })
  })

  test('is all that makes it look', async () => {
    const calm = { ...due, ...decide([]) }
    assert.deepEqual(await applyBrake(hostWith([]), FLEET, calm, new Deadline(0)), calm)
  })
})

describe('the share', () => {
  test('a file that is put there is whole, and nothing is left beside it', async () => {
    const host = hostWith([])
    writeFileSync(host.path('/one'), 'one')
    const put = (name: string, as: string) =>
      putFile({ share: host.path('/fleet'), name, from: host.path('/one'), as }, limit())
    await put('node9', 'status.json')
    await put('node9', 'status.json')
    assert.deepEqual(readdirSync(host.path('/fleet/node9')), ['status.json'])
    assert.equal(readFileSync(host.path('/fleet/node9/status.json'), 'utf8'), 'one')
    assert.deepEqual(readdirSync(host.path('/fleet')).toSorted(), ['.keep', 'node1', 'node9'])
  })

  test('a link in the place of this host’s directory leads nowhere', async () => {
    const host = hostWith([])
    mkdirSync(host.path('/elsewhere'))
    writeFileSync(host.path('/one'), 'one')
    for (const target of ['../elsewhere', 'node1', '/etc', 'missing']) {
      symlinkSync(target, host.path('/fleet/node9'))
      const what = { share: host.path('/fleet'), name: 'node9', from: host.path('/one') }
      await assert.rejects(putFile({ ...what, as: 'status.json' }, limit()), /cannot be written/)
      await removeHost(host.path('/fleet'), 'node9', limit())
    }
    assert.deepEqual(readdirSync(host.path('/elsewhere')), [])
  })

  test('a directory in the place of the file is an error, and stays', async () => {
    const host = hostWith([])
    mkdirSync(host.path('/fleet/node9/status.json/x'), { recursive: true })
    writeFileSync(host.path('/one'), 'one')
    const what = { share: host.path('/fleet'), name: 'node9', from: host.path('/one') }
    await assert.rejects(putFile({ ...what, as: 'status.json' }, limit()), /cannot be written/)
    assert.deepEqual(readdirSync(host.path('/fleet/node9')), ['status.json'])
  })

  test('a forgotten host is gone, what a link of its name leads to is not', async () => {
    const host = hostWith([row('node2')])
    symlinkSync('node2', host.path('/fleet/node3'))
    await removeHost(host.path('/fleet'), 'node3', limit())
    assert.deepEqual(readdirSync(host.path('/fleet/node2')), ['status.json'])
    await removeHost(host.path('/fleet'), 'node2', limit())
    await removeHost(host.path('/fleet'), 'node2', limit())
    assert.deepEqual(
      (await seen(host)).entries.map((one) => one.host),
      [OWN],
    )
  })

  test('an age is by the server’s clock, whatever this host’s says', async () => {
    const host = hostWith([row('node2')])
    host.now = () => 0
    const old = Date.now() / 1000 - 7200
    utimesSync(host.path('/fleet/node2/status.json'), old, old)
    const { entries, clock } = await seen(host)
    assert.equal(clock, 'server')
    const age = entries.find((one) => one.host === 'node2')?.ageMs ?? 0
    assert.ok(Math.abs(age - 7_200_000) < 60_000, `${age}`)
    assert.deepEqual(readdirSync(host.path('/fleet')).toSorted(), ['.keep', 'node1', 'node2'])
  })

  test('names: no path, nothing hidden, nothing long; others are no hosts', async () => {
    for (const good of ['node1', 'a.example.org', 'A-1_b']) assert.ok(isHostName(good))
    for (const bad of [
      '',
      '.',
      '..',
      '.x',
      '-x',
      'a/b',
      'a\nb',
      'é',
      'lost+found',
      'a'.repeat(65),
    ]) {
      assert.ok(!isHostName(bad))
    }
    const host = hostWith([], { 'fleet/lost+found/x': '', 'fleet/.x/status.json': '{}' })
    assert.deepEqual(
      (await seen(host)).entries.map((one) => one.host),
      [OWN],
    )
  })

  test('this host’s name is its static one', () => {
    assert.equal(fleetName(new Host(makeTree(MACHINE))), OWN)
    const without = makeTree({ 'proc/sys/kernel/hostname': 'transient\n' })
    assert.equal(fleetName(new Host(without)), 'transient')
  })

  test('a longer list than any fleet has is not read', async () => {
    const host = hostWith([])
    for (let index = 0; index < 2001; index += 1) mkdirSync(host.path(`/fleet/n${index}`))
    const view = await readFleet(host, FLEET, limit())
    assert.match(view.state === 'silent' ? view.problem : '', /more than 2000 hosts/)
  })

  test('two hosts of 200 that are hurt are found in a moment', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `host-${index}`)
    const host = hostWith(names.map((name) => row(name)))
    putRow(host, 'host-77', fileOf(row('host-77', { health: UNHEALTHY })))
    putRow(host, 'host-99', '{')
    const found = messages((await seen(host)).entries)
    assert.deepEqual(
      found.map((text) => /host-\d+/.exec(text)?.[0]),
      ['host-77', 'host-99'],
    )
  })
})

test('what stands in the place of a row is told, and not opened', async () => {
  const host = hostWith([])
  PLACES.forEach((place, index) => {
    mkdirSync(host.path(`/fleet/p${index}`))
    place(host, `/fleet/p${index}`)
  })
  const { entries } = await seen(host)
  assert.deepEqual(
    entries.flatMap(({ row: one }) => ('problem' in one ? [one.problem] : [])),
    [
      ...Array.from({ length: 5 }, () => 'its status.json is no regular file'),
      'its status.json has more than 65536 bytes',
      'its row is torn, or none of this program',
      'it has no status.json',
      'it is no directory',
      'it is no directory',
    ],
  )
})

describe('a row', () => {
  test('comes back as it was written', () => {
    const whole = row('node2', { health: UNHEALTHY, hold: { reason: 'a', until: 'b' } })
    assert.deepEqual(parseRow(Buffer.from(rowText(whole)), 'node2'), whole)
  })

  test('a field of a later version does not matter', () => {
    const later = { ...row('node2'), format: 2, more: { deep: [1] } }
    assert.deepEqual(parseRow(Buffer.from(JSON.stringify(later)), 'node2'), {
      ...row('node2'),
      format: 2,
    })
  })

  test('is that of its directory, or none', () => {
    assert.equal(parseRow(Buffer.from(rowText(row('node2'))), 'node3'), undefined)
  })

  test('has no character that a terminal would obey, wherever its host has put one', () => {
    const bad = 'a\u001b[2Jb\nc\u202e'
    const hostile = row('node2', {
      health: { ...UNHEALTHY, reasons: [bad] },
      hold: { reason: bad, until: bad },
      causes: [bad],
      kernel: bad,
      ignored: [bad],
      upgrade: { outcome: bad, reason: bad, packages: 1, at: bad, skips: 0 },
    })
    const text = JSON.stringify(parseRow(Buffer.from(rowText(hostile)), 'node2'))
    assert.equal(text.split(JSON.stringify(printable(bad)).slice(1, -1)).length - 1, 9)
  })

  test('however much there is to tell, others read it', () => {
    const many = Array.from({ length: 5000 }, () => 'x'.repeat(2000))
    const health = { ...UNHEALTHY, reasons: many }
    const bytes = Buffer.from(rowText(row('node2', { causes: many, health })))
    assert.ok(bytes.length < LARGEST_ROW)
    assert.equal(parseRow(bytes, 'node2')?.causes.length, 20)
  })
})

test('a person sees each host, its age, and what others wait for', async () => {
  const view: FleetView & { state: 'seen' } = {
    state: 'seen',
    path: '/share',
    clock: 'server',
    entries: [
      entry('node1', { verdict: 'reboot', causes: ['kernel 6.18.44 is running'] }, 7_200_000),
      entry('node2', { health: UNHEALTHY }, 60_000),
      {
        host: 'node3',
        ageMs: 60_000,
        row: { problem: 'its row is torn, or none of this program' },
      },
      entry('node4', { hold: { reason: 'a disk', until: '2026-12-01T00:00:00.000Z' } }, 50 * HOUR),
    ],
  }
  const shown = overlook(view, FLEET, 4 * HOUR, '')
  assert.equal(
    renderFleet(shown).replaceAll(/\u001b\[\d+m/g, ''),
    `NODE   VERDICT  HEALTH     UP       KERNEL           KUBELET   UPGRADED                 HEARD
node1  due      healthy    3h       6.18.45-arch1-1  1.35.0-1  2026-11-27 completed: 4  2h ago
  kernel 6.18.44 is running
node2  none     unhealthy  1h 1min  6.18.45-arch1-1  1.35.0-1  2026-11-27 completed: 4  1min ago
  others wait: unhealthy since its reboot: containerd.service has failed
node3  unseen                                                                           1min ago
  others wait: node3 cannot be seen: its row is torn, or none of this program. To do: mend it, or kured-sentinel fleet forget node3
node4  none     healthy    2d 3h    6.18.45-arch1-1  1.35.0-1  2026-11-27 completed: 4  OLD: 2d 2h ago
  held until 2026-12-01T00:00:00.000Z: a disk
a reboot is due for 1 of 4: node1
they take one night of 4h, about
`,
  )
  assert.equal(shown.exitCode, 1)
  assert.equal(overlook({ ...view, entries: [entry('node1')] }, FLEET, undefined, '').exitCode, 0)
})

test('doubt: an own row that is whole and of this machine', () => {
  const looker = { own: OWN, machine: '0123456789abcdef', isRoot: true }
  const view = { state: 'seen', path: '/share', clock: 'server', entries: [entry(OWN)] } as const
  const of = (more: object) => doubtView({ ...view, entries: [...view.entries], ...more }, looker)
  assert.equal(of({}), undefined)
  assert.match(of({ clock: 'own' }) ?? '', /may not write/)
  assert.match(of({ entries: [] }) ?? '', /no row of this host/)
})

/** mulberry32: the same cases each time. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const CASES = 2000
const BATCH = 100
const HOSTILE = [
  '\u001b[2J',
  '\u202e',
  '\0',
  '\n',
  '\u2028',
  '\ud800',
  '"',
  '__proto__',
  'é'.repeat(600),
]

/** A row with changes at random places. */
function spoil(text: string, next: () => number): Buffer {
  const bytes = Buffer.from(text)
  const at = Math.floor(next() * bytes.length)
  const pick = Math.floor(next() * 7)
  if (pick === 0) return bytes.subarray(0, at)
  if (pick === 1) return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)])
  if (pick === 2) {
    bytes[at] = Math.floor(next() * 256)
    return bytes
  }
  if (pick === 3) {
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + Math.ceil(next() * 40))])
  }
  if (pick === 4) return Buffer.concat([bytes, bytes.subarray(at)])
  const whole: Record<string, unknown> = JSON.parse(text)
  const names = Object.keys(whole)
  const name = names[Math.floor(next() * names.length)] ?? ''
  const hostile = HOSTILE[Math.floor(next() * HOSTILE.length)] ?? ''
  const values = [
    hostile,
    [hostile],
    { [hostile]: 1 },
    null,
    -1,
    1e308,
    0.5,
    true,
    [[]],
    { health: {} },
  ]
  const changed =
    pick === 5 ? values[Math.floor(next() * values.length)] : `${String(whole[name])}${hostile}`
  return Buffer.from(JSON.stringify({ ...whole, [name]: changed }))
}

/** Another kind of file in the place of a host's row. */
const PLACES: readonly ((host: Host, directory: string) => void)[] = [
  (host, at) => symlinkSync('/etc/passwd', host.path(`${at}/status.json`)),
  (host, at) => symlinkSync(`../${OWN}/status.json`, host.path(`${at}/status.json`)),
  (host, at) => symlinkSync('status.json', host.path(`${at}/status.json`)),
  (host, at) => execFileSync('mkfifo', [host.path(`${at}/status.json`)]),
  (host, at) => mkdirSync(host.path(`${at}/status.json`)),
  (host, at) => writeFileSync(host.path(`${at}/status.json`), ' '.repeat(LARGEST_ROW + 1)),
  (host, at) => writeFileSync(host.path(`${at}/status.json`), ''),
  () => undefined,
  (host, at) => {
    rmSync(host.path(at), { recursive: true })
    symlinkSync(OWN, host.path(at))
  },
  (host, at) => {
    rmSync(host.path(at), { recursive: true })
    writeFileSync(host.path(at), fileOf(row('x')))
  },
]

/** Whether the bytes themselves say, as a whole row, that this host is not hurt. */
function saysWell(bytes: Buffer): boolean {
  try {
    const said: Partial<FleetRow> = JSON.parse(bytes.toString())
    const { phase, health, uptimeMs } = said
    const isHurt = health?.verdict === 'unhealthy' && health.sinceBoot
    return phase === 'up' && (!isHurt || Number(uptimeMs) >= FLEET.fleetBrake - HOUR)
  } catch {
    return false
  }
}

test(`fuzz: ${CASES} torn and hostile rows of a hurt host: never a go, never a control character`, async () => {
  const next = random(17)
  let torn = 0
  for (let batch = 0; batch < CASES / BATCH; batch += 1) {
    const host = hostWith([])
    const bytes = new Map<string, Buffer | undefined>()
    for (let index = 0; index < BATCH; index += 1) {
      const name = `host-${index}`
      const text = fileOf(row(name, { health: UNHEALTHY }))
      mkdirSync(host.path(`/fleet/${name}`))
      const place = next() < 0.2 ? PLACES[Math.floor(next() * PLACES.length)] : undefined
      const spoilt = place === undefined ? spoil(text, next) : undefined
      bytes.set(name, spoilt)
      if (spoilt === undefined) place?.(host, `/fleet/${name}`)
      else putRow(host, name, spoilt)
    }
    const view = await seen(host)
    assert.equal(view.entries.length, BATCH + 1)
    for (const one of view.entries.filter((other) => other.host !== OWN)) {
      const [brake] = judgeBrake([one], OWN, FLEET)
      const file = bytes.get(one.host)
      if (brake === undefined) {
        assert.ok(
          file !== undefined && saysWell(file),
          `batch ${batch}, ${one.host}: ${String(file)}`,
        )
        continue
      }
      if (brake.kind === 'unseen') torn += 1
      assert.equal(brake.message, printable(brake.message))
    }
    const text = renderFleet(overlook(view, FLEET, HOUR, '')).replaceAll(/\u001b\[\d+m/g, '')
    for (const line of text.split('\n')) assert.equal(line, printable(line))
  }
  assert.ok(torn > CASES / 4, `${torn}`)
})
