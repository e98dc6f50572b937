import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideGuard, type RebootRequest } from '../../src/reboot/guard.ts'
import type { Finding } from '../../src/sentinel/finding.ts'

const kernel: Finding = {
  kind: 'kernel',
  effect: 'reboot',
  message: 'kernel 6.9.0 is running, linux 6.9.1 is installed',
  running: '6.9.0',
  installed: '6.9.1',
  package: 'linux',
  version: '6.9.1-1',
  installedAt: '1000',
  byPacman: false,
}
/** Installed in this boot, by pacman's own list. */
const fresh = { ...kernel, byPacman: true }
const reinstalled = { ...kernel, installedAt: '2000' }
const library = (path: string, pid = 1, byPacman = true): Finding => ({
  kind: 'library',
  effect: 'reboot',
  message: `sshd[${pid}] runs a replaced library: ${path}`,
  pid,
  path,
  byPacman,
})

/** What is remembered after it was asked for in that boot. */
function asked(findings: Finding[], bootId = 'A', before: RebootRequest[] = []): RebootRequest[] {
  return decideGuard(findings, bootId, before).requests
}
const effects = (findings: Finding[]) => findings.map(({ effect }) => effect)

for (const [what, finding, bootId, remembered, effect] of [
  ['never asked for', kernel, 'A', [], 'reboot'],
  ['asked for in this boot', kernel, 'A', asked([kernel]), 'reboot'],
  ['asked for in an earlier boot', kernel, 'B', asked([kernel]), 'attention'],
  ['the same two boots later', kernel, 'C', asked([kernel]), 'attention'],
  ['and its package was installed anew', reinstalled, 'B', asked([kernel]), 'reboot'],
  ['asked for since', reinstalled, 'C', asked([reinstalled], 'B', asked([kernel])), 'attention'],
  ['installed in this boot', fresh, 'A', [], 'reboot'],
  ['asked for in the boot it was installed in', kernel, 'B', asked([fresh]), 'attention'],
  ['what was remembered is lost', kernel, 'A', undefined, 'attention'],
  ['lost, but installed in this boot', fresh, 'A', undefined, 'reboot'],
] as const) {
  test(`a kernel, ${what}: ${effect}`, () => {
    assert.deepEqual(effects(decideGuard([finding], bootId, remembered).findings), [effect])
  })
}

test('what pacman replaced in this boot counts, whatever was asked for and whatever is lost', () => {
  const found = [library('/usr/lib/a.so', 1), library('/usr/lib/a.so', 2)]
  for (const remembered of [[], asked(found), asked(found, 'Z'), undefined]) {
    assert.deepEqual(effects(decideGuard(found, 'B', remembered).findings), ['reboot', 'reboot'])
  }
})

test('a deleted file of no package is asked for once, until pacman replaces it', () => {
  const unpacked = library('/opt/x/native.so', 1, false)
  const before = asked([unpacked])
  assert.deepEqual(effects(decideGuard([unpacked], 'A', before).findings), ['reboot'])
  const { findings } = decideGuard([unpacked], 'B', before)
  assert.deepEqual(effects(findings), ['none'])
  assert.match(findings[0]?.why ?? '', /^already rebooted for it, and something other/)
  assert.deepEqual(effects(decideGuard([unpacked], 'B', undefined).findings), ['none'])
  const replaced = asked([library('/opt/x/native.so')], 'B', before)
  assert.deepEqual(effects(decideGuard([unpacked], 'C', replaced).findings), ['reboot'])
})

test('it says what was rebooted for, what holds, where to look, and what makes it count again', () => {
  const { findings } = decideGuard([kernel], 'B', asked([kernel]))
  assert.match(
    findings[0]?.message ?? '',
    /^a reboot for kernel 6\.9\.1 did not help: kernel 6\.9\.0 is running, linux 6\.9\.1 is installed$/,
  )
  assert.match(
    findings[0]?.remedy ?? '',
    /\/boot is mounted.*boot loader.*pacman -S linux: it counts again only after that$/,
  )
  assert.equal(findings[0]?.askedIn, 'A')
})

test('a reason asked for in this boot says so', () => {
  const again = [kernel, library('/usr/lib/a.so')]
  const { findings } = decideGuard(again, 'A', asked(again))
  assert.deepEqual(
    findings.map(({ askedIn }) => askedIn),
    ['A', 'A'],
  )
})

test('a new reason counts beside one that a reboot did not clear, which is shown with why', () => {
  const found = [kernel, library('/usr/lib/a.so')]
  const guarded = decideGuard(found, 'B', asked([kernel]))
  assert.deepEqual(effects(guarded.findings), ['none', 'reboot'])
  assert.equal(guarded.findings[0]?.why, 'a reboot did not help')
  // Asking for the new one does not make the old one count in the boot after.
  const { findings } = decideGuard([kernel], 'C', guarded.requests)
  assert.deepEqual(effects(findings), ['attention'])
})

test('of earlier boots only what can outlast a boot is remembered', () => {
  const found = [kernel, library('/usr/lib/a.so'), library('/opt/b.so', 1, false)]
  const next = asked([library('/usr/lib/c.so')], 'B', asked(found))
  assert.deepEqual(
    next.map(({ cause, bootId }) => `${cause}, ${bootId}`),
    ['kernel linux 6.9.1-1 1000, A', 'deleted /opt/b.so, A', 'library /usr/lib/c.so, B'],
  )
})

test('only reasons for a reboot are judged and remembered', () => {
  const lock: Finding = { kind: 'lock', effect: 'attention', message: 'stale' }
  assert.deepEqual(decideGuard([lock], 'A', []), { findings: [lock], requests: [] })
})

test('a person’s request counts in its boot, also where the record is lost, and leaves nothing to the next', () => {
  const request: Finding = {
    kind: 'request',
    effect: 'reboot',
    message: 'requested by root: a disk',
  }
  assert.deepEqual(effects(decideGuard([request], 'A', undefined).findings), ['reboot'])
  const first = decideGuard([request], 'A', []).requests
  assert.deepEqual(first, [{ cause: 'request requested by root: a disk', bootId: 'A' }])
  assert.deepEqual(decideGuard([], 'B', first).requests, [])
  const before = asked([library('/usr/lib/gone.so')])
  assert.deepEqual(
    decideGuard([request], 'A', before).requests,
    first,
    'what is no longer there does not stand for it when it is cancelled',
  )
  const both = decideGuard([request, library('/usr/lib/x.so')], 'A', before).requests
  assert.equal(
    both.some(({ cause }) => cause === 'library /usr/lib/x.so'),
    true,
  )
  const other = { ...request, message: 'requested by root: fans' }
  assert.equal(decideGuard([other], 'A', first).findings[0]?.askedIn, undefined, 'told anew')
})
