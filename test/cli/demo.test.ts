/** The demonstration: real processes in namespaces, a tree of files without them, and nothing left of either. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SCENES } from '../../src/demo/scenes.ts'
import { BIN, IS_ROOT, NODE, run, type Ran } from '../fixture/program.ts'

const NOBODY = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
const ENCLOSED = /^A throw-away host of real processes/m
const TREE = /^A tree of files stands for a host/m

/** In a user namespace that may have no mount namespaces below it, and so no host of its own. */
const FORBIDDEN = [
  '/usr/bin/unshare',
  '--user',
  '--map-root-user',
  '/bin/sh',
  '-ec',
  'echo 0 >/proc/sys/user/max_mnt_namespaces; exec "$0" "$@"',
]

/** Whether this machine lets that user have namespaces: where it does not, all see the tree. */
function allows(through: readonly string[]): boolean {
  const [program, ...words] = [...through, ...FORBIDDEN, '/bin/true']
  return spawnSync(program, words).status === 0
}

/** It takes 3 s on a quiet machine, and is to take no more than 10: twice that on a loaded one. */
const MOST_MS = 20_000

for (const [who, through] of [
  ['whoever runs the tests', []],
  ...(IS_ROOT ? ([['nobody', NOBODY]] as const) : []),
] as const) {
  const enclosed = allows(through)

  test(`${who}: 1, an upgrade, 0 with its reasons, a restart's part, a reboot, 1`, (t) => {
    const ran = run(['demo'], { through: [...through] })
    t.diagnostic(`${Math.round(ran.ms)} ms`)
    assert.match(ran.stdout, enclosed ? ENCLOSED : TREE)
    mustBeWhole(ran)
    if (enclosed) {
      assert.match(ran.stdout, /^would be restarted:\n {2}hello\.service \(hello\[\d+\]\)$/m)
    }
    assert.ok(ran.ms < MOST_MS, `${ran.ms} ms`)
  })

  test(`${who}: where namespaces are forbidden it says so, and shows a tree of files`, (t) => {
    if (!enclosed) return t.skip('this machine forbids them to all: the test before has shown it')
    const ran = run(['demo'], { through: [...through, ...FORBIDDEN] })
    assert.match(ran.stdout, /^A host in namespaces of its own cannot be had here \(unshare: /)
    assert.match(ran.stdout, TREE)
    mustBeWhole(ran)
    return undefined
  })

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    for (const [stage, how] of [
      ['namespaces', []],
      ['a tree', FORBIDDEN],
    ] as const) {
      test(`${who}, ${stage}: ${signal} in the middle leaves no process and no file`, async (t) => {
        if (!enclosed) return t.skip('this machine forbids namespaces')
        const directory = mkdtempSync(join(tmpdir(), 'kured-sentinel-'))
        after(() => rmSync(directory, { recursive: true, force: true }))
        chmodSync(directory, 0o777)
        const [program = '', ...words] = [...through, ...how, NODE, BIN, 'demo']
        const child = spawn(program, words, {
          cwd: '/',
          env: { PATH: '/usr/bin:/bin', TMPDIR: directory },
          stdio: ['ignore', 'pipe', 'pipe'],
          // A session of its own, by which its processes are found.
          detached: true,
        })
        let said = ''
        child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
        await until(() => said.includes('kured-sentinel status'))
        const { pid = 0 } = child
        const before = inSession(pid).length
        process.kill(signal === 'SIGINT' ? -pid : pid, signal)
        await once(child, 'exit')
        assert.ok(before > 0, 'it still runs')
        await until(() => inSession(pid).length === 0 && readdirSync(directory).length === 0)
        assert.doesNotMatch(said, /restart --dry-run/)
        return undefined
      })
    }
  }
}

test('nothing of this machine is changed', { skip: !IS_ROOT && 'only root could' }, () => {
  const own = [
    '/run/kured-sentinel',
    '/var/lib/kured-sentinel',
    '/var/demo',
    '/.machine',
    '/sys/usr',
  ]
  const there = () => [
    ...own.map((path) => existsSync(path)),
    readFileSync('/proc/self/mounts', 'utf8').includes('kured-sentinel-demo'),
  ]
  const before = there()
  mustBeWhole(run(['demo']))
  assert.deepEqual(there(), before)
})

test('in colours on a terminal, plain with NO_COLOR, and its own lines fit 80 columns', () => {
  const onTerminal = (env: Record<string, string>) =>
    spawnSync('script', ['-qec', `${NODE} ${BIN} demo`, '/dev/null'], {
      env: { PATH: '/usr/bin:/bin', TERM: 'xterm', ...env },
      input: '',
      encoding: 'utf8',
      timeout: 60_000,
    }).stdout
  assert.match(onTerminal({}), /\u001b\[32m.*root@demo/)
  const plain = onTerminal({ NO_COLOR: '1' })
  assert.doesNotMatch(plain, /\u001b\[/)
  for (const { say } of SCENES) {
    assert.ok(plain.includes(say), say)
    assert.ok(say.length <= 80)
  }
})

test('demo --enclosed by hand does nothing', () => {
  const { code, stdout, stderr } = run(['demo', '--enclosed'])
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /this is for kured-sentinel demo alone/)
})

/** All scenes in their order, with what the program must say in them. */
function mustBeWhole({ code, stdout, stderr }: Ran): void {
  assert.deepEqual([code, stderr], [0, ''], stdout)
  const commands = [...stdout.matchAll(/^root@demo:~# (.*)$/gm)].map(([, command]) => command)
  assert.deepEqual(
    commands,
    SCENES.map((scene) => scene.command),
  )
  const exits = [...stdout.matchAll(/^exit code (\d)/gm)].map(([, exit]) => exit)
  assert.deepEqual(exits, ['1', '0', '1'])
  assert.match(
    stdout,
    /reboot required: kernel 6\.18\.8-arch1-1 is running, linux 6\.18\.9-arch1-1/,
  )
  assert.match(
    stdout,
    /hello\[\d+\] runs a replaced library: \/usr\/lib\/libhello\.so\.1 \(hello\.serv/,
  )
}

/** The processes of a session, but zombies. [proc_pid_stat(5)] */
function inSession(session: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, , , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(of) === session && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !isTrue(); await sleep(20)) {
    assert.ok(Date.now() < end, 'not after 30 s')
  }
}
