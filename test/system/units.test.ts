/** The units on a running host: written, enabled, timers that fire, skips, and gone again. */
import assert from 'node:assert/strict'
import { busPath } from '../../src/systemd/bus.ts'
import { bootNode, install, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { kernel } from '../lab/recipes.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const MOUNTED = { tmpfs: ['/var/lib/pacman/sync', '/var/cache/pacman/pkg'] }
const DIRECTORY = '/etc/systemd/system'

const units = (node: LabNode, ...words: string[]) => node.run(['kured-sentinel', 'units', ...words])

const ok = (node: LabNode, ...words: string[]) => node.ok(['kured-sentinel', 'units', ...words])

/** What a unit is to systemd. */
const show = (node: LabNode, unit: string, property: string) =>
  node.ok(['systemctl', 'show', '--value', `--property=${property}`, '--', unit])

async function status(node: LabNode, unit: string) {
  const shown = readEnvelope('units status', await ok(node, 'status', '--json'))
  return shown.details.units.find(({ name }) => name === unit)
}

const timers = (node: LabNode) =>
  node.shell('systemctl list-timers --no-legend | grep -o "pacman-[a-z-]*\\.timer" | sort')

const left = (node: LabNode) =>
  node.shell(`find ${DIRECTORY} /var/lib/systemd/timers | grep -e pacman -e kured -e x2d || true`)

labTest('both roles: written, enabled, kept, changed, edited, and gone again', async () => {
  await using node = await bootNode(MOUNTED)
  await ok(node, 'install', '--enable')
  assert.equal(await timers(node), 'pacman-upgrade.timer\n')
  await ok(node, 'install', '--role', 'cache', '--enable')
  assert.equal(await timers(node), 'pacman-cache-update.timer\npacman-upgrade.timer\n')
  const verify = ['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no']
  await node.shell(`${verify.join(' ')} ${DIRECTORY}/pacman-*`)
  assert.match(await ok(node, 'install', '--role', 'cache', '--enable'), /^nothing to do$/m)

  // A timer that runs has its new time at once.
  await ok(node, 'install', '--role', 'cache', '--upgrade-calendar', 'Mon 03:00', '--spread', '0')
  assert.match(await show(node, 'pacman-upgrade.timer', 'NextElapseUSecRealtime'), /^Mon .* 03:00/)
  assert.match((await status(node, 'pacman-upgrade.timer'))?.next ?? '', /T03:00:00\.000Z$/)

  await node.writeFile(`${DIRECTORY}/pacman-upgrade.service.d/mine.conf`, '[Unit]\n')
  await node.shell(`echo '# mine' >> ${DIRECTORY}/pacman-upgrade.timer`)
  const refused = await units(node, 'install', '--role', 'cache')
  assert.deepEqual([refused.exitCode, /^-# mine$/m.test(refused.stdout)], [2, true])
  assert.equal((await units(node, 'remove')).exitCode, 2)
  const told = await ok(node, 'status')
  assert.match(told, /^pacman-upgrade\.timer: enabled, active\n.*\(edited since/m)
  assert.match(told, /changed by .*\/pacman-upgrade\.service\.d\/mine\.conf/)
  assert.match(told, /changed on disk: run systemctl daemon-reload/)
  await ok(node, 'install', '--role', 'cache', '--force')
  assert.equal((await units(node, 'diff', '--role', 'cache')).exitCode, 0)

  await node.ok(['systemctl', 'start', 'kured-sentinel-health'])
  assert.match(await ok(node, 'remove'), /mine\.conf was not written by this program and stays/)
  assert.equal((await node.run(['systemctl', 'is-active', 'kured-sentinel-health'])).exitCode, 4)
  const saved = `${DIRECTORY}/pacman-upgrade.timer.pacsave`
  await node.shell(
    `rm -r ${DIRECTORY}/pacman-upgrade.service.d; grep -qx '# mine' ${saved}; rm ${saved}`,
  )
  assert.equal(await left(node), '')
  assert.equal(await timers(node).catch(() => ''), '')
})

labTest(
  'a run that begins while the units are removed keeps its unit, and so is not cut off',
  async () => {
    await using node = await bootNode()
    const service = 'pacman-upgrade.service'
    await ok(node, 'install', '--local', '--enable')
    await node.ok(['pacman', '-Sy'])
    const byHand = await node.run(['kured-sentinel', 'preflight', 'upgrade', '--explain'])
    assert.match(byHand.stdout, /no mounts are expected \(--local\)/)
    // As if the timer had fired in the moment in which it is stopped.
    const timer = `${DIRECTORY}/pacman-upgrade.timer.d/mine.conf`
    await node.writeFile(timer, `[Unit]\nOnSuccess=${service}\n`)
    const slow = '[Service]\nExecCondition=\nExecStart=\nExecStart=/bin/sleep 60\n'
    await node.writeFile(`${DIRECTORY}/${service}.d/mine.conf`, slow)
    await node.ok(['systemctl', 'daemon-reload'])
    const refused = await units(node, 'remove')
    assert.deepEqual([refused.exitCode, refused.stdout], [2, ''])
    assert.match(
      refused.stderr,
      /not everything was done.*\n-> still running: pacman-upgrade\.service; the timers are/,
    )
    assert.equal(await show(node, service, 'KillSignal'), '18\n') // SIGCONT
    await node.ok(['systemctl', 'kill', service])
    await node.shell(
      `while systemctl show -P ActiveState ${service} | grep -q ing; do sleep 0.1; done`,
    )
    assert.match(await ok(node, 'remove'), /pacman-upgrade\.service removed/)
  },
)

labTest(
  'a program that cannot be run fails the jobs, and is no skip that nobody hears of',
  async () => {
    await using node = await bootNode()
    await ok(node, 'install', '--role', 'cache', '--local')
    // As with a Node whose library another package has moved on from.
    await node.writeFile(
      '/run/node',
      '#!/bin/sh\necho "libicui18n.so.76: cannot open"; exit 127\n',
      0o755,
    )
    await node.shell('mount --bind /run/node "$(readlink -f /usr/bin/node)"')
    for (const service of ['pacman-upgrade.service', 'pacman-cache-update.service']) {
      await node.run(['systemctl', 'start', service])
      assert.equal(await show(node, service, 'Result'), 'exit-code\n')
    }
  },
)

labTest('metrics follow each event, cost an answer nothing, and go with the units', async () => {
  await using node = await bootNode()
  await node.shell('mkdir -m 755 /srv/metrics; pacman -Sy')
  await ok(node, 'install', '--local', '--enable', '--metrics', '/srv/metrics')
  const file = '/srv/metrics/kured_sentinel.prom'
  /** Long before the timer's five minutes. */
  const says = (line: string) =>
    node.shell(`until grep -qsx 'kured_sentinel_${line}' ${file}; do sleep 0.1; done`, {
      timeoutMs: 60_000,
    })
  // A minute after the boot the timer does so.
  await node.ok(['systemctl', 'start', 'kured-sentinel-metrics'])
  await says('hold 0')
  await says('ignored_packages{verdict="fine"} 1')
  await says('task_timer_enabled{task="upgrade"} 1')
  assert.match(await node.readFile(file), /^kured_sentinel_sync_databases_timestamp_seconds \d/m)
  assert.doesNotMatch(await node.readFile(file), /fact_readable\{.*\} 0/)
  for (const [command, held] of [
    ['hold --for 1h --reason "a disk"', 1],
    ['release', 0],
    ['hold --for 1h --reason "a disk"', 1],
  ] as const) {
    await node.shell(`kured-sentinel ${command}`)
    await says(`hold ${held}`)
  }
  // Not even one that cannot be written delays or changes what Kured is told.
  await node.shell('chmod 777 /srv/metrics')
  await install(node, kernel('linux', '9.9.9', '9.9.9-lab'))
  await node.ok(['kured-sentinel', 'release'])
  assert.equal((await node.asKured(['/usr/bin/kured-sentinel'])).exitCode, 0)
  const state = ['show', '--value', '--property=Result', 'kured-sentinel-metrics.service']
  await node.shell(`until systemctl ${state.join(' ')} | grep -q exit-code; do sleep 0.1; done`, {
    timeoutMs: 60_000,
  })
  await node.shell('chmod 755 /srv/metrics; systemctl start kured-sentinel-metrics')
  await says('reboot_requests_total 1')
  assert.match(await ok(node, 'remove'), /kured_sentinel\.prom removed/)
  assert.equal(await node.shell('ls -A /srv/metrics'), '')
  assert.equal(await left(node), '')
  await node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'more'])
  assert.equal(await node.shell('ls -A /srv/metrics'), '')
})

/** A mount on demand, of this machine's memory; who finds it gone looks at it once more. */
const ON_DEMAND = `[Unit]
OnSuccess=look.service
[Mount]
What=tmpfs
Type=tmpfs
Options=
`

labTest('what is mounted on demand is not mounted again while it is removed', async () => {
  await using node = await bootNode()
  // As in test/system/preflight.test.ts.
  await node.shell('mknod /dev/autofs c 10 235 && systemctl daemon-reexec')
  const look =
    '[Service]\nType=oneshot\nExecStart=/bin/ls /srv/sync /srv/pkg\nExecStopPost=/bin/touch /run/looked\n'
  await node.writeFile(`${DIRECTORY}/look.service`, look)
  for (const name of ['srv-sync', 'srv-pkg']) {
    await node.writeFile(`${DIRECTORY}/${name}.mount.d/test.conf`, ON_DEMAND)
  }
  const nfs = ['--nfs', 'nas:/sync', '--nfs', 'nas:/pkg', '--automount']
  const directories = ['--sync-dir', '/srv/sync', '--cache-dir', '/srv/pkg']
  await ok(node, 'install', ...nfs, ...directories, '--enable')
  await node.ok(['ls', '/srv/sync', '/srv/pkg'])
  const mounted = () => node.shell('findmnt -rno TARGET,FSTYPE | grep ^/srv/ | sort || true')
  const both = ['pkg', 'sync'].flatMap((of) => [`/srv/${of} autofs`, `/srv/${of} tmpfs`])
  assert.deepEqual((await mounted()).trimEnd().split('\n'), both)
  const dry = await ok(node, 'remove', '--dry-run')
  const planned = dry.match(/^\S+(?=.* stopped$)/gm) ?? []
  // The watch runs from half a minute after the boot on.
  const lasting = planned.filter((name) => name !== 'kured-sentinel-health.service')
  assert.deepEqual(lasting, [
    'pacman-upgrade.timer',
    'kured-sentinel-health.timer',
    'kured-sentinel-notify.path',
    'srv-pkg.automount',
    'srv-sync.automount',
    'srv-pkg.mount',
    'srv-sync.mount',
  ])
  await ok(node, 'remove')
  // What looks between the two stops may find a mount point that is going: how it ends says nothing.
  const ended = `[ -e /run/looked ] && systemctl list-jobs | grep -q 'No jobs'`
  await node.shell(`until ${ended}; do sleep 0.1; done`)
  assert.equal(await mounted(), '')
})

labTest('a night without the mounts is a skip that can be seen, and the boot goes on', async () => {
  await using node = await bootNode()
  await install(node, tick('1.0'))
  // There is no NFS here, so each mount fails.
  await ok(node, 'install', '--nfs', 'nas:/sync', '--nfs', 'nas:/pkg')
  const job = 'pacman-upgrade.service'
  await node.shell(`systemctl enable --now --quiet pacman-upgrade.timer; systemctl start ${job}`)
  const mounts = ['var-cache-pacman-pkg.mount', 'var-lib-pacman-sync.mount']
  for (const mount of mounts) {
    assert.equal(await show(node, mount, 'ActiveState'), 'failed\n')
    assert.doesNotMatch(await show(node, mount, 'Before'), /remote-fs\.target/)
    assert.match(await show(node, job, 'After'), new RegExp(mount))
  }
  const said = await ok(node, 'status')
  assert.match(said, /skipped \S+: \/var\/lib\/pacman\/sync is not mounted/)
  for (const mount of mounts) assert.match(said, new RegExp(`^${mount}: .*failed`, 'm'))
  const { stdout } = await node.run(['kured-sentinel', 'doctor', '--json'])
  assert.match(
    stdout,
    /"the last upgrade, at \S+, was skipped: \/var\/lib\/pacman\/sync is not mounted/,
  )
})

labTest('what the package brings is not repeated, and a copy of it goes', async () => {
  await using node = await bootNode(MOUNTED)
  await ok(node, 'install', '--role', 'cache')
  await node.shell(`mv ${DIRECTORY}/pacman-* /usr/lib/systemd/system; systemctl daemon-reload`)
  assert.match(await ok(node, 'install', '--role', 'cache', '--enable'), /timer started/)
  assert.equal(await node.shell(`ls ${DIRECTORY} | grep '^pacman' || true`), '')
  await ok(node, 'install', '--role', 'cache', '--spread', '2h')
  assert.match(await ok(node, 'install'), /timer is up to date/)
  const daily = await ok(node, 'install', '--spread', '1h')
  assert.match(daily, /timer removed: the package’s unit counts: RandomizedDelaySec=1h \(was 2h\)/)
  assert.match(await ok(node, 'status'), /\/usr\/lib\/systemd\/system\/pacman-upgrade\.timer/)
  await ok(node, 'remove')
  assert.equal(await timers(node).catch(() => ''), '')
})

labTest('paths and exports of every kind mean to systemd what was said', async () => {
  await using node = await bootNode()
  const [sync, cache] = [`/-a/b c\\d%h$"'é`, '/srv/-x']
  const nfs = ['--nfs', 'na-s:/a b%h$"\\é', '--nfs', '[fd00::1%eth0]:/-x']
  const words = ['--sync-dir', sync, '--cache-dir', cache, ...nfs]
  const installed = await units(node, 'install', ...words)
  assert.equal(installed.exitCode, 0, installed.stderr)
  assert.match(installed.stderr, /^warning: pacman downloads to \/var\/cache\/pacman\/pkg /m)

  const name = (await node.ok(['systemd-escape', '-p', '--suffix=mount', '--', sync])).trim()
  assert.equal(await show(node, name, 'Where'), `${sync}\n`)
  assert.equal(await show(node, name, 'What'), 'na-s:/a b%h$"\\é\n')
  assert.match(await show(node, name, 'After'), /remote-fs-pre\.target/)
  assert.equal(await show(node, 'srv-\\x2dx.mount', 'What'), '[fd00::1%eth0]:/-x\n')
  const bus = ['busctl', '--json=short', 'get-property', 'org.freedesktop.systemd1']
  const object = '/org/freedesktop/systemd1/unit/pacman_2dupgrade_2eservice'
  const property = async (what: string) =>
    JSON.parse(await node.ok([...bus, object, 'org.freedesktop.systemd1.Unit', what])).data
  assert.equal(busPath('pacman-upgrade.service'), object)
  const manager =
    'org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager'
  const load = ['busctl', 'call', ...manager.split(' '), 'LoadUnit', 's']
  for (const unit of [name, '1.mount', 'a_b:c@d.timer']) {
    assert.equal(await node.ok([...load, unit]), `o "${busPath(unit)}"\n`)
  }
  assert.deepEqual(await property('Conditions'), [], 'PID 1 looks at no share')
  for (const of of ['Wants', 'After']) {
    const named: string[] = await property(of)
    assert.ok(
      [name, 'srv-\\x2dx.mount'].every((each) => named.includes(each)),
      of,
    )
  }

  // What pacman-upgrade.service starts, where all its conditions are met, gets them as they are.
  for (const path of [sync, cache]) {
    await node.ok(['mkdir', '-p', path])
    await node.ok(['mount', '-t', 'tmpfs', 'none', path])
  }
  await node.writeFile(
    '/usr/local/bin/args',
    '#!/bin/sh\n[ "$1" = --version ] && exit\nprintf "%s\\n" "$@" >> /run/args; exit 1\n',
    0o755,
  )
  await node.shell('mount --bind /usr/local/bin/args /usr/bin/kured-sentinel')
  await node.ok(['systemctl', 'start', 'pacman-upgrade.service'])
  await node.shell('umount /usr/bin/kured-sentinel')
  const started = ['preflight', 'upgrade', '--sync-dir', sync, '--cache-dir', cache]
  const args = [...started, 'record', 'upgrade']
  assert.deepEqual((await node.readFile('/run/args')).trimEnd().split('\n'), args)

  assert.equal((await units(node, 'diff', ...words)).exitCode, 0)
  await ok(node, 'remove')
  assert.equal(await left(node), '')
})

labTest('a full disk: nothing is written, and what was there stays', async () => {
  await using node = await bootNode(MOUNTED)
  // Two pages: the second file, or the third, finds no room.
  await node.shell(`mount -t tmpfs -o size=8k none ${DIRECTORY}`)
  const failed = await units(node, 'install', '--role', 'cache', '--enable')
  assert.equal(failed.exitCode, 2)
  assert.match(failed.stderr, /could not be written; no file was changed\n-> ENOSPC/)
  assert.equal(await node.shell(`ls -A ${DIRECTORY}`), '')
  await node.ok(['umount', DIRECTORY])

  // systemd does not read its units anew with less than 16 MB left there.
  await node.shell(`mount -o remount,size=$(($(df -k --output=used /run | tail -1) + 4096))k /run`)
  const half = await units(node, 'install', '--enable')
  assert.deepEqual([half.exitCode, half.stdout], [2, ''])
  assert.match(half.stderr, /^error: the units were written, but .*\n-> systemctl daemon-reload: /)
  await node.ok(['mount', '-o', 'remount,size=64M', '/run'])
  assert.match(await ok(node, 'install', '--enable'), /timer started/)
})

const tick = (version: string): PackageRecipe => ({
  name: 'tick',
  version,
  install: 'post_upgrade() { while [ -e /run/slow ]; do sleep 0.1; done; }\n',
})

labTest('a timer fires and the upgrade happens; a skip is a skip, and is told', async () => {
  await using node = await bootNode(MOUNTED)
  const service = 'pacman-upgrade.service'
  await install(node, tick('1.0'))
  await offer(node, tick('2.0'))
  await node.ok(['pacman', '-Sy'])
  const skips = (why: string) =>
    node.shell(
      `until kured-sentinel units status | grep -q '^  skipped 20[^ ]*Z: ${why}\\. To do: '; do sleep 0.2; done`,
    )

  // The timer fires, and the preflight says no, each time anew: nothing else of it runs.
  await node.writeFile('/etc/kured-sentinel.conf', '[upgrade]\nmost-skips = 1000\n')
  await node.ok(['umount', '/var/cache/pacman/pkg', '/var/lib/pacman/sync'])
  await node.writeFile(
    `${DIRECTORY}/pacman-upgrade.timer.d/test.conf`,
    '[Timer]\nAccuracySec=1us\n',
  )
  await ok(node, 'install', '--upgrade-calendar', '*-*-* *:*:0/3', '--spread', '0', '--enable')
  const record = '/var/lib/kured-sentinel/run-upgrade.json'
  await node.shell(`until grep -qs 'sync is not mounted' ${record}; do sleep 0.2; done`)
  // By hand, as a slow machine may take longer for it than the timer gives it, and would do nothing
  // else.
  await node.ok(['systemctl', 'stop', 'pacman-upgrade.timer', service])
  await node.run(['systemctl', 'start', service])
  await skips('/var/lib/pacman/sync is not mounted')
  await node.shell('mount -t tmpfs none /var/lib/pacman/sync; pacman -Sy')
  await node.run(['systemctl', 'start', service])
  await skips('/var/cache/pacman/pkg is not mounted')
  // Mounted, and what is to be installed is not there.
  await node.ok(['mount', '-t', 'tmpfs', 'none', '/var/cache/pacman/pkg'])
  await node.run(['systemctl', 'start', service])
  const builder = ['setpriv', '--reuid=builder', '--regid=builder', '--init-groups']
  for (const as of [[], builder]) {
    const { stdout } = await node.run([...as, 'kured-sentinel', 'units', 'status'])
    assert.match(
      stdout,
      /^ {2}skipped 20\S+: .* not in the cache, or incomplete: tick 2\.0-1\. To do: /m,
    )
  }
  assert.equal(await node.ok(['pacman', '-Q', 'tick']), 'tick 1.0-1\n')

  // All there: it runs, and meanwhile the units cannot be taken from it.
  await node.shell('touch /run/slow; pacman -Syuw --noconfirm')
  await node.ok(['systemctl', 'start', 'pacman-upgrade.timer'])
  await node.shell('until [ -e /var/lib/pacman/db.lck ]; do sleep 0.1; done')
  await node.shell('until pgrep -f "pacman -Su "; do sleep 0.1; done')
  const busy = await units(node, 'remove')
  assert.deepEqual([busy.exitCode, busy.stdout], [2, ''])
  assert.match(busy.stderr, /still running: pacman-upgrade\.service; nothing was changed/)
  await node.ok(['systemctl', 'stop', 'pacman-upgrade.timer'])
  await node.shell(
    `rm /run/slow; while systemctl is-active ${service} | grep -q ing; do sleep 0.1; done`,
  )
  assert.equal(await node.ok(['pacman', '-Q', 'tick']), 'tick 2.0-1\n')
  assert.equal(await show(node, service, 'Result'), 'success\n')
  assert.match(await ok(node, 'status'), /^ {2}ended 20.*Z: completed: 1 package\b/m)
  assert.match((await status(node, 'pacman-upgrade.timer'))?.last ?? '', /^20/)

  // Whatever becomes of the restarts, the upgrade has not failed.
  const failing = '[Service]\nExecStartPost=\nExecStartPost=-/bin/false\n'
  await node.writeFile(`${DIRECTORY}/${service}.d/test.conf`, failing)
  await node.shell(`systemctl daemon-reload; systemctl start ${service}`)
  assert.equal(await show(node, service, 'Result'), 'success\n')
  assert.match(
    await ok(node, 'status'),
    /: nothing-to-do\b.*\n {2}ended 20.*: completed: 1 package/,
  )
  await ok(node, 'remove')
})
