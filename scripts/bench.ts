/** `npm run bench`: the whole program against others, as ratios measured side by side in one node. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { seedScript } from '../test/fixture/seed-script.ts'
import { bootNode, labProblem } from '../test/lab/lab.ts'
import type { LabNode } from '../test/lab/node.ts'

interface Measured {
  ms: number
  kib: number
}

/** The Node that runs this, in the node as well: distributions' builds differ in how fast they start. */
const NODE = '/usr/local/bin/node'
const SENTINEL = [NODE, '/usr/lib/kured-sentinel/bin/kured-sentinel.js']
/** What is compared, and how often it is run: the slow ones less. */
const COMMANDS: Record<string, { argv: string[]; rounds: number }> = {
  'node -e 0': { argv: [NODE, '-e', '0'], rounds: 60 },
  check: { argv: SENTINEL, rounds: 60 },
  '--version': { argv: [...SENTINEL, '--version'], rounds: 60 },
  'lsof -K i -d DEL': { argv: ['/usr/bin/lsof', '-n', '-w', '-K', 'i', '-d', 'DEL'], rounds: 10 },
  needrestart: { argv: ['/usr/sbin/needrestart', '-b', '-l', '-r', 'l'], rounds: 5 },
  "the seed's script": { argv: ['/usr/bin/seed-script'], rounds: 5 },
}

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
// pacman's database is there, as on every Arch host; the seed's script shall not end at the kernel.
await node.shell('mkdir -p /var/lib/pacman/local "/lib/modules/$(uname -r)"')

const lsof = /\d+\.\d+\.\d+/.exec((await node.run(['lsof', '-v'])).stderr)?.[0]
console.log(`node ${(await node.ok([NODE, '--version'])).trim()}, lsof ${lsof}\n`)
console.log(
  `| processes | node -e 0 | ${Object.keys(COMMANDS).slice(1).join(' | ')} | memory of check |`,
)
console.log(`|---|${'---|'.repeat(Object.keys(COMMANDS).length + 1)}`)
for (const count of [100, 400, 1000]) {
  await fillUp(node, count)
  printRow(String(count), await measureAll(node, 1))
}
const { loop, scan }: Record<string, number[]> = JSON.parse(
  await node.ok(['chrt', '--rr', '1', NODE, '/root/scan-loop.mjs']),
)
const scanRatio = median(scan ?? []) / median(loop ?? [])
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
printRow('10 × 150 threads × 1,500 files', await measureAll(node, 5))
console.log(
  `\nthe scan itself at 1,000 processes: ${scanRatio.toFixed(2)} × a plain loop that reads the same files`,
)

async function prepareNode(root: string): Promise<void> {
  for (const file of ['measure.c', 'crowd.c']) cpSync(join(bench, file), join(root, 'root', file))
  writeFileSync(join(root, 'usr/bin/seed-script'), seedScript, { mode: 0o755 })
  cpSync(process.execPath, join(root, NODE))
  const outfile = join(root, 'root/scan-loop.mjs')
  await build({
    entryPoints: [join(bench, 'scan-loop.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  })
}

/** Adds sleeping processes until the node has that many. */
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

/** All commands, turn by turn, so that a slow moment of the machine falls on all of them. */
async function measureAll(on: LabNode, fewer: number): Promise<Map<string, Measured>> {
  const samples = new Map<string, Measured[]>()
  for (let round = 0; round < 60; round++) {
    for (const [name, { argv, rounds }] of Object.entries(COMMANDS)) {
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

function printRow(what: string, measured: Map<string, Measured>): void {
  const base = measured.get('node -e 0') ?? { ms: NaN, kib: NaN }
  const ratios = [...measured].slice(1).map(([, { ms }]) => `${(ms / base.ms).toFixed(2)} ×`)
  const memory = (measured.get('check')?.kib ?? NaN) / base.kib
  console.log(
    `| ${what} | ${base.ms.toFixed(1)} ms | ${ratios.join(' | ')} | ${memory.toFixed(2)} × |`,
  )
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
