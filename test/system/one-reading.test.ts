/** No fact of the host is read twice in one command: a host that changes has no two answers. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, kernel, plain } from '../lab/recipes.ts'

/**
 * Preloaded into the program: writes each program it starts, and each file it opens, lists or follows,
 * to the file that COUNT_TO names.
 */
const COUNTER = `const child = require('node:child_process')
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const { appendFileSync } = fs
const tell = (what, text) => appendFileSync(process.env.COUNT_TO, what + ' ' + text + '\\n')

for (const name of ['spawnSync', 'execFile', 'spawn']) {
  const original = child[name]
  child[name] = (file, words, ...rest) => {
    // Behind setpriv stands what is run.
    const own = words.slice(words.indexOf('--') + 1)
    tell('run', (file.endsWith('/setpriv') ? own : [file, ...words]).join(' '))
    return original(file, words, ...rest)
  }
}
for (const name of ['openSync', 'readdirSync', 'readlinkSync']) {
  const original = fs[name]
  fs[name] = (path, ...rest) => {
    // Node's own reading of the program is none of the host's facts.
    if (typeof path === 'string' && !path.includes('/kured-sentinel/dist/')) tell('read', path)
    return original(path, ...rest)
  }
}
syncBuiltinESMExports()
`

/** What a command runs and reads more than once. */
async function readTwice(node: LabNode, command: string): Promise<string[]> {
  const program = '/usr/lib/kured-sentinel/bin/kured-sentinel.cjs'
  await node.run(
    ['sh', '-c', `node --require /root/count.cjs ${program} ${command} >/root/said 2>&1`],
    {
      env: { COUNT_TO: '/root/counted' },
      timeoutMs: 120_000,
    },
  )
  const counted = (await node.shell('cat /root/counted; rm /root/counted')).trim().split('\n')
  assert.ok(counted.length > 5, await node.readFile('/root/said'))
  return [...new Set(counted.filter((line, index) => counted.indexOf(line) !== index))]
}

/** Processes come and go, and time passes; and what it works on is its own. */
const FLEETING = /^read (\/proc\/(\d+|self)(\/|$)|\/proc(\/uptime)?$|\/run\/kured-sentinel\/work\/)/

labTest('doctor, preflight, check, status, metrics: one reading of each fact', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, kernel('linux', '1.0', '9.9.9'), plain('one', '1.0'))
  await node.shell('kured-sentinel ignore add one; systemctl start plain private')
  await offer(node, plain('one', '2.0'), plain('other', '1.0'), greet('2.0'))
  await node.shell('pacman -Sy; pacman -S --noconfirm libgreet; pacman -Suw --noconfirm')
  // It has asked before, and so writes nothing now.
  await node.shell('kured-sentinel units install --local --enable; kured-sentinel')
  await node.writeFile('/root/count.cjs', COUNTER)
  for (const command of [
    'doctor',
    'preflight upgrade --local',
    'check',
    'status',
    'ignore check',
    'metrics',
  ]) {
    const twice = (await readTwice(node, command)).filter((line) => !FLEETING.test(line))
    assert.deepEqual(twice, [], command)
  }
})

labTest('restart: what it restarts is looked at again, and nothing else', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'plain', 'private'])
  await offer(node, greet('2.0'))
  await node.shell('pacman -Syu --noconfirm')
  await node.writeFile('/root/count.cjs', COUNTER)
  const twice = (await readTwice(node, 'restart --dry-run')).filter((line) => !FLEETING.test(line))
  assert.deepEqual(twice, [])
})
