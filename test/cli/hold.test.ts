/** Holds, and what a check makes of them and of earlier reboots, on a host's files. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'
import { readEnvelope, readJudged } from '../fixture/envelope.ts'

const OLD_KERNEL: Tree = { 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }
const dueHost = (more: Tree = {}) => makeTree(hostTree({ ...OLD_KERNEL, ...more }))
const boot = (root: string, id: string) =>
  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), `${id}\n`)

test('a hold is set, shown, obeyed by the check, and released', () => {
  const root = dueHost()
  const words = ['--for', '4h', '--reason', 'replacing\u001b the disk', '--root', root]
  const set = run(['hold', ...words])
  assert.equal(set.code, 0)
  assert.match(set.stdout, /^held for 4h more, until 20\S+Z: replacing\\u001b the disk\n$/)

  const held = asKured(['--root', root])
  assert.deepEqual([held.code, held.stderr], [1, ''])
  assert.match(held.stdout, /^no reboot required: held for 4h more: replacing/)
  const { reasons, ignored } = readJudged(asKured(['--root', root, '--json']).stdout)
  assert.equal(reasons[0]?.kind, 'hold')
  assert.deepEqual([ignored[0]?.kind, ignored[0]?.why], ['kernel', 'held'])
  const status = run(['status', '--root', root])
  assert.match(
    status.stdout,
    /^reboot due, held for 4h more: replacing\\u001b the disk \([^,]+, today \d\d:\d\d\)\n {2}kernel {2}6\.9\.0-arch1-1 runs, .* only a reboot\n/,
  )
  const explained = asKured(['check', '--explain', '--root', root]).stdout
  assert.match(explained, /^reboot due, held for 4h more: .*\n {2}kernel {2}/)

  const shown = readEnvelope('hold', run(['hold', '--json', '--root', root]).stdout).details.hold
  assert.deepEqual([shown?.reason, shown?.leftMs], ['replacing\u001b the disk', 14_400_000])
  const again = run(['hold', '--for', '30d', '--reason', 'moved', '--root', root])
  assert.match(again.stdout, /^held for 30d more, .*: moved\n$/)

  assert.match(run(['release', '--root', root]).stdout, /^released/)
  assert.equal(asKured(['--root', root]).code, 0)
  assert.equal(run(['release', '--root', root]).stdout, 'there was no hold\n')
  const { verdict, details } = readEnvelope(
    'release',
    run(['release', '--json', '--root', root]).stdout,
  )
  assert.deepEqual([verdict, details], ['none', { released: false }])
  assert.equal(run(['hold', '--root', root]).stdout, 'no hold\n')
})

test('a hold until a moment, by the clock of the host or by UTC', () => {
  const root = dueHost()
  const end = new Date(Math.ceil(Date.now() / 60_000 + 90) * 60_000).toISOString()
  const text = `${end.slice(0, 16).replace('T', ' ')}Z`
  const set = run(['hold', '--until', text, '--reason', 'x', '--root', root])
  assert.equal(set.stderr, '')
  assert.match(
    set.stdout,
    new RegExp(`^held for 1h (29|30|31)min( \\d+s)? more, until ${end.slice(0, 16)}`),
  )
  const weeks = run(['hold', '--for', '2w', '--reason', 'x', '--root', root])
  assert.match(weeks.stdout, /^held for 14d more/)
})

test(
  'nobody without rights keeps a hold from being set and released',
  { skip: IS_ROOT ? false : 'needs root to give the rights up' },
  async () => {
    const root = dueHost()
    chmodSync(root, 0o755)
    const words = ['--for', '4h', '--reason', 'a disk', '--root', root]
    assert.equal(run(['hold', ...words]).code, 0)
    // A user who locks all there is to open, for as long as the commands take.
    const state = join(root, 'var/lib/kured-sentinel')
    const script = `for path in $(find ${state}); do { exec {fd}< $path && flock $fd; } 2>/dev/null; done
      echo locked; exec sleep 60`
    const rights = ['--reuid=65534', '--regid=65534', '--clear-groups']
    const user = spawn('/usr/bin/setpriv', [...rights, 'bash', '-c', script])
    await once(user.stdout, 'data')
    const codes = [run(['hold', ...words]).code, run(['release', '--root', root]).code]
    user.kill()
    assert.deepEqual(codes, [0, 0])
  },
)

test('where nothing is due a hold shows in the status, and the check of each minute leaves it be', () => {
  const root = makeTree(hostTree())
  run(['hold', '--for', '1h', '--reason', 'a disk', '--root', root])
  assert.equal(asKured(['--root', root]).stdout, 'no reboot required\n')
  assert.match(run(['status', '--root', root]).stdout, /^no reboot due, held for 1h more: a disk/)
})

for (const [what, words, says] of [
  ['no end', ['--reason', 'x'], /a hold needs an end: .*--for 4h/],
  ['no reason', ['--for', '4h'], /--reason "replacing the disk"/],
  ['an empty reason', ['--for', '4h', '--reason', ' '], /--reason "replacing the disk"/],
  ['too long', ['--for', '31d', '--reason', 'x'], /lasts 30d at most/],
  [
    'both kinds of end',
    ['--for', '4h', '--until', '18:00', '--reason', 'x'],
    /cannot be used with/,
  ],
  [
    'an end that is over',
    ['--until', '2020-01-31', '--reason', 'x'],
    /2020-01-31 is over: it is 2/,
  ],
  ['no moment', ['--until', 'ever', '--reason', 'x'], /"ever" is no moment: write 18:00/],
  ['no duration', ['--for', 'ever', '--reason', 'x'], /"ever" is not a duration: write 30s/],
  ['a number without a unit', ['--for', '4', '--reason', 'x'], /no unit: write 4h or 4min/],
  ['a word too many', ['kubelet'], /too many arguments/],
] as const) {
  test(`2: a hold with ${what}, and nothing is written`, () => {
    const root = dueHost()
    const { code, stdout, stderr } = run(['hold', '--root', root, ...words])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, says)
    assert.equal(existsSync(join(root, 'var/lib/kured-sentinel')), false)
  })
}

test('2: a hold that cannot be read; a new one, or releasing it, mends that', () => {
  const root = dueHost({
    'var/lib/kured-sentinel/requests.json': '{"version": 1, "requests": []}',
    'var/lib/kured-sentinel/hold.json': '{"version": 7}',
  })
  const { code, stderr } = asKured(['--root', root])
  assert.equal(code, 2)
  assert.match(stderr, /a hold exists, but .*hold\.json.*set it again or release it/)
  assert.equal(run(['hold', '--root', root]).code, 2)
  assert.equal(run(['hold', '--for', '1h', '--reason', 'x', '--root', root]).code, 0)
  assert.equal(asKured(['--root', root]).code, 1)
  writeFileSync(join(root, 'var/lib/kured-sentinel/hold.json'), '')
  assert.equal(run(['release', '--root', root]).code, 0)
  assert.equal(asKured(['--root', root]).code, 0)
})

test('a kernel that a reboot does not change is asked for once; status and JSON say why', () => {
  const root = dueHost()
  assert.equal(run(['status', '--root', root]).code, 0)
  const terminal = { through: ['/bin/sh', '-c', 'exec script -qec "$*" /dev/null', 'sh'] }
  for (const ask of [run, asKured]) {
    const byHand = ask(['check', '--root', root], terminal)
    assert.deepEqual([byHand.code, byHand.stdout.slice(0, 16)], [0, 'reboot required:'])
  }
  assert.ok(!existsSync(join(root, 'var/lib/kured-sentinel')))
  boot(root, 'second')
  assert.equal(asKured(['--root', root]).code, 0, 'what a person looked at was no asking')
  const state = () => readFileSync(join(root, 'var/lib/kured-sentinel/requests.json'), 'utf8')
  const written = state()
  assert.equal(asKured(['--root', root, '--json']).code, 0)
  assert.equal(state(), written)
  boot(root, 'third')
  const refused = asKured(['--root', root])
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(
    refused.stderr,
    /^attention, no reboot: a reboot for kernel 6\.9\.1-arch1-1 did not help: kernel 6\.9\.0-arch1-1 is running, linux 6\.9\.1-arch1-1 is installed\. To do: see that \/boot is mounted/,
  )
  const { reasons } = readJudged(asKured(['--root', root, '--json']).stdout)
  assert.deepEqual([reasons[0]?.kind, reasons[0]?.askedIn], ['kernel', 'second'])
  assert.match(
    run(['status', '--root', root]).stdout,
    /\n {2}kernel {2}a reboot for kernel .*\n {10}do: see that/,
  )
})

test('a check that has nothing to ask for reads and writes nothing of what is remembered', () => {
  const root = makeTree(hostTree({ 'var/lib/kured-sentinel/requests.json': 'garbage' }))
  assert.deepEqual(
    [asKured(['--root', root]).code, asKured(['--root', root, '--json']).code],
    [1, 1],
  )
})

test('min-interval is configured, and a bad one is an error with its line', () => {
  const conf = (value: string) => ({
    'etc/kured-sentinel.conf': `[sentinel]\nmin-interval = ${value}\n`,
  })
  const early = asKured(['--root', dueHost(conf('6h'))])
  assert.equal(early.code, 1)
  assert.match(early.stdout, /booted 1h 23min ago: no reboot for another 4h 36min/)
  assert.equal(asKured(['--root', dueHost(conf('1h'))]).code, 0)
  assert.match(asKured(['--root', dueHost(conf('often'))]).stderr, /conf:2: min-interval: "often"/)
})

test('to Kured neither command is a reboot', () => {
  for (const words of [['hold'], ['release'], ['hold', '--for', '1h', '--reason', 'x']]) {
    const { code, stderr } = asKured([...words, '--root', dueHost()])
    assert.equal(code, 2)
    assert.match(stderr, /Kured takes exit code 0 for "reboot"/)
  }
})
