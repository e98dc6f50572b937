/** What pacman's hook notes of real transactions, and what counts because of it. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, offer, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { greet, greeter, plain, tool } from '../lab/recipes.ts'
import { readEnvelope, readJudged } from '../fixture/envelope.ts'

const NOTE = '/usr/lib/kured-sentinel/bin/note-replaced'
const RUN = '/run/kured-sentinel'
const LOCK = '/var/lib/pacman/db.lck'

async function check(node: LabNode) {
  const { exitCode, stdout } = await node.asKured(['/usr/bin/kured-sentinel', 'check', '--json'])
  const { reasons } = readJudged(stdout)
  const named = reasons.map(({ unit, kind, path }) => `${unit} ${kind} ${path}`).toSorted()
  return { exitCode, named, said: reasons.map(({ message }) => message).join('; ') }
}

async function answer(node: LabNode) {
  const { exitCode, named } = await check(node)
  return [exitCode, ...named]
}

/** The list, without its line of the boot, which must be there. */
async function listed(node: LabNode): Promise<string[]> {
  const [, ...lines] = (await node.readFile(`${RUN}/replaced`)).split('\n').toReversed()
  const boot = `boot ${(await node.readFile('/proc/sys/kernel/random/boot_id')).trim()}`
  assert.equal(lines.filter((line) => line === boot).length, 1, lines.join('\n'))
  return lines.filter((line) => line !== boot).toReversed()
}

/** A boot's list begins anew. */
const forget = (node: LabNode) => node.shell(`rm -rf ${RUN}; mkdir -m 755 ${RUN}`)

/** As libraries are versioned: the name that programs ask for stays, the file's name does not. */
const versioned = (minor: string): PackageRecipe => ({
  name: 'libv',
  version: `1.${minor}`,
  sources: { 'v.c': `int v(void) { return ${minor}; }\n` },
  build: `gcc -shared -fPIC -Wl,-soname,libv.so.1 -o libv.so.1.${minor} v.c`,
  package: `install -D -t "$pkgdir/usr/lib" libv.so.1.${minor}
ln -s libv.so.1.${minor} "$pkgdir/usr/lib/libv.so.1"; ln -s libv.so.1 "$pkgdir/usr/lib/libv.so"
cd "$pkgdir"; mkdir boot; touch boot/vmlinuz-libv boot/libv-ucode.img usr/lib/{libv.a,libv.h,v.py}`,
  files: Object.fromEntries(
    ['etc/v.conf', 'usr/share/v/v.so', 'usr/include/v', 'usr/src/v/v.so'].map((path) => [
      `/${path}`,
      minor,
    ]),
  ),
})

const service = (lines: string) => `[Service]\nExecStart=/usr/bin/viewer\n${lines}\n`

const viewer: PackageRecipe = {
  name: 'viewer',
  version: '1.0',
  depends: ['libv'],
  sources: {
    'viewer.c':
      '#include <unistd.h>\nint v(void);\nint main(void) { for (;;) sleep(100 * v()); }\n',
  },
  build: `echo 'int v(void) { return 1; }' | gcc -shared -fPIC -Wl,-soname,libv.so.1 -xc -o libv.so -
gcc -o viewer viewer.c -L. -lv`,
  package: 'install -D -t "$pkgdir/usr/bin" viewer',
  files: {
    '/usr/lib/systemd/system/viewer.service': service(''),
    '/usr/lib/systemd/system/sandboxed.service': service(
      'User=builder\nPrivateTmp=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateDevices=yes\nNoNewPrivileges=yes',
    ),
  },
}

/** A program that stays when its package goes. */
const gone: PackageRecipe = {
  name: 'gone',
  version: '1.0',
  sources: { 'gone.c': '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' },
  build: 'gcc -o gone gone.c',
  package: 'install -D -t "$pkgdir/usr/bin" gone',
}

labTest(
  'a versioned library, an executable, a removed package: each counts, and is listed',
  async () => {
    await using node = await bootNode()
    await install(node, versioned('1'), viewer, tool('1.0'), gone)
    await node.shell('systemctl start viewer sandboxed tool; systemd-run --unit=gone gone')
    assert.deepEqual(await answer(node), [1])

    await forget(node)
    await upgradeTo(node, versioned('2'))
    const maps = await node.shell('cat /proc/$(systemctl show -P MainPID sandboxed)/maps')
    assert.match(maps, / r-xp .* \/usr\/lib\/libv\.so\.1\.1 \(deleted\)\n/)
    assert.deepEqual(await answer(node), [
      0,
      'sandboxed.service library /usr/lib/libv.so.1.1',
      'viewer.service library /usr/lib/libv.so.1.1',
    ])
    const library = [
      'boot/libv-ucode.img',
      'usr/lib/libv.so',
      'usr/lib/libv.so.1',
      'usr/lib/libv.so.1.1',
      'usr/lib/libv.so.1.2',
    ]
    assert.deepEqual(await listed(node), library)
    await node.ok(['systemctl', 'restart', 'viewer', 'sandboxed'])
    assert.deepEqual(await answer(node), [1])

    await upgradeTo(node, tool('2.0'))
    assert.deepEqual(await answer(node), [0, 'tool.service executable /usr/bin/tool'])
    await node.ok(['systemctl', 'restart', 'tool'])
    await node.ok(['pacman', '-R', '--noconfirm', 'gone'])
    assert.deepEqual(await answer(node), [0, 'gone.service executable /usr/bin/gone'])
    await node.ok(['systemctl', 'stop', 'gone'])
    assert.deepEqual(await answer(node), [1])

    // As the manual has it for trying the sentinel: the same package once more.
    await node.ok(['pacman', '-S', '--noconfirm', 'libv'])
    const [code, ...named] = await answer(node)
    assert.deepEqual(
      [code, named.length, named[0]],
      [0, 2, 'sandboxed.service library /usr/lib/libv.so.1.2'],
    )
    const programs = ['usr/bin/gone', 'usr/bin/tool', 'usr/lib/systemd/system/tool.service']
    assert.deepEqual(await listed(node), [...library, ...programs].toSorted(), 'each once')
  },
)

/** Installed after the library, and never done. */
const last = (version: string): PackageRecipe => ({
  name: 'last',
  version,
  depends: ['libgreet'],
  install: 'post_upgrade() { sleep 1000; }\n',
  files: { '/usr/lib/last.so': version },
})
const first = (version: string): PackageRecipe => ({
  ...greet(version),
  install: 'pre_upgrade() { [ ! -e /run/wait ] || sleep 1000; }\n',
})

labTest(
  'a transaction that is killed half-way is known, whatever it has replaced by then',
  async () => {
    await using node = await bootNode()
    await install(node, first('1.0'), greeter, last('1.0'))
    await node.ok(['systemctl', 'start', 'plain'])
    assert.deepEqual(await answer(node), [1])
    await offer(node, first('2.0'), last('2.0'))
    await node.ok(['pacman', '-Sy'])
    /** Starts the upgrade, and cuts it off once it sleeps. */
    const cut = async () => {
      await node.ok(['systemd-run', '--unit=upgrade', 'pacman', '-Su', '--noconfirm'])
      await node.shell(`until pgrep -x sleep && [ -e ${LOCK} ]; do sleep 0.1; done`)
      assert.equal((await check(node)).exitCode, 1, 'pacman is at work')
      await node.ok(['systemctl', 'kill', '--signal=KILL', 'upgrade'])
      await node.shell(
        `while pgrep -x pacman; do sleep 0.1; done; rm ${LOCK}; systemctl reset-failed upgrade`,
      )
    }
    await forget(node)
    await node.ok(['touch', '/run/wait'])
    await cut()
    assert.deepEqual(await listed(node), ['usr/lib/last.so', 'usr/lib/libgreet.so'])
    assert.deepEqual(await answer(node), [1], 'nothing was replaced yet')

    await node.ok(['rm', '/run/wait'])
    await forget(node)
    await cut()
    assert.match(await node.ok(['pacman', '-Q', 'libgreet']), /2\.0/)
    assert.deepEqual(await listed(node), ['usr/lib/last.so', 'usr/lib/libgreet.so'])
    const { exitCode, said } = await check(node)
    assert.equal(exitCode, 2)
    assert.match(said, /the upgrade of last, libgreet did not end/)
    await node.ok(['kured-sentinel', 'repair', '--done'])
    assert.deepEqual(await answer(node), [0, 'plain.service library /usr/lib/libgreet.so'])
  },
)

/** Packages' files, of one version each, for `pacman -U`. */
const library = (name: string): PackageRecipe =>
  plain(name, '1.0', { files: { [`/usr/lib/${name}.so`]: name } })

labTest('hooks side by side: nothing is lost', async () => {
  await using node = await bootNode()
  await forget(node)
  const many = Array.from({ length: 30 }, (_, index) => `usr/lib/side${index}.so`)
  const notes = many.map((path) => `{ echo ${path}; echo usr/lib/all.so; } | ${NOTE} &`)
  await node.shell(`${notes.join('\n')}\nwait`)
  assert.deepEqual(await listed(node), [...many, 'usr/lib/all.so'].toSorted())

  // Two pacmans, with databases of their own.
  const names = ['one', 'two', 'three', 'four']
  await offer(node, ...names.map(library))
  await forget(node)
  const pacmans = names.map(
    (name) => `mkdir -p /srv/db/${name}
pacman --dbpath /srv/db/${name} -Ud --noconfirm /srv/lab/${name}-1.0-1-any.pkg.tar.gz & pids="$pids $!"`,
  )
  await node.shell(`pids=\n${pacmans.join('\n')}\nfor pid in $pids; do wait $pid; done`)
  assert.deepEqual(await listed(node), names.map((name) => `usr/lib/${name}.so`).toSorted())

  const modes = await node.shell(
    `umask 077; echo usr/lib/x | ${NOTE}; stat --format='%a %n' ${RUN} ${RUN}/*`,
  )
  assert.equal(modes, `755 ${RUN}\n600 ${RUN}/lock\n644 ${RUN}/replaced\n`)
})

/** Opens the lock, which is enough to hold it, as soon as it may; says so by its end. */
const OPENER = `#include <fcntl.h>
#include <unistd.h>
int main(void) { while (open("${RUN}/lock", O_RDONLY) < 0); }`

labTest('no user can open the lock, not even while it is made', async () => {
  await using node = await bootNode()
  await node.writeFile('/root/opener.c', OPENER)
  await node.shell(`gcc -o /usr/bin/opener /root/opener.c
systemd-run --unit=opener --property=User=builder --property=RemainAfterExit=yes opener
for i in $(seq 100); do rm -f ${RUN}/lock; echo usr/lib/x | ${NOTE}; done`)
  assert.equal(await node.shell('systemctl show -P SubState opener'), 'running\n')
  await node.shell(
    `chmod 644 ${RUN}/lock; until [ "$(systemctl show -P SubState opener)" = exited ]; do sleep 0.1; done`,
  )
})

labTest('a hook that another one keeps waiting gives up, and says so', async () => {
  await using node = await bootNode()
  await offer(node, library('one'))
  await forget(node)
  await node.shell(`touch ${RUN}/lock; systemd-run --unit=holder flock ${RUN}/lock sleep 1000
until ! flock --nonblock ${RUN}/lock true; do sleep 0.1; done`)
  const said = await node.ok(['pacman', '-Sy', '--noconfirm', 'one'])
  assert.match(said, /^kured-sentinel: cannot write to \/run\/kured-sentinel: processes that run/m)
  assert.match(await node.ok(['pacman', '-Q', 'one']), /^one 1\.0/)
  const { exitCode, said: why } = await check(node)
  assert.equal(exitCode, 2)
  assert.match(why, /replaced is incomplete \(\/run\/kured-sentinel\/incomplete\): /)
})

/** A root of its own with the node's programs: an image that is being made, as pacman --root does. */
const MAKE_IMAGE = `mkdir -p /srv/image; mount -t tmpfs none /srv/image; cd /srv/image
mkdir -p usr etc proc run var/lib/pacman opt; ln -s usr/bin usr/sbin usr/lib usr/lib64 .
mount --bind -o ro /usr usr`

labTest('in a chroot nothing of the host is noted', async () => {
  await using node = await bootNode()
  const inImage = plain('in-image', '1.0', { files: { '/opt/in-image.so': 'x' } })
  await offer(node, inImage)
  await forget(node)
  await node.shell(MAKE_IMAGE)
  const transactions = `pacman --root /srv/image --cachedir /tmp -Udd --noconfirm /srv/lab/in-image-*.pkg.tar.gz
pacman --root /srv/image -Rdd --noconfirm in-image`
  // Without /proc, in a /run of the image's own.
  await node.shell(transactions)
  assert.equal(await node.shell(`ls -A ${RUN}`), '')
  // With the host's /proc and /run, as arch-chroot has them.
  await node.shell('mount --rbind /run /srv/image/run; mount -t proc proc /srv/image/proc')
  const said = await node.shell(transactions)
  assert.match(said, /Noting which programs and libraries are replaced/, 'the hook runs')
  assert.equal(await node.shell(`ls -A ${RUN}`), '')
})

const WITHOUT_RUN: [what: string, damage: string, incomplete: boolean, mending: string][] = [
  ['full', `mount -t tmpfs -o size=4k none ${RUN}; echo x > ${RUN}/x`, true, `umount ${RUN}`],
  [
    'without a free inode',
    `mount -t tmpfs -o nr_inodes=2 none ${RUN}; touch ${RUN}/since-boot`,
    true,
    `umount ${RUN}`,
  ],
  ['read-only', 'mount --bind /run /run; mount -o remount,bind,ro /run', false, 'umount /run'],
  ['no directory', `rm -rf ${RUN}; touch ${RUN}`, false, `rm ${RUN}`],
]

for (const [what, damage, incomplete, mending] of WITHOUT_RUN) {
  labTest(
    `/run is ${what}: the transaction succeeds, and neither check nor doctor is silent`,
    async () => {
      await using node = await bootNode()
      await install(node, greet('1.0'), greeter)
      await node.ok(['systemctl', 'start', 'plain'])
      await offer(node, greet('2.0'))
      assert.deepEqual(await answer(node), [1])
      await forget(node)
      await node.shell(damage)
      const said = await node.ok(['pacman', '-Syu', '--noconfirm'])
      assert.match(
        said,
        /^kured-sentinel: cannot write to \/run\/kured-sentinel: processes that run/m,
      )
      assert.doesNotMatch(said, /command failed to execute/)
      assert.match(await node.ok(['pacman', '-Q', 'libgreet']), /2\.0/)
      const { exitCode, said: why } = await check(node)
      assert.deepEqual([exitCode, why.startsWith('replaced files: ')], [2, true], why)
      const plainly = await node.asKured(['/usr/bin/kured-sentinel'])
      assert.deepEqual([plainly.exitCode, plainly.stdout], [2, ''])
      const doctor = await areaReplaced(node)
      assert.ok(
        doctor.some((line) => line.startsWith('wrong: ')),
        doctor.join('\n'),
      )
      assert.equal((await node.run(['test', '-e', `${RUN}/incomplete`])).exitCode === 0, incomplete)
      await node.shell(mending)
    },
  )
}

/** doctor's lines of this area. */
async function areaReplaced(node: LabNode): Promise<string[]> {
  const { stdout } = await node.run(['kured-sentinel', 'doctor', '--json'])
  return readEnvelope('doctor', stdout)
    .findings.filter(({ kind }) => kind === 'replaced')
    .map(({ state, message }) => `${state}: ${message}`)
}

const ACTIVE = 'ok: pacman’s hooks are active'
const HOOK = '00-kured-sentinel-replaced.hook'

labTest(
  'a missing directory is made; a list in pieces or of another boot is none, and is made anew',
  async () => {
    await using node = await bootNode()
    await install(node, greet('1.0'), greeter, tool('1.0'))
    await node.ok(['systemctl', 'start', 'plain', 'tool'])
    await node.ok(['rm', '-r', RUN])
    await upgradeTo(node, greet('2.0'))
    const plainly = 'plain.service library /usr/lib/libgreet.so'
    assert.deepEqual(await answer(node), [0, plainly])
    assert.deepEqual(await listed(node), ['usr/lib/libgreet.so'])
    assert.equal(await node.shell(`stat --format=%a ${RUN}`), '755\n')

    const list = await node.readFile(`${RUN}/replaced`)
    let version = 1
    for (const [what, content, kept] of [
      ['empty', '', []],
      ['cut off within its boot', list.slice(0, 20), []],
      ['cut off within a path', list.slice(0, -5), ['usr/lib/libgree']],
      ['zeros', '\0'.repeat(100), []],
      ['of another boot', list.replace(/^boot ./, 'boot x'), []],
      ['of a boot whose ID only begins the same', list.replace(/^boot .*/, '$&0'), []],
      ['without a boot', 'usr/lib/libgreet.so\n', []],
    ] as const) {
      await node.writeFile(`${RUN}/replaced`, content)
      assert.deepEqual([what, ...(await answer(node))], [what, 1])
      await upgradeTo(node, tool(`${++version}.0`))
      const next = ['usr/bin/tool', 'usr/lib/systemd/system/tool.service']
      assert.deepEqual(await answer(node), [0, 'tool.service executable /usr/bin/tool'], what)
      assert.deepEqual((await listed(node)).toSorted(), [...next, ...kept].toSorted(), what)
      await node.shell('systemctl reset-failed tool; systemctl restart tool')
    }
    await node.writeFile(`${RUN}/replaced`, list)
    assert.deepEqual(await answer(node), [0, plainly])
  },
)

labTest('doctor: whether pacman tells, and whether it did all through this boot', async () => {
  await using node = await bootNode()
  assert.deepEqual(await areaReplaced(node), [
    ACTIVE,
    `ok: pacman has replaced nothing in this boot (${RUN}/replaced)`,
  ])
  await install(node, greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'plain'])
  await forgetHook(
    node,
    `mkdir -p /etc/pacman.d/hooks; ln -s /dev/null /etc/pacman.d/hooks/${HOOK}`,
  )
  assert.match(
    (await areaReplaced(node))[0] ?? '',
    /^wrong: \/etc\/pacman\.d\/hooks\/.* is in the way/,
  )
  await upgradeTo(node, greet('2.0'))
  assert.deepEqual(await answer(node), [1], 'it is as doctor says: nothing is seen')
  await node.ok(['rm', `/etc/pacman.d/hooks/${HOOK}`])

  // pacman.conf's own directory of hooks.
  await forgetHook(
    node,
    `mkdir /srv/hooks; cp /usr/share/libalpm/hooks/${HOOK} /srv/hooks
sed -i 's/^\\[options\\]/&\\nHookDir = \\/srv\\/hooks/' /etc/pacman.conf; : > /srv/hooks/${HOOK}`,
  )
  assert.match((await areaReplaced(node))[0] ?? '', /^wrong: \/srv\/hooks\/.* is in the way/)
  await node.shell('sed -i /^HookDir/d /etc/pacman.conf')

  await forgetHook(node, `mv /usr/share/libalpm/hooks/${HOOK} /root`)
  assert.match((await areaReplaced(node))[0] ?? '', /^wrong: .* is missing or empty/)
  await upgradeTo(node, greet('3.0'))
  assert.deepEqual(await answer(node), [1])
  await node.ok(['mv', `/root/${HOOK}`, '/usr/share/libalpm/hooks/'])

  // As if the program came only now: the file is made at boot alone.
  await node.ok(['rm', `${RUN}/since-boot`])
  await node.ok(['systemd-tmpfiles', '--create'])
  const since =
    /^warning: the program was installed in this boot: what pacman replaced before is unknown; since then /
  assert.match((await areaReplaced(node))[1] ?? '', since)
  await upgradeTo(node, greet('4.0'))
  assert.match((await areaReplaced(node))[1] ?? '', /; since then 1 file$/)
  assert.equal((await check(node)).exitCode, 0)
  await node.run(['systemctl', 'reboot'])
  await node.waitForEnd()
  await node.boot()
  assert.deepEqual(await areaReplaced(node), [
    ACTIVE,
    `ok: pacman has replaced nothing in this boot (${RUN}/replaced)`,
  ])
})

/** Changes the hooks, with an empty list. */
async function forgetHook(node: LabNode, change: string): Promise<void> {
  await node.shell(`rm -f ${RUN}/replaced; ${change}`)
}
