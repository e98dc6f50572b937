/** Packages whose signatures the keyring of the node does not know: the keyring goes first. */
import assert from 'node:assert/strict'
import { bootNode, gatedTest, install, labProblem, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { plain } from '../lab/recipes.ts'
import { demandSignatures, fillKeyring, keyring, makeKeys, sign } from '../lab/signing.ts'
import {
  CACHE,
  expectAnswer,
  installJobs,
  preflight,
  readRun,
  upgrade,
} from '../lab/upgrade-job.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const DOWNLOAD = 'systemctl start pacman-cache-update.service'
const LOCAL = ['upgrade', '--local']

const versions = (node: LabNode) => node.shell('pacman -Q a b lab-keyring')
const told = async (node: LabNode) =>
  (await node.ok(['kured-sentinel', 'history'])).split('\n').filter((line) => /keyring/.test(line))

/** A transaction's packages a line, as pacman.log has them. */
const transactions = (node: LabNode) =>
  node.shell(`awk '/transaction started/ { line = "" } / (upgraded|installed) / { line = line $4 " " }
    /transaction completed/ { print line }' /var/log/pacman.log | tail -n 2`)

const NAME = 'the keyring goes first, alone, and only where signatures do not verify'

// It makes keys, and signs with them.
gatedTest(labProblem(), NAME, keyringFirst, { timeout: 420_000 })

async function keyringFirst(): Promise<void> {
  await using node = await bootNode()
  await makeKeys(node, 'first', 'second', 'third', 'stranger')
  await fillKeyring(node, '1', 'first')
  await fillKeyring(node, '2', 'first', 'second')
  await fillKeyring(node, '3', 'first', 'second', 'third')
  await node.shell('pacman-key --init 2>&1')
  await install(node, keyring('1'), plain('a', '1'), plain('b', '1'))
  await installJobs(node, '--local')
  await node.writeFile('/etc/kured-sentinel.conf', '')
  await demandSignatures(node, 'Required DatabaseOptional')

  // Signatures that verify: the keyring is upgraded with all the rest.
  await offer(node, keyring('2'), plain('a', '2'), plain('b', '2'))
  await sign(node, 'first', '/srv/lab/*-2-1-any.pkg.tar.gz')
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  await expectAnswer(node, [...LOCAL, '--explain'], 0, /^ok +packages +pacman accepts/m)

  // The packager's key is newer than the keyring.
  await sign(node, 'second', '/srv/lab/[ab]-2-1-any.pkg.tar.gz')
  await node.shell(`cp /srv/lab/[ab]-2-1*.sig ${CACHE}`)
  const before = await versions(node)
  const byHand = await preflight(node, ...LOCAL)
  assert.equal(byHand.exitCode, 1)
  assert.match(
    byHand.said,
    /^skip: lab-keyring 2-1 must be installed first, and its service does so: pacman does not trust all signatures: /m,
  )
  const json = await node.run(['kured-sentinel', 'preflight', ...LOCAL, '--json'])
  const { details, findings } = readEnvelope('preflight upgrade', json.stdout)
  assert.deepEqual(details.plan, ['a', 'b', 'lab-keyring'])
  assert.deepEqual(findings.at(-1)?.fields.first, {
    names: ['lab-keyring'],
    versions: ['lab-keyring 2-1'],
  })

  // Where the keyring cannot go first, a person is told what to do.
  await node.shell("sed -i 's/^CheckSpace/IgnorePkg = lab-*\\nCheckSpace/' /etc/pacman.conf")
  const ignored = /^attention.* To do: kured-sentinel ignore remove lab-keyring$/m
  await expectAnswer(node, LOCAL, 255, ignored)
  await node.shell("sed -i '/^IgnorePkg/d' /etc/pacman.conf")
  const signature = `${CACHE}/lab-keyring-2-1-any.pkg.tar.gz.sig`
  await node.shell(`cp ${signature} /root/kept.sig`)
  await sign(node, 'stranger', signature.replace(/\.sig$/, ''))
  const unknown =
    /^attention.*lab-keyring 2-1 cannot be installed first: .*To do: pacman-key --populate/m
  await expectAnswer(node, LOCAL, 255, unknown)
  await node.shell(`mv ${signature} /root/strange.sig; cp /root/kept.sig ${signature}`)
  assert.equal(await versions(node), before, 'nothing was changed so far')
  assert.deepEqual(await told(node), [])

  // The upgrade's service.
  const upgraded = await upgrade(node)
  assert.deepEqual([upgraded.outcome, upgraded.packages], ['completed', 2])
  assert.equal(await versions(node), 'a 2-1\nb 2-1\nlab-keyring 2-1\n')
  assert.equal(await transactions(node), 'lab-keyring \na b \n')
  assert.match((await told(node)).join('\n'), /keyring first: lab-keyring 2-1 installed$/)
  assert.equal((await upgrade(node)).outcome, 'nothing-to-do')
  assert.equal((await told(node)).length, 1)

  // A keyring that takes another package along is no transaction of its own.
  await offer(
    node,
    keyring('3', { depends: ['c'] }),
    plain('c', '1'),
    plain('a', '3'),
    plain('b', '3'),
  )
  await sign(node, 'third', '/srv/lab/[ab]-3-1-any.pkg.tar.gz')
  await sign(
    node,
    'second',
    '/srv/lab/lab-keyring-3-1-any.pkg.tar.gz /srv/lab/c-1-1-any.pkg.tar.gz',
  )
  await node.ok(['pacman', '-Sy'])
  await node.shell(`cp /srv/lab/*-3-1-any.pkg* /srv/lab/c-1-1-any.pkg* ${CACHE}`)
  const along = /^attention.*lab-keyring 3-1 cannot be installed first, as it takes c along\./m
  await expectAnswer(node, LOCAL, 255, along)
  await node.shell(`rm ${CACHE}/*-3-1-any.pkg*`)

  // A download: the cache host's keyring is behind. pacman deletes what it has just fetched.
  await offer(node, keyring('3', { pkgrel: 2 }))
  await sign(node, 'second', '/srv/lab/lab-keyring-3-2-any.pkg.tar.gz')
  // As after a look at the key by hand: it is there, and nobody vouches for it.
  await node.shell('pacman-key --add /root/third.asc 2>&1')
  // There is a newer keyring, so the next attempt begins at once; systemctl waits for its end.
  await node.shell(DOWNLOAD)
  assert.match(
    await node.ok(['kured-sentinel', 'history']),
    /download failed: .*unknown trust.*; pacman deleted \S+\/a-3-1-any\.pkg\.tar\.gz, \S+\/b-3-1-any\.pkg\.tar\.gz from the cache$/m,
  )
  const list = () => node.shell(`ls ${CACHE}`)
  assert.equal((await readRun(node, 'download')).outcome, 'completed')
  assert.match(await list(), /^a-3-1-any\.pkg\.tar\.gz$[^]*^b-3-1-any\.pkg\.tar\.gz$/m)
  assert.equal(await versions(node), 'a 2-1\nb 2-1\nlab-keyring 3-2\n')
  assert.equal((await told(node)).length, 2)

  // What a node may not write to, pacman cannot delete, whatever it says.
  await sign(node, 'stranger', `${CACHE}/[ab]-3-1-any.pkg.tar.gz`)
  await node.shell(`mount --bind ${CACHE} ${CACHE} && mount -o remount,bind,ro ${CACHE}`)
  const shared = await list()
  assert.equal((await node.run(['pacman', '-Su', '--noconfirm'])).exitCode, 1)
  assert.equal(await list(), shared)
}
