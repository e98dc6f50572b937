import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderRestart } from '../../src/commands/restart.ts'
import { notesOn } from '../../src/restart/notes.ts'
import type { RestartReport } from '../../src/restart/report.ts'
import { runningUnit } from '../fixture/unit.ts'

const NOTHING: RestartReport = {
  dryRun: false,
  failed: [],
  restarted: [],
  refused: [],
  gone: [],
  stillStale: [],
  unseen: [],
}
const sshd = [{ pid: 41, command: 'sshd' }]
const [library, unreadable] = ['library', 'unreadable'] as const

test('failures first, then what was done, what not and why, and what is left', () => {
  const message = 'user[43] runs a replaced library: /usr/lib/x.so'
  const text = renderRestart({
    ...NOTHING,
    stillStale: [{ kind: library, message, unit: 'session-1.scope', clears: 'logout' }],
    gone: [{ pid: 42, command: 'brief', unit: undefined }],
    refused: [{ unit: 'dbus.service', why: 'w', clears: 'reboot', processes: sshd }],
    restarted: [
      { unit: 'init.scope', processes: [{ pid: 1, command: 'systemd' }] },
      { unit: 'sshd.service', processes: [...sshd, ...sshd, ...sshd, ...sshd] },
      { unit: 'b.service', processes: [], with: 'sshd.service', notes: ['note 1', 'note 2'] },
    ],
    failed: [
      {
        unit: 'a.service',
        why: 'it did not come back',
        activeState: 'failed',
        subState: 'failed',
        result: 'exit-code',
        execMainStatus: '3',
      },
      { unit: 'c.service', why: 'no answer' },
    ],
  })
  assert.equal(
    text,
    `did not come back:
  a.service: it did not come back (failed/failed, Result=exit-code, ExecMainStatus=3); see systemctl status a.service
  c.service: no answer
restarted:
  systemd itself (PID 1), with systemctl daemon-reexec
  sshd.service (sshd[41], sshd[41], sshd[41], and 1 more)
  b.service, along with sshd.service, which it depends on; note 1; note 2
left alone:
  dbus.service (sshd[41]): w
ended before the restart:
  brief[42]
still runs old code:
  user[43] runs a replaced library: /usr/lib/x.so (session-1.scope) until its user logs out, or a reboot
`,
  )
})

test('a dry run speaks of what would be; what cannot be seen is not listed by the hundred', () => {
  const unseen = Array.from({ length: 100 }, () => ({ kind: unreadable, message: 'denied' }))
  const restarted = [{ unit: 'a.service', processes: sshd }]
  const text = renderRestart({ ...NOTHING, dryRun: true, restarted, unseen })
  const head = `could not be seen:\n${'  denied\n'.repeat(3)}  and 97 more\n`
  assert.equal(text, `${head}would be restarted:\n  a.service (sshd[41])\n`)
})

test('nothing to do; and no control character of a name reaches the terminal', () => {
  assert.match(renderRestart(NOTHING), /^nothing to restart: no process/)
  const processes = [{ pid: 41, command: '\u001b[2J' }]
  const refused = [{ why: 'it belongs to no unit', clears: 'reboot' as const, processes }]
  const text = renderRestart({ ...NOTHING, refused })
  assert.match(text, /^ {2}\\u001b\[2J\[41\]: it belongs to no unit$/m)
})

test('what a restart brings along: a start limit that outlasts an upgrade, and /run', () => {
  const notes = (lines: string, complaint = '') =>
    notesOn(runningUnit('a.service', lines), complaint)
  assert.deepEqual(notes('StartLimitBurst=5\nStartLimitIntervalUSec=10s'), [])
  assert.deepEqual(notes('StartLimitBurst=3\nStartLimitIntervalUSec=30min'), [
    'its start limit of 3 in 30min begins anew',
  ])
  assert.deepEqual(notes('StartLimitBurst=3\nStartLimitIntervalUSec=1d', 'denied'), [
    'its start limit of 3 in 1d goes on: denied',
  ])
  const kept = ['yes', 'restart'].map(
    (word) => `RuntimeDirectory=a b/c\nRuntimeDirectoryPreserve=${word}`,
  )
  assert.deepEqual(
    kept.flatMap((lines) => notes(lines)),
    [],
  )
  assert.deepEqual(
    notes('RuntimeDirectory=a b/c\nRuntimeDirectoryPreserve=no').map((note) => note.split(' ')[0]),
    ['/run/a', '/run/b/c'],
  )
})
