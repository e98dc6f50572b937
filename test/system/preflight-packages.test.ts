/** Every way to fail that pacman has before a transaction also stops the preflight. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { plain } from '../lab/recipes.ts'
import { CACHE, expectAnswer, installJobs, SYNC, upgrade } from '../lab/upgrade-job.ts'

const KEYRING = '/etc/pacman.d/gnupg'

/** What pacman itself says to the same cache: it may write to a copy only. */
async function pacmanAccepts(node: LabNode): Promise<boolean> {
  await node.shell(`rm -rf /srv/tried && cp -a ${CACHE} /srv/tried`)
  const conf = '/srv/tried.conf'
  await node.shell(`sed 's|^CheckSpace|CacheDir = /srv/tried/|' /etc/pacman.conf >${conf}`)
  const tried = await node.run(['pacman', '-Suw', '--noconfirm', '--config', conf])
  return tried.exitCode === 0
}

/** A key that signs packages, `name`.asc for keyrings, and the keyring of the host, without it. */
const MAKE_KEYS = `set -e
mkdir -p -m 700 /root/signer ${KEYRING}
gpg="gpg --batch --quiet --homedir /root/signer"
for name in packager stranger; do
  $gpg --passphrase '' --quick-gen-key "$name <$name@lab>" ed25519 sign never
  $gpg --armor --export "$name" >/root/$name.asc
done
gpg --batch --quiet --homedir ${KEYRING} --import /root/packager.asc`

const sign = (by: string) =>
  `cd ${CACHE}; for file in *-2-1-any.pkg.tar.gz; do rm -f "$file.sig"; ` +
  `gpg --batch --quiet --homedir /root/signer --local-user ${by} --detach-sign "$file"; done`

const TRUST = `gpg --batch --homedir /root/signer --with-colons --list-keys packager |
awk -F: '$1 == "fpr" { print $10 ":6:" }' | gpg --batch --homedir ${KEYRING} --import-ownertrust`

labTest('checksums, signatures and trust, as pacman judges them; nothing is deleted', async () => {
  await using node = await bootNode()
  await install(node, plain('a', '1'), plain('b', '1'))
  await offer(node, plain('a', '2'), plain('b', '2'))
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  await node.shell(MAKE_KEYS)
  const level = (words: string) =>
    node.shell(`sed -i '/^\\[lab\\]/,$ s/^SigLevel = .*/SigLevel = ${words}/' /etc/pacman.conf`)
  const agree = async (exitCode: number, says: RegExp) => {
    const list = () => node.shell(`cd ${CACHE}; sha256sum *`)
    const before = await list()
    await expectAnswer(node, ['upgrade', '--local', '--explain'], exitCode, says)
    assert.equal(await list(), before, 'the cache stays as it is')
    assert.equal(await pacmanAccepts(node), exitCode === 0, String(says))
  }
  await agree(0, /^ok +packages +pacman accepts the packages$/m)

  // The same size, and other bytes.
  await node.shell(
    `cp ${CACHE}/a-2* /root; printf X | dd of=$(ls ${CACHE}/a-2*) conv=notrunc bs=1 seek=60 status=none`,
  )
  const broken =
    /^skip: pacman refuses the packages: File \/var\/cache\/pacman\/pkg\/a-2-1-any\.pkg\.tar\.gz is corrupted \(invalid or corrupted package \(checksum\)\)/m
  await agree(1, broken)
  await node.shell(`cp /root/a-2* ${CACHE}`)

  await level('Required DatabaseOptional')
  await agree(1, /^skip: pacman refuses the packages: a: missing required signature/m)
  await level('Optional')
  await agree(0, /^go/m)
  await level('Required DatabaseOptional')
  await node.shell(sign('stranger'))
  await agree(1, /^skip: pacman refuses the packages: .*key/m)
  await node.shell(sign('packager'))
  await agree(1, /^skip: pacman refuses the packages: .*unknown trust/m)
  await level('Required DatabaseOptional TrustAll')
  await agree(0, /^go/m)
  await node.shell(TRUST)
  await level('Required DatabaseOptional')
  await agree(0, /^go/m)
  await node.shell(`cd ${CACHE}; cp a-2-1*.sig b-2-1-any.pkg.tar.gz.sig`)
  await agree(1, /^skip: pacman refuses the packages: .*b: signature from .* is invalid/m)
  await level('Required')
  await agree(1, /^skip: .*lab.*signature/m)
  await level('Never')

  // What pacman's planning stops at; nothing is ignored.
  const plans = async (exitCode: number, says: RegExp, real = 1) => {
    await node.ok(['pacman', '-Sy'])
    await expectAnswer(node, ['upgrade', '--local', '--allow-download'], exitCode, says)
    const before = await node.shell('pacman -Q')
    const tried = await node.run(['pacman', '-Su', '--noconfirm'])
    assert.equal(tried.exitCode, real, tried.stdout + tried.stderr)
    assert.equal((await node.shell('pacman -Q')) === before, real !== 0)
  }
  await offer(node, plain('a', '3', { lines: ["conflicts=('b')"] }))
  await plans(
    1,
    /^skip: pacman cannot work out the upgrade: .*a(-3-1)? and b(-\S+)? are in conflict/m,
  )
  await install(node, plain('old', '1', { depends: ['b=1'] }), plain('a', '4'))
  await node.shell(
    'cd /srv/lab; repo-remove --quiet lab.db.tar.gz old; touch --no-dereference -d "+9 seconds" lab.db*',
  )
  const orphan =
    /^attention, no upgrade .*breaks dependency 'b=1' required by old; old is in no repository\. To do: pacman -R old/m
  await plans(255, orphan)
  await node.ok(['pacman', '-R', '--noconfirm', 'old'])

  // What stays until a person mends it is no nightly skip.
  const local = '/var/lib/pacman/local'
  const database = async (damage: string, says: RegExp) => {
    await node.shell(`cp -a ${local} /root/local; ${damage}`)
    await expectAnswer(node, ['upgrade', '--local'], 255, says)
    await node.shell(`rm -r ${local}; mv /root/local ${local}`)
  }
  await database(
    `cp -a ${local}/b-1-1 ${local}/b-1-2`,
    /^attention.*duplicated database entry 'b'\. To do: move the wrong entry out of \/var\/lib\/pacman\/local/m,
  )
  await database(`echo 3 >${local}/ALPM_DB_VERSION`, /^attention.* To do: pacman-db-upgrade$/m)
  await plans(0, /^go/m, 0)

  // What only the transaction shows: the record keeps pacman's own line, and what it left.
  await installJobs(node, '--local --allow-download')
  const conf = (version: string, more: Record<string, string> = {}) =>
    plain('conf', version, {
      files: { '/etc/lab.conf': version, ...more },
      lines: ["backup=('etc/lab.conf')"],
    })
  await install(node, conf('1'))
  await node.writeFile('/etc/lab.conf', 'mine')
  await node.writeFile('/usr/share/theirs', 'x')
  await offer(node, conf('2', { '/usr/share/theirs': 'y' }))
  await node.ok(['pacman', '-Sy'])
  const stopped = await upgrade(node)
  assert.equal(stopped.outcome, 'failed')
  assert.match(stopped.reason, /; conf: \/usr\/share\/theirs exists in filesystem/)
  await node.ok(['rm', '/usr/share/theirs'])
  // As from the mounts of role node, which nothing may write to.
  await installJobs(node)
  await node.ok(['pacman', '-Suw', '--noconfirm'])
  for (const share of [SYNC, CACHE]) {
    await node.shell(`mount --bind ${share} ${share} && mount -o remount,bind,ro ${share}`)
  }
  const merged = await upgrade(node)
  assert.equal(merged.outcome, 'completed')
  assert.match(merged.reason, /; made \/etc\/lab\.conf\.pacnew: merge it with pacdiff$/)
  const history = await node.ok(['kured-sentinel', 'history'])
  assert.match(history, /lab\.conf\.pacnew/)
  const doctor = await node.run(['kured-sentinel', 'doctor'])
  assert.match(doctor.stdout, /to be merged or removed:\s+\/etc\/lab\.conf\.pacnew/)
})
