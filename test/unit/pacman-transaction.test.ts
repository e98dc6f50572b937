import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUnattended, readRuns } from '../../src/pacman/log/transaction.ts'
import { BEGUN, COMPLETED, CUT_OFF, INTERRUPTED, logLines } from '../fixture/pacman-log.ts'

const OURS = '/usr/bin/pacman -Su --noconfirm --noprogressbar'
const ends = (text: string) =>
  readRuns(logLines(text)).map(({ command, transaction }) => [command, transaction?.end])

test('a transaction, its packages, and the hooks it has started', () => {
  assert.deepEqual(readRuns(logLines(COMPLETED)), [
    {
      command: OURS,
      upgrading: true,
      transaction: {
        end: 'completed',
        packages: ['a', 'b'],
        changes: ['upgraded a (1-1 -> 2-1)', 'upgraded b (1-1 -> 2-1)'],
        pacfiles: [],
      },
      hooks: ['90-bad.hook', '91-none.hook', '92-signal.hook', '93-good.hook'],
    },
  ])
})

for (const [what, text, completed] of [
  ['completed', COMPLETED, true],
  ['begun, and nothing to do', BEGUN, false],
  ['interrupted by SIGINT', INTERRUPTED, false],
  ['cut off', CUT_OFF, false],
  ['cut off, and completed by hand', `${CUT_OFF}${COMPLETED.replaceAll('/usr/bin/', '')}`, true],
] as const) {
  test(`completed or not: ${what}`, () => {
    const found = ends(text).map(([, end]) => end)
    assert.equal(found.includes('completed'), completed)
  })
}

test('another pacman that does not get the lock has no part in the transaction', () => {
  const [command = '', ...rest] = COMPLETED.trim().split('\n')
  const other = "[PACMAN] Running 'pacman -S foo'"
  for (let at = 1; at <= rest.length; at += 1) {
    const lines = [command, ...rest.slice(0, at), other, ...rest.slice(at)]
    assert.deepEqual(
      ends(lines.join('\n')),
      [
        [OURS, 'completed'],
        ['pacman -S foo', undefined],
      ],
      `after ${rest[at - 1]}`,
    )
  }
})

test('a run that does not get the lock has no part in another’s transaction', () => {
  const theirs = `[PACMAN] Running 'pacman -S foo'
[ALPM] transaction started
[PACMAN] Running '${OURS}'
[ALPM] installed foo (1-1)
[ALPM] transaction completed`
  assert.deepEqual(ends(theirs), [
    ['pacman -S foo', 'completed'],
    [OURS, undefined],
  ])
})

test('one run after the other, and a program that is not pacman', () => {
  const text = `${COMPLETED}[PACMAN] Running 'pacman -R b'
[ALPM] transaction started
[ALPM] removed b (2-1)
[ALPM] transaction failed
[ALPM] transaction started
[ALPM] installed c (1-1)
[ALPM] transaction completed`
  assert.deepEqual(ends(text), [
    [OURS, 'completed'],
    ['pacman -R b', 'failed'],
    ['', 'completed'],
  ])
})

for (const [command, upgrade, download] of [
  [OURS, true, false],
  ['pacman -Syu --noconfirm', true, false],
  ['/usr/bin/pacman -Syuw --noconfirm --noprogressbar', false, true],
  ['pacman -Su --downloadonly --noconfirm', false, true],
  ['pacman -Syu', false, false],
  ['pacman -S --noconfirm sudo', false, false],
  ['pacman -U --noconfirm x.pkg.tar.zst', false, false],
  ['yay -Su --noconfirm', false, false],
] as const) {
  test(`whose command is it: ${command}`, () => {
    assert.deepEqual(
      [isUnattended(command, false), isUnattended(command, true)],
      [upgrade, download],
    )
  })
}
