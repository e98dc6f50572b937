/** `npm run lab`: boots a node of the test lab with a root shell. The node ends with the shell. */
import { spawnSync } from 'node:child_process'
import { bootNode, labProblem } from '../test/lab/lab.ts'

const problem = labProblem()
if (problem !== undefined) {
  console.error(`error: ${problem}`)
  process.exit(1)
}
await using node = await bootNode()
console.log(`The node's files are in ${node.root}. Leave it with exit.`)
// pacman makes its database at its first run; until then every command would speak of that alone.
await node.ok(['pacman', '-Sy'])
// `script` gives the shell a terminal of the node: without one it has no job control. Commands from a
// pipe need none, and would be echoed.
const shell = process.stdin.isTTY
  ? ['script', '--quiet', '--command', 'exec bash --login', '/dev/null']
  : ['bash', '--login']
spawnSync('nsenter', ['--target', String(node.leader), '--all', '--wdns=/root', '--', ...shell], {
  stdio: 'inherit',
  env: { TERM: process.env['TERM'], HOME: '/root', LANG: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin' },
})
