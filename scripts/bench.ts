/**
 * `npm run bench [-- fleet]`: compares the program with others, measured side by side in one node; or
 * what 200 hosts cost those who look at them.
 */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seedScript } from '../test/fixture/seed-script.ts'
import { bootNode, install, labProblem, upgradeTo } from '../test/lab/lab.ts'
import type { LabNode } from '../test/lab/node.ts'
import { makeDatabase, makeFleet } from './bench/fleet.ts'
import { greet, greeter, kernel } from '../test/lab/recipes.ts'

/** Replaced by the Node that runs this: distributions' builds start at different speeds. */
const NODE = '/usr/bin/node'
const SENTINEL = '/usr/lib/kured-sentinel/bin/kured-sentinel'

/** A command to compare, and its number of runs: fewer for slow ones. */
interface Compared {
  name: string
  argv: string[]
  rounds: number
}

interface Measured {
  ms: number
  kib: number
}

const BASE = { name: 'node -e 0', argv: [NODE, '-e', '0'], rounds: 60 }
const NOTHING_NEW: Compared[] = [
  BASE,
  { name: 'check by dash', argv: ['/usr/bin/dash', SENTINEL], rounds: 60 },
  { name: 'check by bash', argv: ['/usr/bin/bash', SENTINEL], rounds: 60 },
]
const AFTER_AN_UPGRADE: Compared[] = [
  BASE,
  { name: 'check', argv: [SENTINEL], rounds: 60 },
  {
    name: 'lsof -K i -d DEL',
    argv: ['/usr/bin/lsof', '-n', '-w', '-K', 'i', '-d', 'DEL'],
    rounds: 10,
  },
  { name: 'needrestart', argv: ['/usr/sbin/needrestart', '-b', '-l', '-r', 'l'], rounds: 5 },
  { name: "the seed's script", argv: ['/usr/bin/seed-script'], rounds: 5 },
]

const problem = labProblem()
if (problem !== undefined) {
  console.error(`the bench needs the lab: ${problem}`)
  process.exit(1)
}
const bench = join(import.meta.dirname, 'bench')
await using node = await bootNode({ prepare: prepareNode })
await node.shell(
  'gcc -O2 -o /usr/bin/measure /root/measure.c; gcc -O2 -pthread -o /usr/bin/crowd /root/crowd.c',
)
const running = (await node.ok(['uname', '-r'])).trim()
// Otherwise the seed's script would stop at the kernel, for which it looks in /lib.
await install(node, greet('1.0'), greeter, kernel('linux', '1.0', running))
await node.ok(['systemctl', 'start', 'plain', 'private'])

if (process.argv[2] === 'fleet') {
  await benchFleet(node)
  process.exit(0)
}
const lsof = /\d+\.\d+\.\d+/.exec((await node.run(['lsof', '-v'])).stderr)?.[0]
console.log(`node ${(await node.ok([NODE, '--version'])).trim()}, lsof ${lsof}`)

console.log('\nNothing was replaced since the last look:\n')
printHead(NOTHING_NEW)
for (const count of [100, 1000]) {
  await fillUp(node, count)
  // The first check looks, and leaves the stamp for the others.
  await node.run([SENTINEL])
  await node.ok(['test', '-e', '/run/kured-sentinel/clean'])
  printRow(String(count), await measureAll(node, NOTHING_NEW))
}

console.log('\nAfter an upgrade, two services run what it replaced:\n')
await upgradeTo(node, greet('2.0'))
await node.ok([SENTINEL])
printHead(AFTER_AN_UPGRADE)
for (const count of [100, 400, 1000]) {
  await fillUp(node, count)
  printRow(String(count), await measureAll(node, AFTER_AN_UPGRADE))
}
await node.ok(['systemctl', 'stop', 'sleepers'])
await node.ok([
  'systemd-run',
  '--unit=crowd',
  '--property=TasksMax=infinity',
  '--property=LimitNOFILE=4096',
  'sh',
  '-c',
  'for i in 0 1 2 3 4 5 6 7 8 9; do crowd & done; wait',
])
await node.shell(
  'until [ "$(pgrep -xc crowd)" = 10 ] && [ "$(cat /proc/$(pgrep -xn crowd)/status | sed -n "s/Threads:.//p")" = 150 ]; do sleep 0.1; done',
)
printRow('10 × 150 threads × 1,500 files', await measureAll(node, AFTER_AN_UPGRADE, 5))

/** What the fleet costs, as multiples of Node's own start. */
async function benchFleet(on: LabNode): Promise<void> {
  makeDatabase(on.root)
  await on.writeFile('/etc/hostname', 'host000\n')
  await on.ok([SENTINEL, 'publish', '--prepare'])
  const hosts = 200
  const compared: Compared[] = [
    { ...BASE, rounds: 10 },
    { name: 'check: fleet', argv: [SENTINEL, 'fleet'], rounds: 10 },
    { name: 'check: publish --dry-run', argv: [SENTINEL, 'publish', '--dry-run'], rounds: 3 },
  ]
  console.log(
    `| hosts, sets of packages | ${compared.map(({ name }) => name).join(' | ')} | memory |`,
  )
  console.log(`|---|${'---|'.repeat(compared.length + 1)}`)
  for (const sets of [1, 10]) {
    makeFleet(on.root, { hosts, sets })
    await on.ok([SENTINEL, 'fleet', 'report'])
    await on.ok([SENTINEL, 'publish', '--dry-run'], { timeoutMs: 300_000 })
    printRow(`${hosts}, ${sets}`, await measureAll(on, compared))
  }
}

async function prepareNode(root: string): Promise<void> {
  for (const file of ['measure.c', 'crowd.c']) cpSync(join(bench, file), join(root, 'root', file))
  writeFileSync(join(root, 'usr/bin/seed-script'), seedScript, { mode: 0o755 })
  cpSync(process.execPath, join(root, NODE))
}

/** Adds sleeping processes until the node has `count` processes. */
async function fillUp(on: LabNode, count: number): Promise<void> {
  await on.run(['systemctl', 'stop', 'sleepers'])
  const there = Number(await on.shell('ls -d /proc/[0-9]* | wc -l')) - 3
  const script = `i=${there + 1}; while [ $i -lt ${count} ]; do sleep 10000 & i=$((i+1)); done; wait`
  await on.ok([
    'systemd-run',
    '--unit=sleepers',
    '--property=TasksMax=infinity',
    'sh',
    '-c',
    script,
  ])
  await on.shell(
    `until [ $(ls -d /proc/[0-9]* | wc -l) -ge ${count} ]; do sleep 0.1; done; sleep 1`,
  )
}

/** Runs all commands in turn, so that a slow moment of the machine affects all of them. */
async function measureAll(
  on: LabNode,
  compared: Compared[],
  fewer = 1,
): Promise<Map<string, Measured>> {
  const samples = new Map<string, Measured[]>()
  for (let round = 0; round < 60; round++) {
    for (const { name, argv, rounds } of compared) {
      if (round >= Math.max(1, rounds / fewer)) continue
      const [ms, kib] = (await on.ok(['measure', ...argv], { timeoutMs: 300_000 }))
        .split(' ')
        .map(Number)
      samples.set(name, [...(samples.get(name) ?? []), { ms: ms ?? NaN, kib: kib ?? NaN }])
    }
  }
  const middle = (all: Measured[]) => ({
    ms: median(all.map(({ ms }) => ms)),
    kib: median(all.map(({ kib }) => kib)),
  })
  return new Map([...samples].map(([name, all]) => [name, middle(all)]))
}

function printHead(compared: Compared[]): void {
  const names = compared.map(({ name }) => name)
  console.log(`| processes | ${names.join(' | ')} | memory of check |`)
  console.log(`|---|${'---|'.repeat(names.length + 1)}`)
}

function printRow(what: string, measured: Map<string, Measured>): void {
  const base = measured.get(BASE.name)?.ms ?? NaN
  const ratios = [...measured].slice(1).map(([, { ms }]) => `${(ms / base).toFixed(2)} ×`)
  const checks = [...measured].filter(([name]) => name.startsWith('check'))
  const most = Math.max(...checks.map(([, { kib }]) => kib)) / 1024
  console.log(
    `| ${what} | ${base.toFixed(1)} ms | ${ratios.join(' | ')} | ${most.toFixed(1)} MiB |`,
  )
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
