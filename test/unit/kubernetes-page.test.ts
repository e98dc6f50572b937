/** docs/kubernetes.md says of each step what the program says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeVersions } from '../../src/doctor/versions.ts'
import { describeIgnored, judgeOffer, kubeletMisfit } from '../../src/skew/fit.ts'
import { parseVersion, type Part } from '../../src/skew/version.ts'
import { shipped } from '../fixture/shipped.ts'

const page = shipped('docs/kubernetes.md')

const version = (text: string) => parseVersion(text) ?? assert.fail(text)
const known = (server: string, kubelet: string) => ({
  server: version(server),
  kubelet: version(kubelet),
})

/** The line of `ignore list` on an offer, without the package's name. */
function listed(server: string, part: Part, installed: string): string | undefined {
  const offer = { name: `${part}-bin`, part, installed, available: '1.37.2-1' }
  const judged = judgeOffer(offer, known(server, '1.36.3'))
  return judged && describeIgnored(offer, judged)
}

/** The cells of the table's row for a step. */
function cells(step: string): string[] {
  const row = page.split('\n').find((line) => line.startsWith(`| ${step} `))
  return (row ?? assert.fail(step)).split('|').map((cell) => cell.trim().replaceAll('`', ''))
}

for (const [step, server, kubelet] of [
  ['before `kubeadm upgrade apply`', '1.36.3', '1.36.3'],
  ['after it', '1.37.2', '1.36.3'],
  ['package installed, the old kubelet runs', '1.37.2', '1.37.2'],
] as const) {
  test(step, () => {
    const [, , , list, doctor] = cells(step)
    assert.equal(list, listed(server, 'kubelet', `${kubelet}-1`) ?? 'no such line any more')
    const [line] = judgeVersions(known(server, kubelet), [], [])
    assert.equal(doctor, line?.message)
  })
}

test('what ignore list prints before', () => {
  for (const part of ['kubelet', 'kubeadm', 'kubectl'] as const) {
    const line = `\n${part}-bin ${listed('1.36.3', part, '1.36.3-1')}\n`
    assert.ok(page.includes(line), line)
  }
})

test('a package that came too early', () => {
  const early = known('1.36.3', '1.37.2')
  assert.ok(page.includes(`\`${kubeletMisfit(early)}; a reboot or restart starts it\``))
})
