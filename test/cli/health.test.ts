/** What the check answers for a node that did not come back well, on a host's files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { asKured, run } from '../fixture/program.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const UNHEALTHY: Tree = {
  'run/kured-sentinel/unhealthy': '["a.service has failed","no \\u001bdisk"]',
}
const DUE: Tree = { 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }

for (const [what, tree] of [
  ['nothing is due', {}],
  ['a reboot is due', DUE],
] as const) {
  test(`unhealthy, and ${what}: 2, with the reasons`, () => {
    const root = makeTree(hostTree({ ...UNHEALTHY, ...tree }))
    const { code, stderr } = asKured(['--root', root])
    assert.equal(code, 2)
    assert.match(
      stderr,
      /^attention, no reboot: not well since the boot: a\.service has failed\. To do:/,
    )
    assert.match(stderr, /no \\u001bdisk/)
    assert.equal(run(['status', '--root', root]).code, 0)
  })
}

test('a file that does not say why counts all the same', () => {
  for (const text of ['', 'garbage']) {
    const root = makeTree(hostTree({ 'run/kured-sentinel/unhealthy': text }))
    assert.equal(asKured(['--root', root]).code, 2)
  }
})

test('a reboot that is due waits until it is known whether the node is well', () => {
  const tree = {
    ...DUE,
    'proc/uptime': '300.00 300.00\n',
    'var/lib/kured-sentinel/health.json': JSON.stringify({
      version: 1,
      bootId: BOOT_ID,
      verdict: 'pending',
      reasons: ['a.service is activating (start)'],
      since: 30_000,
    }),
    'var/lib/kured-sentinel/requests.json': '{"version":1,"requests":[]}',
  }
  const { code, stdout } = asKured(['--root', makeTree(hostTree(tree))])
  assert.equal(code, 1)
  assert.match(
    stdout,
    /not known yet whether the node is well since its boot: a\.service is activating/,
  )
  const later = { ...tree, 'proc/uptime': '3000.00 3000.00\n' }
  assert.equal(asKured(['--root', makeTree(hostTree(later))]).code, 2, 'whoever looked has gone')
})

test('to Kured health is no answer, and two of its options do not go together', () => {
  assert.equal(asKured(['health']).code, 2)
  assert.equal(run(['health', '--wait', '--accept']).code, 2)
})
