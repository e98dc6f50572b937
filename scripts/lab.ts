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
// `script` gives the shell a terminal of the node: without one it has no job control.
const shell = ['script', '--quiet', '--command', 'exec bash --login', '/dev/null']
spawnSync('nsenter', ['--target', String(node.leader), '--all', '--wdns=/root', '--', ...shell], {
  stdio: 'inherit',
  env: { TERM: process.env['TERM'], HOME: '/root', LANG: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin' },
})
