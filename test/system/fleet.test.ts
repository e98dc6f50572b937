/** Three nodes that share a fleet directory: one is hurt by its upgrade, the others wait for it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { FAILS, prepareServed, served, WELL } from '../lab/served.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const CHECK = ['/usr/bin/kured-sentinel']
const DIRECTORY = '/var/cache/kured-sentinel/fleet'
const CONFIG = '[fleet]\nboot-time = 500ms\n'

async function bootFleetNode(name: string, share: string): Promise<LabNode> {
  const node = await bootNode({ binds: [`${share}:${DIRECTORY}`] })
  await node.writeFile('/etc/hostname', `${name}\n`)
  return node
}

/** What Kured gets, and the words that come with it. */
async function ask(node: LabNode): Promise<[exitCode: number | undefined, said: string]> {
  const { exitCode, stdout, stderr } = await node.asKured(CHECK)
  return [exitCode, stdout + stderr]
}

/** Asks until the words come. @returns the answers before */
async function askUntil(node: LabNode, says: RegExp): Promise<(number | undefined)[]> {
  const answers: (number | undefined)[] = []
  const end = Date.now() + 90_000
  for (;;) {
    const [exitCode, said] = await ask(node)
    if (says.test(said)) return answers
    answers.push(exitCode)
    assert.ok(Date.now() < end, said)
    await sleep(300)
  }
}

labTest(
  'a node that its reboot hurt keeps the others from theirs, until it is mended',
  async () => {
    const share = mkdtempSync(join(tmpdir(), 'kured-sentinel-fleet-'))
    try {
      await using waits = await bootFleetNode('node1', share)
      await using hurt = await bootFleetNode('node2', share)
      await using third = await bootFleetNode('node3', share)
      await Promise.all([waits, hurt, third].map((node) => prepareServed(node, CONFIG)))

      // A share that has no row of this host may be another one.
      const [unknown, why] = await ask(waits)
      assert.equal(unknown, 2, why)
      assert.match(why, /no row of this host, node1: kured-sentinel fleet report/)
      for (const node of [waits, hurt, third]) {
        const { stdout } = await node.run(['kured-sentinel', 'fleet', 'report', '--json'])
        assert.equal(readEnvelope('fleet report', stdout).verdict, 'told')
      }
      assert.deepEqual((await ask(waits))[0], 0)
      const packages = await waits.shell(`bsdtar -tf ${DIRECTORY}/node1/local.tar.zst`)
      assert.match(packages, /^\.\/served-1\.0-1\/desc$/m)
      assert.doesNotMatch(packages, /\/files$/m)

      await offer(hurt, FAILS)
      await hurt.ok(['pacman', '-Syu', '--noconfirm'])
      assert.equal((await ask(hurt))[0], 0)
      assert.equal((await hurt.asKured([...CHECK, 'reboot'])).exitCode, 0)
      assert.equal(await hurt.waitForEnd(), 'reboot')
      assert.deepEqual(await askUntil(waits, /waits for node2: went down for its reboot/), [])
      await hurt.boot()
      const meanwhile = await askUntil(waits, /waits for node2: unhealthy since its reboot: served/)
      assert.ok(
        meanwhile.every((exitCode) => exitCode === 1),
        meanwhile.join(),
      )
      for (const node of [waits, third]) {
        const [answer, said] = await ask(node)
        assert.equal(answer, 1, said)
        assert.match(said, /waits for node2: unhealthy since its reboot: served/)
      }

      const night = await waits.run(['kured-sentinel', 'preflight', 'upgrade', '--local'])
      assert.equal(night.exitCode, 1)
      assert.match(night.stdout, /^skip: waits for node2: unhealthy/m)
      const shown = await waits.run(['kured-sentinel', 'fleet', '--json'])
      assert.equal(shown.exitCode, 1)
      const { hosts, due } = JSON.parse(shown.stdout).details
      assert.deepEqual(
        hosts.map(({ row }: any) => row.health?.verdict),
        [undefined, 'unhealthy', undefined],
      )
      assert.deepEqual(due, ['node1', 'node3'])

      // Mended is mended, without a person's word to the fleet.
      await install(hurt, served('3.0', 'served.service', WELL))
      await hurt.shell('systemctl daemon-reload; systemctl start served')
      await askUntil(waits, /^reboot required/)
      for (const node of [waits, third]) assert.equal((await ask(node))[0], 0)

      await hurt.shell(
        `head -c 99 ${DIRECTORY}/node2/status.json >/tmp/torn; cp /tmp/torn ${DIRECTORY}/node2/status.json`,
      )
      assert.match(
        (await ask(waits))[1],
        /node2 cannot be seen: .*kured-sentinel fleet forget node2/,
      )
      await waits.ok(['kured-sentinel', 'fleet', 'forget', 'node2'])
      assert.equal((await ask(waits))[0], 0)

      await waits.ok(['umount', DIRECTORY])
      const [unseen, gone] = await ask(waits)
      assert.equal(unseen, 2, gone)
      assert.match(gone, /fleet is not mounted/)
      // Who cannot tell the others that it goes down stays up.
      const refused = await waits.asKured([...CHECK, 'reboot'])
      assert.equal(refused.exitCode, 2)
      assert.match(refused.stderr, /fleet is not mounted/)
      assert.equal(await waits.shell('ls /run/kured-sentinel | grep -c going-down || :'), '0\n')
    } finally {
      rmSync(share, { recursive: true, force: true })
    }
  },
)
