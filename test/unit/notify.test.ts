/** What is told to the programs in notify.d, when, and how they are run. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HistoryEvent } from '../../src/history/fields.ts'
import { stateOf } from '../../src/history/news.ts'
import { noteEvent } from '../../src/history/note.ts'
import { judgeNews, NOTIFY_DIRECTORY, UNTOLD_DIRECTORY } from '../../src/history/untold.ts'
import { isAlive } from '../../src/host/temp-name.ts'
import { Host } from '../../src/host/host.ts'
import { listUntold, takeUntold } from '../../src/notify/spool.ts'
import { tellPrograms } from '../../src/notify/tell.ts'
import { noteAttention } from '../../src/reboot/note-attention.ts'
import { hostTree } from '../fixture/host.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'

const DAY = 86_400_000
const upgrade = (outcome: 'failed' | 'completed', reason: string): HistoryEvent => ({
  kind: 'upgrade',
  outcome,
  reason,
  packages: [],
  problems: [],
})
const gate = (reason: string): HistoryEvent => ({
  kind: 'gate',
  ending: 'attention',
  reason,
  waitedMs: 0,
  waitedFor: [],
  by: 'kured',
})
const health = (verdict: 'healthy' | 'unhealthy'): HistoryEvent => ({
  kind: 'health',
  verdict,
  reasons: [],
  by: 'systemd',
})
const repair = (outcome: 'repaired' | 'done' | 'failed'): HistoryEvent => ({
  kind: 'repair',
  outcome,
  packages: [],
  problems: [],
  by: 'root',
})
const boot = (how: 'power-cut' | 'planned', helped: 'yes' | 'no'): HistoryEvent => ({
  kind: 'boot',
  how,
  previousBoot: '',
  causes: [],
  helped,
})

for (const [what, event, tells] of [
  ['a failed upgrade', upgrade('failed', 'x'), true],
  ['a completed one', upgrade('completed', ''), false],
  ['a skip', { kind: 'skip', job: 'upgrade', reason: 'busy' }, false],
  ['a failed download', { kind: 'download', outcome: 'failed', reason: 'x' }, true],
  ['attention', { kind: 'attention', reasons: ['x'] }, true],
  ['a useless reboot', { kind: 'reboot-useless', reasons: ['x'] }, true],
  ['the boot after it, which would tell it twice', boot('planned', 'no'), false],
  ['a power cut', boot('power-cut', 'yes'), true],
  ['a node that is not well', health('unhealthy'), true],
  ['one that is, as after each boot', health('healthy'), false],
  ['a repair', repair('repaired'), true],
  ['a repair that failed', repair('failed'), true],
  ['a person’s word', repair('done'), false],
  ['a gate that a person must see to', gate('stale lock'), true],
  ['a hold', { kind: 'hold', reason: 'x', until: '', by: 'root' }, false],
  ['a request', { kind: 'request', reason: 'x', by: 'root' }, false],
] as const satisfies [string, HistoryEvent, boolean][]) {
  test(`${what} is ${tells ? '' : 'not '}told`, () => {
    assert.equal(judgeNews(event, new Map(), 0).tells, tells)
  })
}

/** What is told of these events, at their times. */
function tellsOf(...events: [ms: number, event: HistoryEvent][]): boolean[] {
  let told: ReadonlyMap<string, number> = new Map()
  return events.map(([ms, event]) => {
    const judged = judgeNews(event, told, ms)
    told = judged.told ?? told
    return judged.tells
  })
}

test('a state that lasts is told once a day, in whatever numbers', () => {
  const lock = (age: string) => gate(`stale lock for ${age}: PID ${age.length} is gone`)
  assert.deepEqual(tellsOf([0, lock('45s')], [60_000, lock('1h 3min')], [DAY - 1, lock('23h')]), [
    true,
    false,
    false,
  ])
  assert.deepEqual(tellsOf([5, lock('1h')], [DAY + 5, lock('1d')]), [true, true])
  assert.deepEqual(tellsOf([0, gate('python2')], [1, gate('python3')]), [true, true])
  assert.equal(stateOf('held since 2026-11-27T01:02:03.004Z'), 'held since #')
})

test('its end is told where it was told, and then it is news again', () => {
  assert.deepEqual(
    tellsOf([0, health('unhealthy')], [1, health('healthy')], [2, health('healthy')]),
    [true, true, false],
  )
  const failed = upgrade('failed', 'x')
  assert.deepEqual(tellsOf([0, failed], [1, failed], [2, upgrade('completed', '')], [3, failed]), [
    true,
    false,
    true,
    true,
  ])
  assert.deepEqual(tellsOf([0, failed], [1, health('healthy')], [2, failed]), [true, false, false])
})

function hostWithPrograms(programs: Record<string, string> = { 'a-program': 'exit 0' }): Host {
  const scripts = Object.entries(programs).map(([name, script]) => [
    `${NOTIFY_DIRECTORY.slice(1)}/${name}`,
    `#!/bin/sh\n${script}\n`,
  ])
  const files = { 'proc/sys/kernel/hostname': 'node3\n', ...Object.fromEntries(scripts) }
  const host = new Host(makeTree(hostTree(files)))
  for (const name of Object.keys(programs))
    chmodSync(host.path(`${NOTIFY_DIRECTORY}/${name}`), 0o755)
  return host
}

test('an event waits in a file, once; with no program none does', () => {
  const host = hostWithPrograms()
  for (let i = 0; i < 3; i++) noteEvent(host, upgrade('failed', 'no space'))
  const [name = '', ...others] = listUntold(host)
  assert.deepEqual(others, [])
  const { event, trouble, node, message, details } = JSON.parse(takeUntold(host, name) ?? '')
  assert.deepEqual([event, trouble, node], ['upgrade', true, 'node3'])
  assert.equal(message, 'upgrade failed: no space')
  assert.deepEqual([details.outcome, details.uptimeMs], ['failed', 5_000_000])
  assert.deepEqual(listUntold(host), [])

  const without = new Host(makeTree(hostTree()))
  noteEvent(without, upgrade('failed', 'no space'))
  assert.equal(existsSync(without.path(UNTOLD_DIRECTORY)), false)
})

test('where the history cannot be written, as on a full disk, it is told all the same', () => {
  const host = hostWithPrograms()
  mkdirSync(host.path('/var/lib/kured-sentinel/history.jsonl'), { recursive: true })
  noteEvent(host, upgrade('failed', 'no space'))
  assert.equal(listUntold(host).length, 1)
})

test('where nobody takes them, no more than a hundred wait', () => {
  const host = hostWithPrograms()
  mkdirSync(host.path(UNTOLD_DIRECTORY), { recursive: true })
  for (let i = 0; i < 98; i++) writeFileSync(host.path(`${UNTOLD_DIRECTORY}/${i}.json`), '{}')
  for (const reason of ['a', 'b', 'c', 'd']) noteEvent(host, gate(reason))
  assert.equal(listUntold(host).length, 100)
})

test('what is no event does not hold up those behind it, nor start the service without end', () => {
  const host = hostWithPrograms()
  noteEvent(host, upgrade('failed', 'no space'))
  mkdirSync(host.path(`${UNTOLD_DIRECTORY}/0.json/below`), { recursive: true })
  writeFileSync(host.path(`${UNTOLD_DIRECTORY}/1`), 'by hand')
  symlinkSync('/none', host.path(`${UNTOLD_DIRECTORY}/2.json`))
  const events = listUntold(host).map((name): unknown =>
    Reflect.get(JSON.parse(takeUntold(host, name) ?? ''), 'event'),
  )
  assert.deepEqual(events, ['unreadable', 'upgrade', 'unreadable', 'unreadable'])
  assert.deepEqual(readdirSync(host.path(UNTOLD_DIRECTORY)), [])
})

test('an event that could not be left is told with the next one of its state', () => {
  const host = hostWithPrograms()
  mkdirSync(host.path('/run/kured-sentinel'), { recursive: true })
  writeFileSync(host.path(UNTOLD_DIRECTORY), 'in its way')
  noteEvent(host, upgrade('failed', 'no space'))
  rmSync(host.path(UNTOLD_DIRECTORY))
  noteEvent(host, upgrade('failed', 'no space'))
  assert.equal(listUntold(host).length, 1)
})

test('a new reason is told also where it is the sixth', () => {
  const reasons = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${letter} cannot be seen`)
  const attention = (more: string[]): HistoryEvent => ({
    kind: 'attention',
    reasons: [...reasons, ...more],
  })
  const events = ['x', 'y', 'x'].map((more, at): [number, HistoryEvent] => [at, attention([more])])
  assert.deepEqual(tellsOf(...events), [true, true, false])
})

test('a storm of ever new reasons ends for the day, and takes no other kind along', () => {
  const host = hostWithPrograms()
  const reason = (minute: number) => [`/tmp/x${'ab'.repeat(minute)} cannot be read`]
  const many = [...Array(30).keys()].flatMap((number) => reason(100 + number))
  for (let minute = 0; minute < 60; minute++) {
    writeFileSync(host.path('/proc/uptime'), `${5000 + minute * 60}.00 1.00\n`)
    noteAttention(host, [...many, ...reason(minute)])
  }
  assert.equal(listUntold(host).length, 20)
  const told = [...Array(60).keys()].map((minute): [number, HistoryEvent] => [
    minute,
    { kind: 'attention', reasons: reason(minute) },
  ])
  const tells = tellsOf(...told, [60, gate('lock')], [DAY + 1, told[59]![1]])
  assert.equal(tells.filter(Boolean).length, 22)
  assert.deepEqual(tells.slice(-3), [false, true, true])
})

test('a check that answers 2 each minute is one event; with a new reason it is another', () => {
  const host = hostWithPrograms()
  const at = (uptime: number) => writeFileSync(host.path('/proc/uptime'), `${uptime}.00 1.00\n`)
  for (let minute = 0; minute < 60; minute++) {
    at(5000 + minute * 60)
    noteAttention(host, [`stale lock for ${minute}min`])
  }
  assert.equal(listUntold(host).length, 1)
  noteAttention(host, ['stale lock for 2h', 'x.conf:2: bad'])
  assert.equal(listUntold(host).length, 2)
  at(5000 + 90_000)
  noteAttention(host, ['stale lock for 1d 1h'])
  assert.equal(listUntold(host).length, 3)
  writeFileSync(host.path('/run/kured-sentinel/attention'), 'garbage')
  noteAttention(host, ['stale lock for 1d 1h'])
})

const problems = async (host: Host, event: string, timeoutMs = 20_000) =>
  (await tellPrograms(host, event, timeoutMs)).map(({ path, problem }) => [
    path.replace(`${NOTIFY_DIRECTORY}/`, ''),
    problem,
  ])

test('each program gets the event, in / and without an environment of ours, one after the other', async () => {
  const host = hostWithPrograms()
  const out = join(host.root, 'out')
  const path = (name: string) => host.path(`${NOTIFY_DIRECTORY}/${name}`)
  const script = (name: string, lines: string) => {
    writeFileSync(path(name), `#!/bin/sh\n${lines}\n`)
    chmodSync(path(name), 0o755)
  }
  script('10-first', `{ cat; pwd; echo "$PATH $NOISE"; } >>${out}`)
  script('20-second', `echo second >>${out}; echo words >&2; exit 3`)
  writeFileSync(path('README'), 'none')
  process.env['NOISE'] = 'noise'
  const told = await problems(host, '{"event":"x"}')
  assert.deepEqual(told, [
    ['10-first', undefined],
    ['20-second', 'words'],
    ['a-program', undefined],
  ])
  assert.equal(readFileSync(out, 'utf8'), '{"event":"x"}\n/\n/usr/bin \nsecond\n')
})

test('out of time it is killed with its children; what it leaves at its end goes too', async () => {
  const host = hostWithPrograms({})
  const directory = host.path(NOTIFY_DIRECTORY)
  mkdirSync(directory, { recursive: true })
  const script = (name: string, lines: string) => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${lines}\n`)
    chmodSync(join(directory, name), 0o755)
  }
  script('hangs', `sleep 600 & echo $! >${host.root}/hangs; wait`)
  script('leaves', `sleep 600 & echo $! >${host.root}/leaves`)
  script('reads-nothing', 'exit 0')
  script('talks', 'while :; do echo words; done')
  const told = await problems(host, 'x'.repeat(200_000), 3000)
  assert.deepEqual(told, [
    ['hangs', 'killed after 3 s'],
    ['leaves', undefined],
    ['reads-nothing', undefined],
    ['talks', 'killed after 3 s'],
  ])
  for (const name of ['hangs', 'leaves']) {
    const pid = Number(readFileSync(join(host.root, name), 'utf8'))
    assert.ok(pid > 0)
    // Its parent is gone: who reaps it may take a moment.
    const state = existsSync(`/proc/${pid}/stat`)
      ? readFileSync(`/proc/${pid}/stat`, 'utf8')
      : ' Z '
    assert.ok(!isAlive(pid) || / [ZX] /.test(state), name)
  }
})

test('what others can write to is not run: the program, its directory, the target of a link', async () => {
  const host = hostWithPrograms({ good: 'exit 0', loose: 'exit 0' })
  const path = (name: string) => host.path(`${NOTIFY_DIRECTORY}/${name}`)
  chmodSync(path('loose'), 0o777)
  mkdirSync(join(host.root, 'home'))
  chmodSync(join(host.root, 'home'), 0o777)
  writeFileSync(join(host.root, 'home/own'), '#!/bin/sh\n')
  chmodSync(join(host.root, 'home/own'), 0o755)
  symlinkSync('../../../home/own', path('link'))
  writeFileSync(path('broken'), '#!/none/such\n')
  chmodSync(path('broken'), 0o755)
  const refused = 'not run, because not only root can write to it'
  assert.deepEqual(await problems(host, '{}'), [
    ['broken', 'No such file or directory'],
    ['good', undefined],
    ['link', refused],
    ['loose', refused],
  ])
  chmodSync(host.path('/etc/kured-sentinel'), 0o775)
  assert.deepEqual(
    (await problems(host, '{}')).map(([, problem]) => problem),
    [refused, refused, refused, refused],
  )
})

test('the examples do what they say, with the event as it is told', async (t) => {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => bodies.push(text))
    request.on('end', () => response.writeHead(bodies.length === 1 ? 503 : 200).end('answer'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const host = hostWithPrograms({ sendmail: 'exec cat >$0.mail' })
  const directory = host.path(NOTIFY_DIRECTORY)
  const sendmail = join(host.root, 'sendmail')
  renameSync(join(directory, 'sendmail'), sendmail)
  for (const name of ['notify-mail', 'notify-webhook']) {
    const script = shipped(`examples/${name}`)
      .replace(/^url=.*$/m, `url=http://127.0.0.1:${port}/`)
      .replace('/usr/bin/sendmail', sendmail)
      .replace('/usr/bin/node', process.execPath)
    writeFileSync(join(directory, name), script)
    chmodSync(join(directory, name), 0o755)
  }
  const event = JSON.stringify({ event: 'gate', node: 'n3', message: 'a $(reboot) “lock”' })
  assert.deepEqual(await problems(host, event), [
    ['notify-mail', undefined],
    ['notify-webhook', undefined],
  ])
  assert.deepEqual(bodies, [`${event}\n`, `${event}\n`], 'tried again after 503')
  const mail = readFileSync(`${sendmail}.mail`, 'utf8')
  assert.match(mail, /^To: root\nSubject: kured-sentinel on n3: gate\nContent-Type/)
  assert.match(mail, /\n\na \$\(reboot\) “lock”\n\n/)
})
