/** `preflight …` in booted nodes: real mounts, real databases, real packages. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { plain } from '../lab/recipes.ts'
import { CACHE, expectAnswer, LOCK, preflight, SYNC } from '../lab/upgrade-job.ts'
import { readEnvelope } from '../fixture/envelope.ts'

/** A bind mount of /srv/sync that an automount waits for; `more` goes into the mount's [Unit]. */
async function startAutomount(node: LabNode, more = ''): Promise<void> {
  const unit = '/etc/systemd/system/var-lib-pacman-sync'
  const mount = `[Unit]\n${more}\n[Mount]\nWhat=/srv/sync\nWhere=${SYNC}\nType=none\nOptions=bind\n`
  await node.writeFile(`${unit}.mount`, mount)
  await node.writeFile(`${unit}.automount`, `[Automount]\nWhere=${SYNC}\n`)
  await node.ok(['systemctl', 'daemon-reload'])
  await node.ok(['systemctl', 'start', 'var-lib-pacman-sync.automount'])
}

const isMounted = async (node: LabNode) => {
  const state = await node.run(['systemctl', 'is-active', 'var-lib-pacman-sync.mount'])
  return state.stdout === 'active\n'
}

labTest('mounts: missing, of any kind, of a wanted kind, automatic, and hung', async () => {
  await using node = await bootNode()
  // nspawn gives a node no /dev/autofs, and systemd looks for it once. [src/core/automount.c]
  await node.shell('mknod /dev/autofs c 10 235 && systemctl daemon-reexec')
  await expectAnswer(
    node,
    ['download', '--local'],
    1,
    /pacman\/sync does not exist\. To do: mkdir -p \S+$/m,
  )
  await install(node, plain('a', '1'))
  await node.shell(`cp -r ${SYNC} /srv/sync`)
  await expectAnswer(
    node,
    ['upgrade'],
    1,
    /^skip: \/var\/lib\/pacman\/sync is not mounted\. To do: systemctl start /m,
  )
  await expectAnswer(
    node,
    ['download'],
    1,
    /^skip: \/var\/lib\/pacman\/sync is not mounted\. To do: systemctl start /m,
  )
  await expectAnswer(node, ['upgrade', '--local'], 0, /^go: the upgrade can begin$/m)

  await node.ok(['mount', '-t', 'tmpfs', 'tmpfs', CACHE])
  await node.ok(['mount', '--bind', '/srv/sync', SYNC])
  await expectAnswer(node, ['upgrade', '--explain'], 0, /pkg is mounted from tmpfs \(tmpfs\)$/m)
  await node.writeFile('/etc/kured-sentinel.conf', '[upgrade]\nmount-types = nfs nfs4\n')
  await expectAnswer(
    node,
    ['upgrade'],
    1,
    /sync is mounted from .*, and not by nfs or nfs4\. To do: /m,
  )
  await node.ok(['rm', '/etc/kured-sentinel.conf'])
  await expectAnswer(node, ['upgrade', '--cache-dir', '/srv'], 255, /pacman does not use \/srv/)

  await node.ok(['umount', SYNC])
  await startAutomount(node)
  assert.equal(await isMounted(node), false)
  await expectAnswer(node, ['upgrade', '--explain'], 0, /^ok +mounts +\/var\/lib\/pacman\/sync is/m)
  assert.equal(await isMounted(node), true)

  await node.shell('systemctl stop var-lib-pacman-sync.automount var-lib-pacman-sync.mount')
  await node.writeFile(
    '/etc/systemd/system/never.service',
    '[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep infinity\n',
  )
  await startAutomount(node, 'Requires=never.service\nAfter=never.service')
  const began = performance.now()
  const hung = ['upgrade', '--timeout', '3s']
  await expectAnswer(
    node,
    hung,
    1,
    /^skip: .*sync does not answer: no answer within \d s\. To do: /m,
  )
  assert.ok(performance.now() - began < 6000)
  assert.equal((await node.run(['pgrep', '-x', 'stat'])).exitCode, 1, 'and nothing is left behind')
})

/** What pacman and the program keep on disk, and what they might leave. */
const files = (node: LabNode) =>
  node.shell(
    'find /var/lib/pacman /var/cache/pacman /var/log/pacman.log /var/lib/kured-sentinel /tmp/* ' +
      '-printf "%p %s %T@\\n" 2>/dev/null | grep -v systemd-private | sort',
  )

labTest('an upgrade: databases, packages, holds, locks', async () => {
  await using node = await bootNode({ tmpfs: [SYNC, CACHE] })
  await install(node, plain('a', '1'), plain('b', '1'), plain('kubelet', '1'))
  await expectAnswer(node, ['upgrade', '--explain'], 0, /there is nothing to upgrade/)
  await offer(node, plain('a', '2'), plain('b', '2'), plain('kubelet', '2'))
  await node.ok(['pacman', '-Syuw', '--noconfirm'])
  const before = await files(node)
  await expectAnswer(node, ['upgrade', '--explain'], 0, /3 packages to upgrade, all in the cache/)
  assert.equal(await files(node), before, 'nothing is changed by it')

  const spoilt = async (spoil: string, mend: string, says: RegExp, exitCode = 1) => {
    await node.shell(spoil)
    await expectAnswer(node, ['upgrade', '--explain'], exitCode, says)
    await node.shell(mend)
  }
  const keep = `cp -p ${SYNC}/lab.db /root/lab.db; `
  const back = `cp -p /root/lab.db ${SYNC}/lab.db`
  await spoilt(`${keep} rm ${SYNC}/lab.db`, back, /^skip: the sync databases .* cannot be copied/m)
  await spoilt(`: >${SYNC}/lab.db`, back, /^skip: not all .* the repository lab offers nothing/m)
  await spoilt(`echo garbage >${SYNC}/lab.db`, back, /^skip: not all .* could not read db 'lab'/m)
  await spoilt(`truncate -s 200 ${SYNC}/lab.db`, back, /^skip: not all .* could not .*lab/m)
  await spoilt(
    `touch -d '-9 days' ${SYNC}/lab.db`,
    `touch -d '+9 days' ${SYNC}/lab.db`,
    /^warning {2}databases .* 9 days old\. To do: /m,
    0,
  )
  await spoilt(':', back, /^go/m, 0)

  await spoilt(
    `mv ${CACHE}/a-2* /root`,
    `mkdir /srv/more && mv /root/a-2* /srv/more`,
    /^skip: 1 of 3 packages not in the cache, or incomplete: a 2-1\. To do: .*ignore add a\b/m,
  )
  await node.shell(`sed -i 's|^CheckSpace|CacheDir = ${CACHE}/ /srv/more/|' /etc/pacman.conf`)
  await spoilt(
    `cp ${CACHE}/b-2* /root; truncate -s 9 ${CACHE}/b-2*`,
    `mv /root/b-2* ${CACHE}`,
    /1 of 3 packages not in the cache, or incomplete: b 2-1 \(9 of \d+ bytes\)\. To do: /m,
  )
  await expectAnswer(node, ['upgrade', '--explain'], 0, /3 packages to upgrade, all in the cache/)
  await node.shell(`mv /srv/more/a-2* ${CACHE}/b-2* /root`)
  await expectAnswer(node, ['upgrade'], 1, /^skip: 2 of 3 packages .*: a 2-1, b 2-1\. To do: /m)
  await expectAnswer(node, ['upgrade', '--allow-download'], 0, /^go/m)
  const conf = '/etc/kured-sentinel.conf'
  await node.writeFile(conf, '[upgrade]\nallow-download = yes\n')
  await expectAnswer(node, ['upgrade'], 0, /^go/m)
  await node.writeFile(conf, '[upgrade]\nmin-free = 900T\n')
  await expectAnswer(
    node,
    ['upgrade'],
    1,
    /only .* free on \/, less than min-free = 900T\. To do: /m,
  )
  await node.ok(['rm', conf])
  await node.shell(`mv /root/a-2* /root/b-2* ${CACHE}`)

  await node.ok(['kured-sentinel', 'ignore', 'add', 'kubelet'])
  await expectAnswer(node, ['upgrade', '--explain'], 0, /2 packages to upgrade, all in the cache/)
  await offer(node, plain('a', '3', { depends: ['kubelet>=2'] }))
  await node.ok(['pacman', '-Sy'])
  const blocked =
    /^attention, no upgrade .*: kubelet is ignored \(at 1-1\): a 3-1 needs kubelet>=2/m
  await expectAnswer(node, ['upgrade'], 255, blocked)
  await node.ok(['kured-sentinel', 'ignore', 'remove', 'kubelet'])
  await offer(node, plain('a', '4', { depends: ['nobody-has-this'] }))
  await node.ok(['pacman', '-Sy'])
  await expectAnswer(node, ['upgrade'], 1, /^skip: pacman cannot work out .*nobody-has-this/m)

  const holder = `systemd-run --quiet --unit=holder sh -c 'exec 9>${LOCK}; exec sleep 1000'`
  await node.shell(`${holder}; until [ -e ${LOCK} ]; do sleep 0.05; done`)
  await expectAnswer(node, ['upgrade'], 1, /^skip: pacman is at work: PID \d+ holds/m)
  await expectAnswer(node, ['download'], 1, /^skip: pacman is at work: PID \d+ holds/m)
  await node.shell(`systemctl stop holder; touch -d '-2 hours' ${LOCK}`)
  const stale = /^attention, no upgrade until you fix this: stale lock \/var\/lib\/pacman\/db\.lck/m
  await expectAnswer(node, ['upgrade'], 255, stale)
  await node.ok(['rm', LOCK])

  await node.shell(`sed -i 's/^SigLevel = Never/SigLevel = Perhaps/' /etc/pacman.conf`)
  await expectAnswer(node, ['upgrade'], 255, /pacman-conf does not accept .*Perhaps/)
})

labTest('a download needs room, and the right to write; not what an upgrade needs', async () => {
  await using node = await bootNode({ tmpfs: [SYNC, `${CACHE}:size=1M,mode=755`] })
  await expectAnswer(node, ['download'], 1, /only 1M are free on .*pkg, less than min-free = 500M/)
  await node.writeFile('/etc/kured-sentinel.conf', '[upgrade]\nmin-free = 500K\n')
  // No database, and no package is there yet.
  await expectAnswer(node, ['download'], 0, /^go: the download can begin$/m)
  await node.shell(
    `ln -s ${CACHE} /srv/link; sed -i '/^CheckSpace/c CacheDir = /srv/link/' /etc/pacman.conf`,
  )
  await expectAnswer(node, ['download', '--explain'], 0, /\/srv\/link is mounted from tmpfs/)
  await node.shell(`sed -i '/^CacheDir/d' /etc/pacman.conf`)
  await node.shell(`dd if=/dev/zero of=${CACHE}/full bs=1k count=600 status=none`)
  await expectAnswer(node, ['download'], 1, /only 424K are free on .*less than min-free = 500K/)
  // As of a server that maps root to nobody: root may write, and nothing it writes is another's.
  await node.shell(`rm ${CACHE}/full; chown 65534 ${CACHE}`)
  const squashed =
    /^skip: .*pkg has files of nobody: its server maps root to nobody, so .* to alpm/m
  await expectAnswer(node, ['download'], 1, squashed)
  await node.shell(`sed -i '/^DownloadUser/d' /etc/pacman.conf`)
  await expectAnswer(node, ['download'], 0, /^go: the download can begin$/m)
  await node.shell(`mount -o remount,ro ${CACHE}`)
  await expectAnswer(node, ['download'], 1, /pkg cannot be written to: it is read-only, or its/)
  const { stdout } = await preflight(node, 'download', '--local', '--json')
  assert.deepEqual(
    readEnvelope('preflight download', stdout).findings.map(({ kind }) => kind),
    ['configuration', 'reboot', 'lock', 'mounts', 'writable'],
  )
})
