/** What commands write to the history, and what it shows, on a host's files. */
import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostTree, replacedTree } from '../fixture/host.ts'
import { asKured, run } from '../fixture/program.ts'
import { fillTree, makeTree } from '../fixture/tree.ts'

const FILE = 'var/lib/kured-sentinel/history.jsonl'
const dueHost = () => makeTree(hostTree({ 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }))
const boot = (root: string, id: string) =>
  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), `${id}\n`)

const events = (root: string) =>
  JSON.parse(run(['history', '--json', '--root', root]).stdout).details
const kinds = (root: string): string[] =>
  events(root).events.map(({ kind }: { kind: string }) => kind)

test('nothing has happened', () => {
  const root = makeTree(hostTree())
  assert.deepEqual(run(['history', '--root', root]).stdout, 'nothing has happened yet\n')
  assert.deepEqual(events(root), { events: [], unreadable: 0 })
})

test('a check that finds nothing writes nothing; one that asks does, once', () => {
  const well = makeTree(hostTree())
  assert.equal(asKured(['--root', well]).code, 1)
  assert.equal(existsSync(join(well, FILE)), false)

  const root = dueHost()
  assert.equal(run(['status', '--root', root]).code, 0)
  assert.equal(existsSync(join(root, FILE)), false, 'status asks for nothing')
  assert.equal(asKured(['--root', root]).code, 0)
  const once = readFileSync(join(root, FILE), 'utf8')
  assert.deepEqual(kinds(root), ['boot', 'reboot-asked'])
  assert.equal(asKured(['--root', root]).code, 0)
  assert.equal(readFileSync(join(root, FILE), 'utf8'), once)

  fillTree(root, {
    ...replacedTree('/boot/amd-ucode.img'),
    'proc/cpuinfo': 'vendor_id : AuthenticAMD\n',
  })
  assert.equal(asKured(['--root', root]).code, 0)
  const [, , more] = events(root).events
  assert.deepEqual(more.reasons, ['microcode was upgraded: /boot/amd-ucode.img'])
  writeFileSync(join(root, FILE), once)

  boot(root, 'another')
  assert.equal(run(['status', '--root', root]).code, 0)
  assert.equal(readFileSync(join(root, FILE), 'utf8'), once, 'status writes nothing')
  assert.equal(asKured(['--root', root]).code, 2)
  assert.equal(asKured(['--root', root]).code, 2)
  assert.deepEqual(kinds(root), ['boot', 'reboot-asked', 'boot', 'reboot-useless'])
  const shown = run(['history', '--root', root]).stdout.split('\n')
  assert.match(
    shown[1] ?? '',
    /^\S+Z {2}Kured was told to reboot: kernel 6\.9\.0-arch1-1 is running/,
  )
  assert.match(
    shown[2] ?? '',
    /booted; .* unknown; a reboot was due for kernel .*: it did not help$/,
  )
  assert.match(shown[3] ?? '', /a reboot for kernel 6\.9\.1-arch1-1 did not help/)
})

test('holds, by whom, with what a terminal must not see; the newest alone', () => {
  const root = makeTree(hostTree())
  const words = ['--for', '4h', '--reason', 'a \u001b[31mdisk', '--root', root]
  assert.equal(run(['hold', ...words], { env: { PATH: '/usr/bin', SUDO_USER: 'anna' } }).code, 0)
  assert.equal(run(['release', '--root', root]).code, 0)
  assert.equal(run(['release', '--root', root]).code, 0)
  const [, hold, release, ...more] = events(root).events
  assert.deepEqual([hold.kind, hold.by, hold.reason], ['hold', 'anna', 'a \u001b[31mdisk'])
  assert.deepEqual([release.kind, more], ['release', []])
  const shown = run(['history', '-n', '2', '--root', root]).stdout
  assert.match(
    shown,
    /^\S+Z {2}held until \S+ by anna: a \\u001b\[31mdisk\n\S+Z {2}released by .*\n$/,
  )
  assert.equal(run(['history', '--lines', '0', '--root', root]).code, 2)
})

test('lines that are no events are named; a history that cannot be read is an error', () => {
  const root = makeTree(hostTree())
  assert.equal(run(['hold', '--for', '1h', '--reason', 'x', '--root', root]).code, 0)
  appendFileSync(join(root, FILE), 'garbage\n{"kind":')
  const { code, stderr } = run(['history', '--root', root])
  assert.deepEqual([code, /^2 lines of .* are no events/.test(stderr)], [0, true])
  assert.equal(events(root).unreadable, 2)
  const broken = makeTree(hostTree({ [FILE]: { directory: true } }))
  const refused = run(['history', '--root', broken])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /history\.jsonl cannot be read/)
  // It keeps nobody from what matters more.
  assert.equal(run(['hold', '--for', '1h', '--reason', 'x', '--root', broken]).code, 0)
})

test('to Kured it is no answer', () => {
  assert.equal(asKured(['history', '--root', makeTree(hostTree())]).code, 2)
})
