/** How `doctor` goes through its checks, and how it shows what they say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHECKS } from '../../src/doctor/checks.ts'
import { examine, type Examination } from '../../src/doctor/examine.ts'
import {
  type DoctorCheck,
  ok,
  type DoctorFinding,
  unknown,
  warning,
  wrong,
} from '../../src/doctor/line.ts'
import { SentinelError } from '../../src/errors.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { renderExamination } from '../../src/commands/doctor.ts'
import { hostTree } from '../fixture/host.ts'
import { makeTree } from '../fixture/tree.ts'

function look(checks: DoctorCheck[], limitMs = 10_000, progress: string[] = []) {
  const host = new Host(makeTree(hostTree()))
  return examine(host, checks, new Deadline(limitMs), (area) => progress.push(area))
}

const says = (area: string, ...lines: DoctorFinding[]): DoctorCheck => ({ area, look: () => lines })
const fails = (area: string, error: unknown): DoctorCheck => ({
  area,
  look() {
    throw error
  },
})

test('the worst line is the state, and the exit code', async () => {
  const states: [lines: DoctorFinding[], state: string, exitCode: number][] = [
    [[ok('a')], 'ok', 0],
    [[ok('a'), unknown('b')], 'unknown', 1],
    [[unknown('a'), warning('b'), ok('c')], 'warning', 1],
    [[wrong('a'), warning('b'), ok('c')], 'wrong', 2],
  ]
  for (const [lines, state, exitCode] of states) {
    const examination = await look([says('x', ...lines)])
    assert.deepEqual([examination.state, examination.exitCode], [state, exitCode])
  }
})

test('a check that throws is a line of its own, and the others go on', async () => {
  const progress: string[] = []
  const error = new SentinelError('no database', { cause: new Error('it is gone') })
  const rejects: DoctorCheck = {
    area: 'c',
    look: () => Promise.reject(new TypeError('x is undefined')),
  }
  const { lines } = await look(
    [fails('a', error), fails('b', error), rejects, says('d', ok('fine'))],
    10_000,
    progress,
  )
  assert.deepEqual(lines, [
    { area: 'a', state: 'wrong', message: 'could not be checked: no database: it is gone' },
    { area: 'b', state: 'wrong', message: 'could not be checked, for the same reason as a' },
    { area: 'c', state: 'wrong', message: 'could not be checked: x is undefined' },
    { area: 'd', state: 'ok', message: 'fine' },
  ])
  assert.deepEqual(progress, ['a', 'b', 'c', 'd'])
})

test('a check that never answers takes its time, and those behind it are named', async () => {
  const hangs: DoctorCheck = { area: 'a', look: () => new Promise<DoctorFinding[]>(() => {}) }
  const { lines, exitCode, durationMs } = await look([hangs, says('b', ok('fine'))], 300)
  assert.deepEqual(
    lines.map(({ area, state, message }) => `${area} ${state}: ${message}`),
    ['a wrong: no answer within 1 s', 'b wrong: not checked: out of time'],
  )
  assert.equal(exitCode, 2)
  assert.ok(durationMs < 5000)
})

test('every check has its own area', () => {
  const areas = CHECKS.map(({ area }) => area)
  assert.deepEqual([...new Set(areas)], areas)
})

const SHOWN: Examination = {
  state: 'wrong',
  exitCode: 2,
  lines: [
    {
      area: 'lock',
      state: 'wrong',
      message:
        'stale lock /var/lib/pacman/db.lck: nobody has it open and it is older than this boot',
      advice: 'look at pacman.log, repair what was interrupted, and only then remove it',
    },
    { area: 'pacman', state: 'ok', message: 'sound' },
    { area: 'ignored', state: 'warning', message: 'kubelet is not ignored' },
    { area: 'kured', state: 'unknown', message: 'only root can see what Kured calls' },
    { area: 'ignored', state: 'warning', message: 'evil\u001b[2Jname', advice: 'x' },
  ],
  checkedAt: 't',
  durationMs: 12,
}

test('shown within the terminal’s width, with what to do below, and problems last', () => {
  assert.equal(
    renderExamination(SHOWN, 80),
    `ok       pacman   sound
unknown  kured    only root can see what Kured calls
warning  ignored  kubelet is not ignored
warning  ignored  evil\\u001b[2Jname
                  do: x
wrong    lock     stale lock /var/lib/pacman/db.lck: nobody has it open and it
                  is older than this boot
                  do: look at pacman.log, repair what was interrupted, and only
                      then remove it
1 wrong, 2 warnings, 1 unknown, 1 ok (in 12 ms)
`,
  )
  assert.match(
    renderExamination(SHOWN, 120),
    /^wrong {4}lock {5}stale lock .* and it is older than this boot\n {18}do: look at .* remove it$/m,
  )
})

test('in a pipe no line is broken', () => {
  const [last = ''] = renderExamination(
    { ...SHOWN, lines: SHOWN.lines.slice(0, 1) },
    Infinity,
  ).split('\n')
  assert.match(last, /older than this boot$/)
})
