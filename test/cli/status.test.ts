/** `status` on a host's files: on a terminal, in a pipe, and what it says of the host. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostTree } from '../fixture/host.ts'
import { asKured, BIN, NODE, run } from '../fixture/program.ts'
import { makeTree } from '../fixture/tree.ts'

const dueHost = () =>
  makeTree(
    hostTree({
      'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n',
      'proc/sys/kernel/hostname': 'node3\n',
      'run/kured-sentinel/asked': '4986.00\n',
    }),
  )

test('lines are as wide as the terminal, and unbroken in a pipe', () => {
  const root = dueHost()
  const status = `${NODE} ${BIN} status --root ${root}`
  const terminal = (columns: number) =>
    spawnSync('script', ['-qec', `stty cols ${columns}; ${status}`, '/dev/null'], {
      env: { PATH: '/usr/bin:/bin', TERM: 'xterm', NO_COLOR: '1' },
      input: '',
      encoding: 'utf8',
      timeout: 60_000,
    })
      .stdout.split(/\r?\n/)
      .map((line) => line.length)
  assert.ok(Math.max(...terminal(50)) <= 50)
  assert.ok(Math.max(...terminal(120)) > 70)
  const row =
    /^ {2}kernel {2}6\.9\.0-arch1-1 runs, linux 6\.9\.1-arch1-1 is installed {2}only a reboot$/m
  assert.match(run(['status', '--root', root]).stdout, row)
})

test('from the history: since when it is told, who holds it, what the last reboot was for', () => {
  const root = dueHost()
  assert.match(
    run(['status', '--root', root]).stdout,
    /^node3: reboot due\n[^]*^Kured {9}last asked 14s ago\nlast upgrade {2}none so far {8}next {2}none planned\nlast reboot {3}(to|yester)day \d\d:\d\d\n$/m,
  )
  assert.equal(asKured(['--root', root]).code, 0)
  const hold = ['hold', '--for', '1h', '--reason', 'a disk', '--root', root]
  assert.equal(run(hold, { env: { PATH: '/usr/bin', SUDO_USER: 'anna' } }).code, 0)
  const held = run(['status', '--root', root]).stdout
  assert.match(
    held,
    /^node3: reboot due, held for (1h|59min 5\ds) more: a disk \(anna, today \d\d:\d\d\)$/m,
  )
  assert.match(held, /^Kured {9}last asked 14s ago; told to reboot since today \d\d:\d\d$/m)

  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'another\n')
  const after = run(['status', '--root', root]).stdout
  assert.match(after, /^last reboot .*, for linux 6\.9\.1\S*; it did not help$/m)
  const json = JSON.parse(run(['status', '--json', '--root', root]).stdout)
  const { reboot, heldBy } = json.details
  assert.deepEqual([json.host, reboot.helped, heldBy.by], ['node3', 'no', 'anna'])
})

test('what cannot be read is not known, and hides nothing else', () => {
  const broken = { directory: true as const }
  const root = makeTree(
    hostTree({
      'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n',
      'run/kured-sentinel/asked': broken,
      'var/lib/kured-sentinel/history.jsonl': broken,
      'var/lib/kured-sentinel/run-upgrade.json': '{}',
      'var/lib/kured-sentinel/requests.json': '{"version": 1, "requests": []}',
    }),
  )
  const { code, stdout } = run(['status', '--root', root])
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^reboot due\n {2}kernel .*\nKured {9}not known: .*\nlast upgrade {2}not known: .*run-upgrade\.json.*\nlast reboot {3}not known: .*history\.jsonl.*\n$/,
  )
})
