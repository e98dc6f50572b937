import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { hostTree, mapsLine, processTree, replacedTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { asKured, BIN, IS_ROOT, NODE, run, start } from '../fixture/program.ts'
import { documentedValues } from '../fixture/shipped.ts'

/** A host that must reboot: no failure may look like that, nor like a quiet "no". */
const DUE: Tree = {
  'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n',
  ...replacedTree('/usr/lib/libc.so.6', '/usr/lib/\ufffd.so'),
  ...processTree(40, { maps: mapsLine('/usr/lib/libc.so.6 (deleted)') }),
}
const due = (tree: Tree = {}) => makeTree(hostTree({ ...DUE, ...tree }))

function assertAttention(ran: ReturnType<typeof run>, message: RegExp) {
  assert.deepEqual([ran.code, ran.stdout], [2, ''], ran.stderr)
  assert.match(ran.stderr, message)
}

test('the host of these tests would reboot', () => assert.equal(asKured(['--root', due()]).code, 0))

for (const [args, message] of [
  [['--nonsense'], /unknown option '--nonsense'/],
  [['chekc'], /unknown command 'chekc'.*Did you mean check/s],
  [['check', 'now'], /too many arguments/],
  [['--timeout'], /argument missing/],
  [['--timeout', 'soon'], /"soon" is not a duration: write 30s/],
  [['--timeout', '0'], /not a duration/],
  [['--scanner', 'ps'], /Allowed choices are proc, lsof/],
  [
    ['--config', '/nonexistent.conf'],
    /configuration cannot be read: \/nonexistent\.conf: no such file/,
  ],
  [['--config', '/etc'], /not a regular file/],
  [['status', '--explain'], /unknown option/],
  [['ignore'], /Usage: kured-sentinel ignore/],
] as const) {
  test(`2: ${args.join(' ')}`, () => assertAttention(asKured([...args]), message))
}

for (const [text, message] of [
  ['[sentinel]\ntimeot = 3s\n', /kured-sentinel\.conf:2: unknown key "timeot"/],
  ['[other]\n', /kured-sentinel\.conf:1: unknown section \[other\]/],
] as const) {
  test(`2: a configuration with ${JSON.stringify(text)}`, () => {
    assertAttention(asKured(['--root', due({ 'etc/kured-sentinel.conf': text })]), message)
  })
}

const unseen: [string, Tree, RegExp][] = [
  ['a FIFO as configuration', { 'etc/kured-sentinel.conf': { fifo: true } }, /not a regular file/],
  ['a FIFO as pacman.conf', { 'etc/pacman.conf': { fifo: true } }, /pacman\.conf/],
  [
    'a pacman.conf that pacman refuses',
    { 'etc/pacman.conf': '[options]\nInclude = /none/*.conf\n' },
    /pacman\.conf:2/,
  ],
  [
    'no cgroup of a process that counts',
    { 'proc/40/cgroup': { directory: true } },
    /illegal operation on a directory/,
  ],
  [
    'a name that is not UTF-8',
    { 'proc/40/maps': Buffer.from(mapsLine('/usr/lib/\xff.so (deleted)'), 'latin1') },
    /not UTF-8/,
  ],
  [
    'no root file system of PID 1',
    { 'proc/1/mountinfo': '', 'proc/40/ns/mnt': { link: 'mnt:[2]' } },
    /names no root file system/,
  ],
  [
    'an uptime that is not this host’s',
    { 'proc/uptime': '0.50 1.00\n' },
    /is \/proc\/uptime the host's/,
  ],
  ['a maps that is no file', { 'proc/40/maps': { directory: true } }, /\/proc\/40\/maps/],
]
for (const [what, tree, message] of unseen) {
  test(`2: ${what}`, () => assertAttention(asKured(['--root', due(tree)]), message))
}

test('2: no processes, no kernel, no database', () => {
  assertAttention(asKured(['--root', makeTree({ 'etc/x': '' })]), /\/proc/)
  const { 'proc/1/maps': _, ...rest } = hostTree(DUE)
  assertAttention(asKured(['--root', makeTree(rest)]), /\/proc\/1\/maps: No such file/)
  assertAttention(asKured(['--root', '/nonexistent']), /\/nonexistent/)
})

test('2: PID 1 cannot be seen', () => {
  const tree = Object.entries(hostTree(DUE)).filter(([path]) => !path.startsWith('proc/1/'))
  assertAttention(asKured(['--root', makeTree(Object.fromEntries(tree))]), /PID 1 is not in \/proc/)
})

test(
  '2: without root rights',
  { skip: IS_ROOT ? false : 'needs root to give the rights up' },
  () => {
    const through = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const root = due()
    chmodSync(root, 0o755)
    chmodSync(join(root, 'proc/40/maps'), 0)
    const ran = asKured(['check', '--root', root], { through, bin: publicCopy() })
    assertAttention(ran, /\/proc\/40\/maps: Permission denied \(run as root\)/)
  },
)

test('2: nobody reads the answer, or the disk is full', () => {
  for (const args of ['check', 'check --json', 'status']) {
    const command = `"${NODE}" "${BIN}" ${args} --root "${due()}"`
    // `sleep` lets `true` end first, so that the pipe has no reader any more.
    for (const [said, env] of [
      ['', ''],
      // Kured's log has why.
      ['error: EPIPE: broken pipe, write\n', 'KURED_NODE_ID=lab '],
    ].slice(0, args === 'status' ? 1 : 2)) {
      const script = `{ { sleep 0.2; ${env}${command}; echo $? >&3; } | true; } 3>&1`
      const closed = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
      assert.deepEqual([closed.stdout, closed.stderr], ['2\n', said], `${args} ${env}`)
    }
    const full = spawnSync('bash', ['-c', `${command} > /dev/full`], { encoding: 'utf8' })
    assert.deepEqual([full.status, /no space left/.test(full.stderr)], [2, true], args)
  }
})

test('2: a part of the program is missing or broken', () => {
  for (const damage of [
    (dist: string) => rmSync(dist, { recursive: true }),
    (dist: string) => writeFileSync(join(dist, 'minute.cjs'), 'const'),
    (dist: string) => writeFileSync(join(dist, 'minute.cjs'), 'exports.run = () => { throw null }'),
    (dist: string) =>
      writeFileSync(join(dist, 'minute.cjs'), 'exports.run = () => new Promise(() => {})'),
    (dist: string) =>
      writeFileSync(
        join(dist, 'minute.cjs'),
        'setTimeout(() => { throw Error("late") }); exports.run = () => new Promise(() => {})',
      ),
  ]) {
    const bin = publicCopy()
    damage(join(bin, '../../dist'))
    assert.deepEqual([run([], { bin }).code, run([], { bin }).stdout], [2, ''])
  }
  const bin = publicCopy()
  for (const file of readdirSync(join(bin, '../../dist'))) {
    if (file !== 'minute.cjs' && file !== 'main.js') rmSync(join(bin, '../../dist', file))
  }
  for (const args of [['--version'], ['--scanner', 'lsof']]) {
    assertAttention(run(args, { bin }), /a part of the program is missing[^]*Cannot find module/)
  }
})

for (const shell of ['/usr/bin/sh', '/usr/bin/bash --posix']) {
  test(`the command line of docs/contract.md, by ${shell}: 0 only from a whole entry`, () => {
    const main = publicCopy()
    const entry = main.replace(/\.cjs$/, '')
    const command = documentedValues()
      .rebootSentinelCommand.replace('/usr/bin/sh', shell)
      .replace('/usr/bin/kured-sentinel', entry)
    const answer = (through: string[] = []) => {
      const [program, ...words] = [...through, '/bin/sh', '-c', command]
      return spawnSync(program, words, { cwd: '/', encoding: 'utf8' }).status
    }
    // Another /run: the machine itself may have the stamp of a clean look.
    const script = 'mount --bind "$0" /run; exec "$@"'
    const unstamped = IS_ROOT ? [...MOUNTED, script, makeTree({})] : []
    writeFileSync(main, 'process.exitCode = 0')
    assert.equal(answer(unstamped), 0, 'the program’s own answer comes through')
    for (const damaged of ['', '\0'.repeat(2000)]) {
      writeFileSync(main, damaged)
      assert.equal(answer(unstamped), 2, 'the program is lost')
    }

    const whole = readFileSync(entry)
    const lengths = [...whole.keys()].filter((at) => at % 40 === 0 || whole[at - 1] === 10)
    for (const left of [...lengths.map((at) => whole.subarray(0, at)), Buffer.alloc(2000)]) {
      writeFileSync(entry, left)
      const code = answer()
      assert.ok(code !== null && code > 1, `${code} from ${left.length} bytes`)
    }
  })
}

test('2: lsof does not know other roots', () => {
  assertAttention(asKured(['--scanner', 'lsof', '--root', due()]), /lsof scanner with --root/)
})

test('to Kured a help page, a version or a status is no 0', () => {
  for (const args of [
    ['--help'],
    ['--version'],
    ['help'],
    ['status', '--root', due()],
    ['check', '--help'],
  ]) {
    assert.equal(asKured(args).code, 2, args.join(' '))
    assert.equal(run(args).code, 0, args.join(' '))
  }
})

test('2, and nothing changed: Kured calls a command that changes the host', () => {
  const file = join(makeTree({ 'pacman.conf': '[options]\n' }), 'pacman.conf')
  const ran = asKured(['ignore', 'add', '--pacman-conf', file, 'kubelet'])
  assertAttention(ran, /set its sentinel command/)
  assert.equal(readFileSync(file, 'utf8'), '[options]\n')
})

test('2: an Include that pacman would wait at', () => {
  const root = makeTree({ fifo: { fifo: true } })
  const file = join(root, 'pacman.conf')
  writeFileSync(file, `[options]\nInclude = ${root}/fifo\nIgnorePkg = kubelet\n`)
  for (const command of ['list', 'check']) {
    assertAttention(
      run(['ignore', command, '--pacman-conf', file]),
      /pacman\.conf:2: .*not a regular file/,
    )
  }
})

test('a process that ends while it is looked at is none', () => {
  const root = due({ 'proc/sys/kernel/osrelease': '6.9.1-arch1-1\n' })
  assert.equal(asKured(['--root', root]).code, 0)
  const stat = join(root, 'proc/40/stat')
  writeFileSync(stat, readFileSync(stat, 'utf8').replace(') S', ') Z'))
  assert.equal(asKured(['--root', root]).code, 1, 'a zombie')
})

test('reading one process blocks for ever: in time, 2, and it says which', async () => {
  const root = due({ ...processTree(4711), 'proc/4711/maps': { fifo: true }, ...processTree(50) })
  const ran = asKured(['--root', root, '--timeout', '2s'])
  assertAttention(ran, /\/proc\/4711\/maps: reading it does not end/)
  assert.ok(ran.ms < 4000, `${ran.ms} ms`)
  assert.deepEqual(readersOf(root), [])

  const child = start(['--root', root, '--timeout', '30s'])
  while (readersOf(root).length === 0) await sleep(20)
  child.kill('SIGKILL')
  for (let i = 0; i < 100 && readersOf(root).length > 0; i++) await sleep(20)
  assert.deepEqual(readersOf(root), [], 'no reader outlives a check that was killed')
})

test(
  'the same for what Kured calls every minute, which looks before it reads its configuration',
  { skip: !IS_ROOT && 'it mounts the tree in place of the host' },
  () => {
    const clean = { ...processTree(4711), ...replacedTree('/usr/lib/libc.so.6') }
    const stuck = { ...clean, 'proc/4711/maps': { fifo: true } } as const
    const asHost = (tree: Tree) => {
      const root = makeTree(hostTree(tree))
      const script = 'for i in proc etc var/lib run; do mount --bind "$0/$i" /$i; done; exec "$@"'
      return { root, ran: asKured([], { through: [...MOUNTED, script, root] }) }
    }
    const config = { 'etc/kured-sentinel.conf': '[sentinel]\ntimeout = 2s\n' }
    assert.equal(asHost({ ...clean, ...config }).ran.code, 1)
    const { root, ran } = asHost({ ...stuck, ...config })
    assertAttention(ran, /\/proc\/4711\/maps: reading it does not end/)
    assert.ok(ran.ms < 4000, `${ran.ms} ms`)
    assert.deepEqual(readersOf(root), [])
    const refused = asHost({ ...stuck, 'etc/kured-sentinel.conf': '[other]\n' })
    assertAttention(refused.ran, /unknown section/)
    assert.deepEqual(readersOf(refused.root), [])
  },
)

test('nothing of a hostile name reaches the terminal', () => {
  const name = 'a\u001b[2J\u009b31m\u202e\\012reboot required'
  const root = due({
    ...replacedTree(`/usr/lib/${name}`),
    ...processTree(40, { command: name, maps: mapsLine(`/usr/lib/${name} (deleted)`) }),
  })
  for (const args of [['check'], ['check', '--json'], ['status']]) {
    const { stdout } = run([...args, '--root', root])
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    assert.match(stdout, /\\u001b\[2J/)
  }
})

test('nor of a hostile word in an error, of the program or of its entries', () => {
  const word = `a\u202e\u2066b\ufeff\u2028c\u001bd\u009be`
  const entry = join(import.meta.dirname, '../../bin/kured-sentinel')
  const copy = join(makeTree({ [`${word}/.keep`]: '' }), word, 'kured-sentinel')
  cpSync(entry, copy)
  const lost = spawnSync('/usr/bin/sh', [copy, 'status'], { encoding: 'utf8' })
  for (const { code, stderr } of [
    run(['status', '--config', `/nonexistent/${word}`]),
    run([word]),
    run(['restart', '--after-upgrade', '--dry-run', '--config', `/nonexistent/${word}`]),
    { code: lost.status, stderr: lost.stderr },
  ]) {
    assert.match(stderr, /(error|warning): .*a.+b.+c.+d.+e/)
    assert.doesNotMatch(stderr, /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u)
    assert.ok(code === 2 || stderr.startsWith('warning'), stderr)
  }
})

test('the stack of a fault that nobody foresaw has the names of src', () => {
  const fault = `require('node:fs').lstatSync = () => { throw new TypeError('a fault') }
require('node:module').syncBuiltinESMExports()`
  const env = { NODE_OPTIONS: `--require=${makeTree({ 'fault.cjs': fault })}/fault.cjs` }
  // Both bundles: the one of every minute, and that of all else.
  for (const args of [['check'], ['status']]) {
    assertAttention(run(args, { env }), /^error: a fault\n.*\n +at Snapshot\.lstat /)
  }
})

const MOUNTED = ['/usr/bin/unshare', '--mount', '--propagation=private', '/bin/sh', '-euc']

/** The PIDs that have the tree's /proc as their working directory, as the readers do. */
function readersOf(root: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === join(root, 'proc')
    } catch {
      return false
    }
  })
}

/** A copy of the built program that any user can read. @returns its entry */
function publicCopy(): string {
  const root = makeTree({})
  chmodSync(root, 0o755)
  for (const part of ['bin', 'dist'])
    cpSync(join(BIN, '../..', part), join(root, part), { recursive: true })
  return join(root, 'bin/kured-sentinel.cjs')
}
