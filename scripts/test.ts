/** `node --import tsx scripts/test.ts unit cli system cluster monitoring aarch64 machine`: runs these tests. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { isExecutable, newestNode } from '../test/lab/cache.ts'

const checkout = join(import.meta.dirname, '..')
const quickKinds = ['unit', 'cli']
const kinds = [...quickKinds, 'system', 'cluster', 'monitoring', 'aarch64', 'machine']
/** Their tests boot or emulate whole systems, and wait most of the time. */
const slowKinds = kinds.filter((kind) => !quickKinds.includes(kind))
const runMs = 20 * 60_000

interface Counts {
  passed: number
  failed: number
  skipped: number
  /** Known faults, with a test marked `todo`: shown, and no failure. */
  todo: number
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function main(named: string[]): Promise<number> {
  const unknown = named.filter((kind) => !kinds.includes(kind))
  if (named.length === 0 || unknown.length > 0) {
    throw new Error(`name the kinds of tests to run, of ${kinds.join(', ')}`)
  }
  const files = new Map(named.map((kind) => [kind, testFiles(kind)]))
  const quick = named.filter((kind) => quickKinds.includes(kind))
  const quickFiles = quick.flatMap((kind) => files.get(kind) ?? [])

  const runs: Counts[] = []
  if (quick.length > 0) {
    runs.push(await runTests(quick.join(' and '), process.execPath, quickFiles))
    // The Node in use is the oldest that is supported; the newest counts as much.
    const newest = join(newestNode.bin, 'node')
    if (isExecutable(newest)) runs.push(await runTests(quick.join(' and '), newest, quickFiles))
    else console.log(`Not run with the newest Node: ${newest} is missing (npm run test:setup).`)
  }
  // Two at once, from both ends: no two machines are emulated at the same time, and neither waits.
  const slow = slowKinds
    .filter((kind) => named.includes(kind))
    .flatMap((kind) => files.get(kind) ?? [])
  process.once('SIGTERM', () => slow.splice(0))
  const lane = async (next: () => string | undefined) => {
    for (let file = next(); file !== undefined; file = next()) {
      runs.push(await runTests(file, process.execPath, [file]))
    }
  }
  await Promise.all([lane(() => slow.shift()), lane(() => slow.pop())])
  return report(runs)
}

function testFiles(kind: string): string[] {
  const directory = join('test', kind)
  const entries = readdirSync(join(checkout, directory), { recursive: true, encoding: 'utf8' })
  const files = entries.filter((entry) => entry.endsWith('.test.ts')).toSorted()
  if (files.length === 0) throw new Error(`there is no ${directory}/**/*.test.ts`)
  return files.map((file) => join(directory, file))
}

/** One run of node:test. If a time limit or a signal ends it, that counts as one failure. */
async function runTests(title: string, node: string, files: string[]): Promise<Counts> {
  console.log(`\n${title}, with ${node}`)
  const directory = mkdtempSync(join(tmpdir(), 'kured-sentinel-test-'))
  const summary = join(directory, 'summary.tap')
  const began = performance.now()
  try {
    const reporters = ['spec', 'stdout', 'tap', summary].map((value, index) =>
      index % 2 === 0 ? `--test-reporter=${value}` : `--test-reporter-destination=${value}`,
    )
    // By default node:test leaves one processor alone: half of a machine with two.
    const concurrency = `--test-concurrency=${availableParallelism()}`
    const argv = ['--import', 'tsx', '--test', concurrency, ...reporters, ...files]
    const exitCode = await exitOf(node, argv)
    const counts = countsOf(readFileSync(summary, 'utf8'))
    if (counts.failed === 0 && exitCode !== 0) {
      console.error(`error: node ${argv.join(' ')} ended with ${exitCode ?? 'a signal'}`)
      counts.failed = 1
    }
    console.log(`${title}: ${Math.round((performance.now() - began) / 1000)} s`)
    return counts
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function exitOf(node: string, argv: string[]): Promise<number | null> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    // The Node with which the cli tests start the program, also as `node` in PATH.
    KURED_SENTINEL_NODE: node,
    PATH: [dirname(node), process.env['PATH']].join(delimiter),
  }
  // Node reads these certificates at every start, for 0.2 s, and no test needs them.
  delete env['NODE_EXTRA_CA_CERTS']
  const child = spawn(node, argv, { cwd: checkout, env, stdio: ['ignore', 'inherit', 'inherit'] })
  const forward = () => child.kill('SIGTERM')
  process.once('SIGTERM', forward)
  // On SIGTERM the test runner ends its children; if it fails to, it gets SIGKILL.
  const timers = [
    setTimeout(forward, runMs),
    setTimeout(() => child.kill('SIGKILL'), runMs + 30_000),
  ]
  return new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => {
    process.off('SIGTERM', forward)
    timers.forEach(clearTimeout)
  })
}

/** Reads the lines `# pass 12`, … of a TAP report: the last ones are those of the whole run. */
function countsOf(tap: string): Counts {
  const last = (name: string) =>
    Number([...tap.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0)
  return {
    passed: last('pass'),
    failed: last('fail') + last('cancelled'),
    skipped: last('skipped'),
    todo: last('todo'),
  }
}

function report(runs: Counts[]): number {
  const sum = (of: keyof Counts) => runs.reduce((total, counts) => total + counts[of], 0)
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
  const todo = sum('todo')
  const none = runs.some((counts) => counts.passed + counts.failed + counts.skipped === 0)
  const skippedInCi = process.env['CI'] === 'true' && skipped > 0
  if (none) console.error('error: a run had no tests')
  if (todo > 0) console.log(`\n${todo} known faults, each in a test marked "todo"`)
  if (skippedInCi) console.error('error: with CI=true no test may be skipped')
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
  return failed > 0 || none || skippedInCi ? 1 : 0
}
