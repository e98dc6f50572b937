/** What `status` shows of a host: the answer, its causes, and what stands beside it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { statusAnswer } from '../../src/commands/status-answer.ts'
import { renderStatus } from '../../src/commands/status-text.ts'
import type { HistoryEntry, HistoryEvent } from '../../src/history/fields.ts'
import { describeAnswer } from '../../src/reboot/answer.ts'
import { describeCause } from '../../src/reboot/guard.ts'
import { type Finding, unreadable } from '../../src/sentinel/finding.ts'
import { decide } from '../../src/sentinel/verdict.ts'
import { groupFindings } from '../../src/status/causes.ts'
import { judgeLastReboot } from '../../src/status/last-reboot.ts'
import { withRemedies } from '../../src/status/remedies.ts'
import type { HostStatus } from '../../src/status/status.ts'
import { outputWidth } from '../../src/terminal/width.ts'
import { whenText } from '../../src/text/when.ts'
import { stale, STATES, statusOf } from '../fixture/status.ts'

process.env['TZ'] = 'Europe/Berlin'

const shown = readFileSync(new URL('../fixture/status-shown.txt', import.meta.url), 'utf8')

for (const [, name = '', width, text] of shown.matchAll(
  /^=== (\w+), (\d+) columns\n([^]*?)(?=^===)/gm,
)) {
  test(`${name}, ${width} columns`, () => {
    const status = STATES[name]
    assert.ok(status)
    assert.equal(renderStatus(status, Number(width)), text)
  })
}

test('every state is shown at both widths, and nothing stands beyond them', () => {
  for (const [name, status] of Object.entries(STATES)) {
    for (const width of [80, 120]) {
      assert.ok(shown.includes(`=== ${name}, ${width} columns\n`), name)
      for (const line of renderStatus(status, width).split('\n'))
        assert.ok(line.length <= width, line)
    }
    for (const line of renderStatus(status, 40).split('\n')) {
      assert.ok(line.length <= 40 || !/\S \S/.test(line.trim()), `only a long word: ${line}`)
    }
  }
})

test('in a pipe no text is broken', () => {
  const text = renderStatus(STATES['useless'] ?? statusOf([]), Infinity)
  assert.match(
    text,
    /^ {2}kernel {2}a reboot for kernel .* is installed\n {10}do: see .* after that$/m,
  )
})

const of = (more: Partial<HostStatus>) => renderStatus(statusOf([], more), 100)
const HOUR = 3_600_000

test('Kured: asked, late, and not since the boot', () => {
  const kured = (askedAgoMs?: number) => of({ kured: { askedAgoMs, toldAt: undefined } })
  assert.match(kured(14_000), /^Kured {9}last asked 14s ago$/m)
  assert.match(kured(3 * HOUR), /^Kured {9}last asked 3h ago, and should ask every minute$/m)
  assert.match(kured(), /^Kured {9}has not asked since the boot, 3d 2h ago$/m)
  assert.match(of({ kured: { unknown: 'asked: no' } }), /^Kured {9}not known: asked: no$/m)
})

const END = {
  job: 'upgrade' as const,
  reason: '',
  problems: [] as string[],
  packages: 4,
  endedAt: '2026-11-26T23:36:00.000Z',
  bootId: 'b',
}
const NEXT = Date.UTC(2026, 10, 27, 23, 36)

for (const [what, upgrade, says] of [
  ['never', {}, 'last upgrade  none so far        next  none planned'],
  [
    'one package',
    { run: { ...END, outcome: 'completed', packages: 1 }, next: NEXT },
    'last upgrade  today 00:36, 1 package        next  tomorrow 00:36',
  ],
  [
    'nothing to do',
    {
      run: { ...END, outcome: 'nothing-to-do', lastEnd: { ...END, outcome: 'completed' } },
      next: NEXT,
    },
    'last upgrade  today 00:36, nothing to do; before that today 00:36, 4 packages',
  ],
  [
    'with problems',
    { run: { ...END, outcome: 'completed', problems: ['a hook failed'] } },
    'last upgrade  today 00:36, 4 packages, with problems: a hook failed',
  ],
  [
    'skipped again',
    { run: { ...END, outcome: 'skipped', reason: 'no mount', skips: 5 } },
    'last upgrade  skipped today 00:36 (5 times in a row): no mount',
  ],
  [
    'skipped by systemd, later',
    {
      run: { ...END, outcome: 'completed' },
      skip: { at: NEXT - 24 * HOUR + 60_000, why: 'no mount' },
    },
    'last upgrade  skipped today 00:37: no mount; before that today 00:36, 4 packages',
  ],
  [
    'repaired',
    { run: { ...END, outcome: 'interrupted', reason: 'a power cut', repaired: true } },
    'last upgrade  interrupted today 00:36: a power cut (repaired since)        next  none planned',
  ],
  [
    'not known',
    { unknown: 'systemd does not answer' },
    'last upgrade  not known: systemd does not answer',
  ],
] satisfies [string, HostStatus['upgrade'], string][]) {
  test(`the last upgrade: ${what}`, () => {
    assert.ok(of({ upgrade }).split('\n').includes(says), of({ upgrade }))
  })
}

test('the last reboot: by whom, for what, and whether it helped', () => {
  const reboot = (more: object) =>
    of({ reboot: { agoMs: 24 * HOUR, how: 'planned', causes: [], helped: 'unknown', ...more } })
  assert.match(reboot({}), /^last reboot {3}yesterday 17:02$/m)
  assert.match(reboot({ how: 'unplanned' }), /yesterday 17:02, not by kured-sentinel$/m)
  assert.match(
    reboot({ how: 'power-cut', causes: ['linux 1'], helped: 'yes' }),
    /yesterday 17:02, after a power cut, a crash or a reset, for linux 1; it helped$/m,
  )
  assert.match(reboot({ causes: ['a', 'b', 'c', 'd'] }), /for a, b, c and 1 more$/m)
})

test('what is not known is said beside the rest', () => {
  const text = of({
    restarts: 'systemd does not answer',
    reboot: { unknown: 'history.jsonl cannot be read' },
    uptime: { unknown: 'no uptime' },
    kured: { askedAgoMs: undefined, toldAt: undefined },
    kubelet: undefined,
    hostName: undefined,
  })
  assert.equal(
    text,
    `no reboot due
restarts      not known: systemd does not answer
Kured         has not asked since the boot
last upgrade  today 00:36, 4 packages        next  tomorrow 00:36
last reboot   not known: history.jsonl cannot be read
`,
  )
})

const LIBRARY = stale('/usr/lib/libc.so.6', ['a', 7], 'a.service')
const held = (kind: 'hold' | 'interval', message: string): Finding => ({
  kind,
  effect: 'held',
  message,
})
const BUSY: Finding = { kind: 'lock', effect: 'busy', message: 'pacman is at work: PID 7 holds it' }
const LOOK: Finding = { kind: 'boot', effect: 'attention', message: 'no image' }

for (const [answer, findings] of [
  ['reboot due', [LIBRARY]],
  ['no reboot due', []],
  ['no reboot due', [{ ...LIBRARY, effect: 'none', why: 'w' }]],
  ['reboot due, but pacman is at work: PID 7 holds it', [LIBRARY, BUSY]],
  ['not known yet: pacman is at work: PID 7 holds it', [BUSY]],
  ['reboot due, held for 1h more: x (me)', [LIBRARY, held('hold', 'held for 1h more: x')]],
  ['reboot due, not yet: booted 1h ago', [LIBRARY, held('interval', 'booted 1h ago')]],
  ['no reboot due, held for 1h more: x (me)', [held('hold', 'held for 1h more: x')]],
  [
    'reboot due, held for 1h more: x (me); a person should look',
    [LIBRARY, LOOK, held('hold', 'held for 1h more: x')],
  ],
  ['reboot due, but a person should look first', [LIBRARY, LOOK]],
  ['no reboot, a person should look', [LOOK]],
] as const satisfies [string, Finding[]][]) {
  test(`the answer: ${answer}`, () => {
    assert.equal(describeAnswer(decide([...findings]), { by: ' (me)' }), answer)
  })
}

test('the answer to an ordinary user is not that of root', () => {
  const unseen = unreadable('/proc/1/maps: Permission denied', { pid: 1 })
  const answer = (...findings: Finding[]) => describeAnswer(decide(findings), { isRoot: false })
  assert.equal(answer(unseen), 'not known: only root sees enough')
  assert.equal(answer(unseen, LIBRARY), 'reboot due, as far as can be seen')
  assert.equal(answer(unseen, LOOK), 'no reboot, a person should look')
})

test('a kubelet that does not fit: the gate refuses what is due', () => {
  const kubelet = { fits: false, message: 'no reboot: kubelet 1.38.0 is newer than the apiserver' }
  const text = renderStatus(statusOf([LIBRARY], { kubelet }), 100)
  assert.match(text, /^node3: reboot due, but the gate refuses it$/m)
  assert.match(text, /^kubelet {7}no reboot: kubelet 1\.38\.0 is newer/m)
})

test('what is held has its causes too; what keeps it back is the heading’s', () => {
  const causes = groupFindings(decide([LIBRARY, BUSY, held('interval', 'x')]), true)
  assert.deepEqual(causes, [{ subject: 'a.service', text: 'libc.so.6 (a[7])', weight: 'due' }])
})

test('a kind that status knows nothing of is a row all the same', () => {
  const asked: Finding = {
    ...LOOK,
    kind: 'microcode',
    effect: 'reboot',
    message: 'anna asks for one',
    remedy: 'only a reboot',
  }
  assert.deepEqual(groupFindings(decide([asked]), true), [
    { subject: 'microcode', text: 'anna asks for one', aside: 'only a reboot', weight: 'due' },
  ])
})

test('processes that cannot be seen: one line for an ordinary user, their names for root', () => {
  const unseen = [1, 2, 3, 4, 5].map((pid) => unreadable(`/proc/${pid}/maps: no`, { pid }))
  const [row, ...more] = groupFindings(decide(unseen), false)
  assert.deepEqual([row?.text, more], ['5 cannot be seen by an ordinary user', []])
  assert.deepEqual(groupFindings(decide(unseen), true), [
    {
      subject: 'processes',
      text: '/proc/1/maps: no; /proc/2/maps: no; /proc/3/maps: no; and 2 more',
      weight: 'attention',
    },
  ])
})

test('each reason has its remedy: what a restart clears is not “only a reboot”', () => {
  const process = (pid: number) => ({ pid, command: 'x' })
  const plan: Parameters<typeof withRemedies>[1] & object = {
    reexec: true,
    // Of a step only its processes count.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    steps: [{ processes: [process(2)] }] as never,
    refused: (['reboot', 'logout', 'end'] as const).map((clears, index) => ({
      why: 'w',
      clears,
      processes: [process(3 + index)],
    })),
  }
  const pids = [1, 2, 3, 4, 5, 6].map((pid) => stale('/usr/lib/l.so', ['x', pid], 'u'))
  const others: Finding[] = [
    { ...LIBRARY, pid: 2, byPacman: false },
    { kind: 'kernel', effect: 'reboot', message: 'k' },
    { kind: 'boot', effect: 'attention', message: 'b', remedy: 'mount /boot' },
    { ...LIBRARY, pid: 2, effect: 'none', why: 'w' },
  ]
  const remedies = (known: typeof plan | undefined) => {
    const { report } = statusOf([...pids, ...others])
    const { reasons, ignored } = withRemedies(report, known)
    return new Map(
      [...reasons, ...ignored].map((one) => [
        `${one.kind} ${one.pid} ${one.byPacman} ${one.effect}`,
        one.remedy,
      ]),
    )
  }
  assert.deepEqual(Object.fromEntries(remedies(plan)), {
    'library 1 true reboot': 'kured-sentinel restart',
    'library 2 true reboot': 'kured-sentinel restart',
    'library 3 true reboot': 'only a reboot',
    'library 4 true reboot': 'a logout, or a reboot',
    'library 5 true reboot': 'its end, or a reboot',
    'library 6 true reboot': undefined,
    'library 2 false reboot': 'its restart, or a reboot',
    'kernel undefined undefined reboot': 'only a reboot',
    'boot undefined undefined attention': 'mount /boot',
    'library 2 true none': undefined,
  })
  assert.equal(remedies(undefined).get('library 2 true reboot'), undefined)
})

const entry = (bootId: string, event: HistoryEvent): HistoryEntry => ({
  at: '2026-11-27T00:00:00.000Z',
  bootId,
  uptimeMs: 1,
  ...event,
})
const ASKED = entry('old', {
  kind: 'reboot-asked',
  causes: ['kernel linux 6.9.1-1 1000', 'library /usr/lib/libc.so.6', 'a request'],
  reasons: ['kernel 6.9.0 is running'],
  by: 'kured',
})
const DOWN = entry('old', {
  kind: 'gate',
  ending: 'down',
  reason: '',
  waitedMs: 0,
  waitedFor: [],
  by: 'kured',
})
const booted = (helped: 'yes' | 'unknown') =>
  entry('new', { kind: 'boot', how: 'planned', previousBoot: 'old', causes: [], helped })
const USELESS = entry('new', { kind: 'reboot-useless', reasons: ['it did not help'] })
const CAUSES = ['linux 6.9.1-1', 'libc.so.6', 'a request']

for (const [what, entries, askedIn, expected] of [
  ['nothing is known', [], undefined, { how: 'unknown', causes: [], helped: 'unknown' }],
  [
    'nothing is written in this boot yet',
    [ASKED, DOWN],
    undefined,
    { how: 'planned', causes: CAUSES, helped: 'unknown' },
  ],
  [
    'it helped',
    [ASKED, DOWN, booted('yes')],
    undefined,
    { how: 'planned', causes: CAUSES, helped: 'yes' },
  ],
  [
    'it did not, by the history',
    [ASKED, booted('unknown'), USELESS],
    undefined,
    { how: 'planned', causes: CAUSES, helped: 'no' },
  ],
  [
    'it did not, by this look',
    [ASKED, DOWN],
    'old',
    { how: 'planned', causes: CAUSES, helped: 'no' },
  ],
  [
    'it is asked for in this boot',
    [ASKED, booted('yes')],
    'new',
    { how: 'planned', causes: CAUSES, helped: 'yes' },
  ],
] as const satisfies [string, HistoryEntry[], string | undefined, object][]) {
  test(`the last reboot, from the history: ${what}`, () => {
    const findings = askedIn === undefined ? [] : [{ askedIn }]
    assert.deepEqual(judgeLastReboot(entries, findings, 'new', 5), { agoMs: 5, ...expected })
  })
}

test('a cause in a few words', () => {
  assert.deepEqual(
    ['module /usr/lib/modules/x/y.ko.zst', 'deleted /opt/a b', 'something else'].map(describeCause),
    ['y.ko.zst', 'a b', 'something else'],
  )
})

test('times as a person says them, by the local clock, over a change of the clocks too', () => {
  const now = new Date(2026, 9, 26, 0, 30).getTime()
  const at = (...time: [number, number, number, number, number]) =>
    whenText(new Date(...time).getTime(), now)
  assert.equal(at(2026, 9, 26, 0, 5), 'today 00:05')
  assert.equal(at(2026, 9, 25, 23, 59), 'yesterday 23:59')
  assert.equal(at(2026, 9, 27, 23, 0), 'tomorrow 23:00')
  assert.equal(at(2026, 9, 23, 9, 0), '3 days ago (2026-10-23 09:00)')
  assert.equal(at(2026, 10, 9, 9, 0), '2026-11-09 09:00')
  assert.equal(at(1970, 0, 1, 9, 0), '1970-01-01 09:00')
  assert.equal(whenText(NaN, now), 'at an unknown time')
})

test('the terminal says how wide it is; a pipe does not', () => {
  assert.equal(outputWidth({ isTTY: true, columns: 120 }), 120)
  assert.equal(outputWidth({ isTTY: true, columns: 0 }), 80)
  assert.equal(outputWidth({ isTTY: true, columns: 7 }), 40)
  assert.equal(outputWidth({}, '82'), 82)
  for (const told of ['', '0', 'wide', '-3']) assert.equal(outputWidth({}, told), Infinity)
})

test('JSON: what check has, and what stands beside it', () => {
  const status = STATES['held']
  assert.ok(status)
  const { findings, details, verdict } = statusAnswer(status)
  const [first, second] = findings
  assert.ok('askedAgoMs' in details.kured && 'run' in details.upgrade)
  assert.deepEqual(
    [verdict, details.due, details.heldBy?.by, details.kured.askedAgoMs, first?.kind],
    ['none', true, 'root', 14_000, 'hold'],
  )
  assert.deepEqual([second?.advice, second?.state], ['only a reboot', 'due'])
  assert.equal(details.upgrade.run?.packages, 4)
  assert.deepEqual(Object.keys(details.reboot), ['agoMs', 'how', 'causes', 'helped'])
})
