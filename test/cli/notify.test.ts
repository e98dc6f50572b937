/** The programs in notify.d, as the built program tells them, on a host's files. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostTree } from '../fixture/host.ts'
import { asKured, run } from '../fixture/program.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const WAITING = 'run/kured-sentinel/untold'

/** A host with a program that appends to the file `told`. */
function hostWithProgram(more: Tree = {}): string {
  const root = makeTree(
    hostTree({
      'etc/hostname': 'node3\n',
      // A check that Kured runs is in the UTS namespace of its pod.
      'proc/sys/kernel/hostname': 'kured-x7k2p\n',
      'etc/kured-sentinel/notify.d/tell': '',
      ...more,
    }),
  )
  const path = join(root, 'etc/kured-sentinel/notify.d/tell')
  writeFileSync(path, `#!/bin/sh\ncat >>${root}/told\n`)
  chmodSync(path, 0o755)
  return root
}

const told = (root: string) =>
  readFileSync(join(root, 'told'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('checks that answer 2 for one reason are one message, which the check leaves for others', () => {
  const root = hostWithProgram({ 'etc/kured-sentinel.conf': '[sentinel]\nmodules = perhaps\n' })
  const words = ['--root', root]
  // With an option it is a person's.
  assert.equal(asKured(words).code, 2)
  assert.equal(existsSync(join(root, WAITING)), false)
  writeFileSync(join(root, 'etc/kured-sentinel.conf'), '')
  writeFileSync(join(root, 'etc/pacman.conf'), '[options\n')
  for (let minute = 0; minute < 3; minute++) assert.equal(asKured(words).code, 2)
  assert.equal(readdirSync(join(root, WAITING)).length, 1)
  assert.equal(existsSync(join(root, 'told')), false)

  const dry = readEnvelope('notify', run(['notify', '--dry-run', '--json', ...words]).stdout)
  assert.deepEqual([dry.details.events.length, dry.details.dryRun, dry.exitCode], [1, true, 0])
  const ended = run(['notify', ...words])
  assert.deepEqual([ended.code, ended.stdout], [0, '/etc/kured-sentinel/notify.d/tell was told\n'])
  const [event, ...others] = told(root)
  assert.deepEqual(
    [others.length, event.event, event.trouble, event.node],
    [0, 'attention', true, 'node3'],
  )
  assert.match(event.message, /^attention, no reboot: .*pacman\.conf/)
  assert.equal(run(['notify', ...words]).stdout, 'nothing is to be told\n')
  assert.equal(asKured(words).code, 2)
  assert.equal(run(['notify', ...words]).stdout, 'nothing is to be told\n')
})

test('a useless reboot is told once, and not as attention as well', () => {
  const kernel = { 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }
  const root = hostWithProgram(kernel)
  assert.equal(asKured(['--root', root]).code, 0)
  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'second\n')
  for (let minute = 0; minute < 2; minute++) assert.equal(asKured(['--root', root]).code, 2)
  assert.equal(run(['notify', '--root', root]).code, 0)
  assert.deepEqual(
    told(root).map(({ event }) => event),
    ['reboot-useless'],
  )
})

test('--test tells what has not happened, and says by its exit code whether it went well', () => {
  const root = hostWithProgram()
  const words = ['notify', '--test', '--root', root]
  assert.equal(run(words).code, 0)
  const [event] = told(root)
  assert.equal(event.test, true)
  assert.match(event.message, /this is a test of kured-sentinel/)
  writeFileSync(join(root, 'etc/kured-sentinel/notify.d/tell'), '#!/bin/sh\necho no mail; exit 1\n')
  const failed = run(words)
  assert.deepEqual(
    [failed.code, failed.stdout],
    [1, '/etc/kured-sentinel/notify.d/tell: no mail\n'],
  )
  const { findings, verdict } = readEnvelope('notify', run([...words, '--json']).stdout)
  assert.deepEqual([findings[0]?.message, verdict], ['no mail', 'failed'])
  const none = run([
    'notify',
    '--test',
    '--root',
    makeTree(hostTree({ 'proc/sys/kernel/hostname': 'x' })),
  ])
  assert.deepEqual(
    [none.code, none.stdout],
    [
      1,
      'there is no program in /etc/kured-sentinel/notify.d; /usr/share/kured-sentinel/examples has two to begin with\n',
    ],
  )
})

test('what waits and is damaged is told as such, and does not stay', () => {
  const root = hostWithProgram({ [`${WAITING}/0000000000001-1-1.json`]: ' '.repeat(300_000) })
  assert.equal(run(['notify', '--root', root]).code, 0)
  assert.equal(told(root)[0].event, 'unreadable')
  assert.deepEqual(readdirSync(join(root, WAITING)), [])
})

test('to Kured it is no reboot', () => {
  assert.equal(asKured(['notify', '--root', hostWithProgram()]).code, 2)
})
