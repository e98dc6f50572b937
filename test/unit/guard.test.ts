import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assumeAsked, decideGuard, type Asked } from '../../src/guard/guard.ts'
import { transactionBetween, type Packages } from '../../src/guard/packages.ts'
import type { Finding } from '../../src/sentinel/finding.ts'

const packages: Packages = { database: 'd1', transaction: '[1] [ALPM] transaction completed' }
const upgraded: Packages = { database: 'd2', transaction: '[2] [ALPM] transaction completed' }

const kernel: Finding = {
  kind: 'kernel',
  effect: 'reboot',
  message: 'kernel 6.9.0 is running, linux 6.9.1 is installed',
  running: '6.9.0',
  installed: '6.9.1',
}
const library = (path: string, pid: number): Finding => ({
  kind: 'library',
  effect: 'reboot',
  message: `sshd[${pid}] runs a replaced library: ${path}`,
  pid,
  path,
})

/** What is remembered after it was asked for in that boot. */
function asked(findings: Finding[], bootId = 'A', now = packages, before: Asked[] = []): Asked[] {
  return decideGuard(findings, { bootId, packages: now }, before).asked
}
const effects = (findings: Finding[]) => findings.map(({ effect }) => effect)

for (const [what, bootId, now, remembered, effect] of [
  ['never asked for', 'A', packages, [], 'reboot'],
  ['asked for in this boot', 'A', packages, asked([kernel]), 'reboot'],
  ['asked for in an earlier boot', 'B', packages, asked([kernel]), 'attention'],
  ['the same two boots later', 'C', packages, asked([kernel]), 'attention'],
  ['the same, and a transaction since', 'B', upgraded, asked([kernel]), 'reboot'],
  ['asked again, after the transaction', 'B', upgraded, asked([kernel], 'B', upgraded), 'reboot'],
  ['and in the boot after that', 'C', upgraded, asked([kernel], 'B', upgraded), 'attention'],
  ['another one asked for', 'B', packages, asked([library('/usr/lib/a.so', 1)]), 'reboot'],
  ['lost', 'A', packages, assumeAsked([kernel], packages), 'attention'],
  ['lost, and a transaction since', 'A', upgraded, assumeAsked([kernel], packages), 'reboot'],
] as const) {
  test(`a reason for a reboot, ${what}: ${effect}`, () => {
    const { findings } = decideGuard([kernel], { bootId, packages: now }, remembered)
    assert.deepEqual(effects(findings), [effect])
  })
}

test('it says what was rebooted for, what holds, and where to look', () => {
  const { findings } = decideGuard([kernel], { bootId: 'B', packages }, asked([kernel]))
  assert.match(
    findings[0]?.message ?? '',
    /^rebooted for kernel 6\.9\.1, and it still holds: kernel 6\.9\.0 is running, linux 6\.9\.1 is installed\. .*\/boot mounted.*boot loader.*after the next pacman transaction$/,
  )
  assert.equal(findings[0]?.askedIn, 'A')
})

test('a reason asked for in this boot says so', () => {
  const { findings } = decideGuard([kernel], { bootId: 'A', packages }, asked([kernel]))
  assert.equal(findings[0]?.askedIn, 'A')
})

test('the same file run by another process, with another PID, is the same reason', () => {
  const before = asked([library('/usr/lib/a.so', 1)])
  const again = [library('/usr/lib/a.so', 77), library('/usr/lib/a.so', 78)]
  const { findings } = decideGuard(again, { bootId: 'B', packages }, before)
  assert.deepEqual(effects(findings), ['attention', 'attention'])
})

test('a new reason counts beside one that a reboot did not clear, which is shown with why', () => {
  const found = [kernel, library('/usr/lib/a.so', 1)]
  const guarded = decideGuard(found, { bootId: 'B', packages }, asked([kernel]))
  assert.deepEqual(effects(guarded.findings), ['none', 'reboot'])
  assert.equal(guarded.findings[0]?.why, 'a reboot did not help')
  // Asking for the new one does not make the old one count in the boot after.
  const { findings } = decideGuard(found, { bootId: 'C', packages }, guarded.asked)
  assert.deepEqual(effects(findings), ['attention', 'attention'])
})

test('what was asked for is forgotten with the next transaction, and not before', () => {
  const remembered = asked([kernel, library('/usr/lib/a.so', 1)])
  const gone = asked([library('/usr/lib/b.so', 1)], 'B', packages, remembered)
  assert.deepEqual(
    gone.map(({ cause }) => cause),
    ['kernel 6.9.1', 'file /usr/lib/a.so', 'file /usr/lib/b.so'],
  )
  assert.deepEqual(asked([kernel], 'C', upgraded, gone), [
    { cause: 'kernel 6.9.1', bootId: 'C', packages: upgraded },
  ])
})

test('something new after each boot is asked for in three, and then pacman has to change something', () => {
  let remembered: Asked[] = []
  const inBoot = (boot: number, now = packages) => {
    const found = [library(`/opt/x/lib${boot}.so`, 1)]
    const guarded = decideGuard(found, { bootId: `boot-${boot}`, packages: now }, remembered)
    remembered = guarded.asked
    return effects(guarded.findings)
  }
  for (const boot of [1, 2, 3, 3]) assert.deepEqual(inBoot(boot), ['reboot'])
  assert.deepEqual([inBoot(4), inBoot(5)], [['attention'], ['attention']])
  assert.deepEqual(inBoot(6, upgraded), ['reboot'])
})

test('only reasons for a reboot are judged and remembered', () => {
  const lock: Finding = { kind: 'lock', effect: 'attention', message: 'stale' }
  const guarded = decideGuard([lock], { bootId: 'A', packages }, [])
  assert.deepEqual(guarded, { findings: [lock], asked: [] })
})

const one = '[1] [ALPM] transaction completed'
const two = '[2] [ALPM] transaction completed'
for (const [what, before, after, changed] of [
  ['nothing', ['d', one], ['d', one], false],
  ['an upgrade', ['d', one], ['e', two], true],
  ['an upgrade, no log', ['d', null], ['e', null], true],
  ['an upgrade that was cut off', ['d', one], ['e', one], true],
  ['a reinstallation', ['d', one], ['d', two], true],
  ['the first line of a new log', ['d', ''], ['d', one], true],
  ['a log that is gone', ['d', one], ['d', null], false],
  ['a log that is empty', ['d', one], ['d', ''], false],
  ['a log that is back', ['d', null], ['d', one], false],
] as const) {
  test(`a transaction between two looks? ${what}: ${changed}`, () => {
    const look = ([database, transaction]: readonly [string, string | null]) => ({
      database,
      transaction,
    })
    assert.equal(transactionBetween(look(before), look(after)), changed)
  })
}
