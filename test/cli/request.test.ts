/** A reboot that a person asks for, and what the check makes of it, on a host's files. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { asKured, IS_ROOT, run } from '../fixture/program.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { readEnvelope, readJudged } from '../fixture/envelope.ts'

const FILE = 'run/kured-sentinel/request'
const idle = (more: Tree = {}) => makeTree(hostTree(more))
const boot = (root: string, id: string) =>
  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), `${id}\n`)
const ask = (root: string, ...words: string[]) =>
  run(['request', '--reason', 'a new disk', '--root', root, ...words])
const by = IS_ROOT ? 'root' : 'a user'

test('a request is a cause of its own, in one boot, and history has both ends of it', () => {
  const root = idle()
  assert.deepEqual([asKured(['--root', root]).code, asKured(['--root', root]).code], [1, 1])
  const asked = ask(root)
  assert.equal(asked.code, 0)
  assert.match(
    asked.stdout,
    new RegExp(`^requested by ${by} at 20\\S+Z: a new disk\\nKured is told`),
  )
  const said = asKured(['--root', root])
  assert.deepEqual(
    [said.code, said.stdout],
    [0, `reboot required: requested by ${by}: a new disk\n`],
  )
  assert.match(
    run(['status', '--root', root]).stdout,
    /^reboot due\n {2}request {2}requested by .*: a new disk {2}only a reboot$/m,
  )
  const { reasons } = readJudged(asKured(['--root', root, '--json']).stdout)
  assert.equal(reasons[0]?.kind, 'request')

  boot(root, 'second')
  assert.equal(asKured(['--root', root]).code, 1)
  assert.match(run(['status', '--root', root]).stdout, /\n {2}request +requested by .*earlier boot/)
  assert.equal(run(['request', '--root', root]).stdout, 'no request\n')
  boot(root, BOOT_ID)
  assert.match(run(['request', '--cancel', '--root', root]).stdout, /^cancelled: a new disk\n$/)
  assert.equal(asKured(['--root', root]).code, 1)
  assert.equal(run(['request', '--cancel', '--root', root]).stdout, 'no request\n')

  const { events } = JSON.parse(run(['history', '--json', '--root', root]).stdout).details
  const kinds = events.map(({ kind }: { kind: string }) => kind)
  assert.deepEqual(kinds, ['boot', 'request', 'reboot-asked', 'request-cancelled'])
  assert.deepEqual(events[2].reasons, [`requested by ${by}: a new disk`])
})

test('the same again changes nothing; another reason replaces it; a dry run writes nothing', () => {
  const root = idle()
  const words = ['--json', '--dry-run']
  const dry = readEnvelope('request', ask(root, ...words).stdout).details
  assert.deepEqual([dry.request?.reason, dry.changed, dry.dryRun], ['a new disk', true, true])
  assert.match(ask(root, '--dry-run').stdout, /^would be requested: a new disk\n$/)
  assert.equal(existsSync(join(root, 'run/kured-sentinel')), false)

  assert.equal(readEnvelope('request', ask(root, '--json').stdout).details.changed, true)
  const written = readFileSync(join(root, FILE), 'utf8')
  assert.equal(readEnvelope('request', ask(root, '--json').stdout).details.changed, false)
  assert.equal(readFileSync(join(root, FILE), 'utf8'), written)
  assert.equal(run(['request', '--reason', 'fans', '--root', root]).code, 0)
  assert.match(run(['request', '--root', root]).stdout, /^requested by .*: fans\n$/)
  const gone = run(['request', '--cancel', '--dry-run', '--root', root])
  assert.equal(gone.stdout, 'would be cancelled: fans\n')
  const shown = readEnvelope('request', run(['request', '--json', '--root', root]).stdout)
  assert.deepEqual([shown.verdict, shown.details.request?.reason], ['requested', 'fans'])
})

const NOT_WELL = { 'run/kured-sentinel/unhealthy': '["nginx.service has failed"]' }
for (const [what, more, code, says] of [
  ['pacman at work', { 'var/lib/pacman/db.lck': '' }, 1, /pacman is at work/],
  ['a node that is not well', NOT_WELL, 2, /nginx\.service has failed/],
  ['min-interval', { 'etc/kured-sentinel.conf': '[sentinel]\nmin-interval = 6h\n' }, 1, /booted/],
  ['an upgrade that was cut', { 'var/lib/kured-sentinel/unfinished': 'glibc\n' }, 2, /glibc/],
] as const) {
  test(`${what} keeps a request back, as any other cause`, () => {
    const requests = { 'var/lib/kured-sentinel/requests.json': '{"version":1,"requests":[]}' }
    const root = idle({ ...requests, ...more })
    assert.equal(ask(root).code, 0)
    const said = asKured(['--root', root])
    assert.equal(said.code, code)
    assert.match(said.stdout + said.stderr, says)
  })
}

test('a hold keeps it back, and its end lets it go', () => {
  const root = idle()
  ask(root)
  run(['hold', '--for', '1h', '--reason', 'a meeting', '--root', root])
  assert.match(asKured(['--root', root]).stdout, /^no reboot required: held for 1h/)
  run(['release', '--root', root])
  assert.equal(asKured(['--root', root]).code, 0)
})

const GOOD = JSON.stringify({ reason: 'x', by: 'root', at: 'now', bootId: BOOT_ID })
for (const [what, spoil] of [
  ['empty', (path: string) => writeFileSync(path, '')],
  ['cut', (path: string) => writeFileSync(path, GOOD.slice(0, -3))],
  ['without a reason', (path: string) => writeFileSync(path, GOOD.replace('"x"', '" "'))],
  ['with an escape', (path: string) => writeFileSync(path, GOOD.replace('x', '\\u001b[2J'))],
  ['too large', (path: string) => writeFileSync(path, GOOD + ' '.repeat(5000))],
  ['writable by others', (path: string) => chmodSync(path, 0o666)],
  ['in a directory of others', (path: string) => chmodSync(join(path, '..'), 0o777)],
  [
    'a link',
    (path: string) => {
      rmSync(path)
      symlinkSync('/etc/passwd', path)
    },
  ],
  [
    'a directory',
    (path: string) => {
      rmSync(path)
      mkdirSync(join(path, 'below'), { recursive: true })
    },
  ],
] as const) {
  test(`2: a request that is ${what}; it says so, and --cancel mends it`, () => {
    const root = idle()
    ask(root)
    spoil(join(root, FILE))
    const { code, stdout, stderr } = asKured(['--root', root])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^attention, no reboot: .*request.*request --cancel\n$/)
    assert.equal(run(['request', '--root', root]).code, 2)
    assert.equal(run(['request', '--cancel', '--root', root]).code, 0)
    assert.equal(asKured(['--root', root]).code, 1)
  })
}

for (const [words, says] of [
  [['--reason', ' '], /say what the reboot is for, as in --reason/],
  [['--reason', 'a\nb'], /one line, without control characters/],
  [['--reason', 'x'.repeat(201)], /200 characters at most/],
  [['--reason', 'x', '--cancel'], /'--cancel' cannot be used with/],
  [['now'], /too many arguments/],
] as const) {
  test(`2: request ${words.join(' ').slice(0, 30)}, and nothing is written`, () => {
    const root = idle()
    const { code, stdout, stderr } = run(['request', '--root', root, ...words])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, says)
    assert.equal(existsSync(join(root, FILE)), false)
  })
}

test('to Kured it is no reboot', () => {
  const { code, stderr } = asKured(['request', '--reason', 'x', '--root', idle()])
  assert.equal(code, 2)
  assert.match(stderr, /Kured takes exit code 0 for "reboot"/)
})
