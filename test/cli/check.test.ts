import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostTree, inodeOf, mapsLine, processTree, replacedTree } from '../fixture/host.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { asKured, BIN, IS_ROOT, NODE, run } from '../fixture/program.ts'
import { readEnvelope, readJudged } from '../fixture/envelope.ts'

const OLD_KERNEL: Tree = { 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }
const LIBC = mapsLine('/usr/lib/libc.so.6 (deleted)', 99)
const POD = '0::/kubepods.slice/cri-containerd-3f1c0b9d2e7a.scope\n'

/** pacman has replaced these in this boot, unless a test says otherwise. */
const REPLACED = replacedTree('/usr/lib/libc.so.6', '/usr/bin/kubelet', '/usr/lib/odd (deleted)')

const check = (tree: Tree, ...args: string[]) =>
  asKured(['--root', makeTree(hostTree({ ...REPLACED, ...tree })), ...args])
function json(tree: Tree, ...args: string[]) {
  const { stdout, code } = check(tree, '--json', ...args)
  return { ...readJudged(stdout), code }
}

test('1: nothing due', () => {
  const { code, stdout, stderr } = check({})
  assert.deepEqual([code, stdout, stderr], [1, 'no reboot required\n', ''])
})

test('0: one line on stdout says why', () => {
  const { code, stdout, stderr } = check(OLD_KERNEL)
  const why = 'reboot required: kernel 6.9.0-arch1-1 is running, linux 6.9.1-arch1-1 is installed\n'
  assert.deepEqual([code, stdout, stderr], [0, why, ''])
})

test('a replaced library and a replaced executable, with their units', () => {
  const kubelet = mapsLine('/usr/bin/kubelet (deleted)', 98)
  const { code, reasons } = json({
    ...processTree(40, {
      maps: LIBC + LIBC,
      command: 'sshd',
      cgroup: '0::/system.slice/sshd.service\n',
    }),
    ...processTree(41, { maps: kubelet, command: 'kubelet', exe: '/usr/bin/kubelet (deleted)' }),
    'usr/lib/libc.so.6': 'new',
  })
  assert.equal(code, 0)
  assert.deepEqual(reasons, [
    {
      kind: 'library',
      message: 'sshd[40] runs a replaced library: /usr/lib/libc.so.6',
      pid: 40,
      command: 'sshd',
      path: '/usr/lib/libc.so.6',
      byPacman: true,
      unit: 'sshd.service',
    },
    {
      kind: 'executable',
      message: 'kubelet[41] runs a replaced executable: /usr/bin/kubelet',
      pid: 41,
      command: 'kubelet',
      path: '/usr/bin/kubelet',
      byPacman: true,
      unit: 'plain.service',
    },
  ])
})

test('of a container’s process nothing but its cgroup is looked at', () => {
  const pod: Tree = {
    'proc/40/cgroup': POD,
    'proc/40/maps': { fifo: true },
    'proc/40/exe': 'no link',
  }
  const { code, reasons, ignored } = json({ ...processTree(41, { maps: LIBC }), ...pod })
  assert.deepEqual([code, reasons.length], [0, 1])
  assert.ok(![...reasons, ...ignored].some(({ pid }) => pid === 40))
})

const OTHER_ROOT = '50 40 0:99 / / rw - overlay overlay rw\n'
for (const [what, process, why] of [
  [
    'another root, and no container’s cgroup',
    { mountinfo: OTHER_ROOT, mountNamespace: 'mnt:[2]' },
    /process’s own/,
  ],
  [
    'a service with RootDirectory= on the same file system',
    { mountinfo: '50 40 254:0 /srv/box / rw - ext4 x rw\n', mountNamespace: 'mnt:[2]' },
    /process’s own/,
  ],
] as const) {
  test(`not counted, and why: ${what}`, () => {
    const { code, ignored } = json(processTree(40, { maps: LIBC, ...process }))
    const [finding] = ignored.filter(({ pid }) => pid === 40)
    assert.equal(code, 1)
    assert.match(finding?.why ?? '', why)
  })
}

test('a daemon that went into a chroot by itself runs the host’s file', () => {
  assert.equal(check(processTree(40, { maps: LIBC, root: '/srv/empty', mountinfo: '' })).code, 0)
})

test('what pacman did not replace in this boot does not count, and status says so', () => {
  const native = mapsLine('/opt/jna/native.so (deleted)', 97)
  const tree = { ...processTree(40, { maps: native }), ...processTree(41, { maps: LIBC }) }
  const { code, reasons, ignored } = json(tree)
  assert.deepEqual([code, reasons.length], [0, 1])
  assert.deepEqual(
    ignored.filter(({ pid }) => pid === 40).map(({ message, why }) => [message, why]),
    [
      [
        'p40[40] runs a deleted library: /opt/jna/native.so',
        'pacman has not replaced it in this boot',
      ],
    ],
  )
  const none = { ...tree, ...replacedTree() }
  assert.deepEqual([json(none).code, json(none).ignored.length], [1, 3])
  assert.equal(check(none).code, 1)
})

test('a list of another boot, of none, or in pieces is no list', () => {
  const list = REPLACED['run/kured-sentinel/replaced']
  for (const text of ['', list.replace(/-/g, '+'), list.split('\n').slice(1).join('\n'), '\0']) {
    const ran = check({ ...processTree(40, { maps: LIBC }), 'run/kured-sentinel/replaced': text })
    assert.deepEqual([ran.code, ran.stdout], [1, 'no reboot required\n'], ran.stderr)
  }
})

for (const [what, tree, message] of [
  ['not all could be noted', { 'run/kured-sentinel/incomplete': '' }, /is incomplete .*reboot/],
  [
    'it is larger than any installation’s',
    { 'run/kured-sentinel/replaced': 'x'.repeat(17 * 2 ** 20) },
    /replaced has more than/,
  ],
  ['it is no file', { 'run/kured-sentinel/replaced': { directory: true } }, /not a regular file/],
] as const satisfies [string, Tree, RegExp][]) {
  test(`2: of what pacman replaced ${what}`, () => {
    const { [`run/kured-sentinel/replaced`]: _, ...host } = hostTree(REPLACED)
    const ran = asKured(['--root', makeTree({ ...host, ...tree })])
    assert.equal(ran.code, 2)
    assert.match(ran.stderr, message)
  })
}

test('count = deleted: what pacman did not replace counts, a day after the boot', () => {
  const native = mapsLine('/opt/jna/native.so (deleted)', 97)
  const tree = {
    ...processTree(40, { maps: native }),
    'etc/kured-sentinel.conf': '[sentinel]\ncount = deleted\n',
  }
  const early = json(tree)
  assert.equal(early.code, 1)
  const [finding] = early.ignored.filter(({ pid }) => pid === 40)
  assert.match(finding?.why ?? '', /not replaced by pacman: counts in 22h 36min/)
  const { code, reasons } = json({ ...tree, 'proc/uptime': '90000.00 1.00\n' })
  assert.deepEqual([code, reasons[0]?.byPacman], [0, false])
})

test('an executable that only its link names', () => {
  const packed = { exe: '/usr/bin/kubelet (deleted)', maps: '' }
  const { code, reasons } = json(processTree(40, packed))
  assert.deepEqual(
    [code, reasons[0]?.kind, reasons[0]?.path],
    [0, 'executable', '/usr/bin/kubelet'],
  )
})

test('a file that NFS renamed counts where pacman replaced something beside it', () => {
  const maps = (directory: string) => mapsLine(`${directory}/.nfs0000000001a2b3c400000012`)
  assert.equal(check(processTree(40, { maps: maps('/usr/lib') })).code, 0)
  assert.equal(check(processTree(40, { maps: maps('/opt/x') })).code, 1)
  assert.equal(check(processTree(40, { maps: maps('/usr/li') })).code, 1, 'no part of a name')
})

test('a sandboxed service sees the host’s files through mounts of its own: counted', () => {
  const mountinfo =
    '50 40 254:0 / / ro - ext4 x ro\n51 50 254:0 /usr /usr ro - ext4 x ro\n52 50 0:7 / /tmp rw - tmpfs x rw\n'
  const { code } = check(processTree(40, { maps: LIBC, mountinfo, mountNamespace: 'mnt:[2]' }))
  assert.equal(code, 0)
})

test('a file whose own name ends in “ (deleted)” is there', () => {
  const root = makeTree(hostTree({ ...REPLACED, 'usr/lib/odd (deleted)': '', ...processTree(40) }))
  const maps = (inode: string) =>
    writeFileSync(join(root, 'proc/40/maps'), mapsLine('/usr/lib/odd (deleted)', inode))
  maps(inodeOf(root, 'usr/lib/odd (deleted)'))
  const { code, stdout } = asKured(['--root', root, '--json'])
  assert.match(stdout, /the path still leads to this file/)
  assert.equal(code, 1)
  maps('1')
  assert.equal(asKured(['--root', root]).code, 0, 'the same line for another inode')
})

test('a process that took its PID after the scan began is another one', () => {
  const { code } = check({ ...processTree(40, { maps: LIBC, startedAt: 500_000 }) })
  assert.equal(code, 1)
})

for (const [line, what] of [
  ['ignore-path = /usr/lib/libc*', 'path'],
  ['ignore-command = ssh?', 'command'],
  ['ignore-unit = *.service', 'unit'],
] as const) {
  test(`configured not to count: a ${what}`, () => {
    const { code, ignored } = json({
      ...processTree(40, { maps: LIBC, command: 'sshd' }),
      'etc/kured-sentinel.conf': `[sentinel]\n${line}\n`,
    })
    assert.deepEqual([code, ignored.at(-1)?.why], [1, line])
  })
}

test('executables and the user slice can be turned off', () => {
  const kubelet = '/usr/bin/kubelet (deleted)'
  const executable = { maps: mapsLine(kubelet), exe: kubelet }
  const user = { maps: LIBC, cgroup: '0::/user.slice/user-0.slice/session-1.scope\n' }
  const tree = { ...processTree(40, executable), ...processTree(41, user) }
  assert.equal(json(tree).reasons.length, 2)
  const off = {
    ...tree,
    'etc/kured-sentinel.conf': '[sentinel]\nexecutables = no\nuser-slice = no\n',
  }
  const { code, ignored } = json(off)
  assert.equal(code, 1)
  assert.deepEqual(
    ignored.slice(-2).map(({ why }) => why),
    ['executables = no', 'user-slice = no'],
  )
})

const cpu = (maker: string, flags = 'fpu vme') => ({
  'proc/cpuinfo': `processor\t: 0\nvendor_id\t: ${maker}\nflags\t\t: ${flags}\n`,
})
const MICROCODE = replacedTree(
  '/boot/intel-ucode.img',
  '/boot/amd-ucode.img',
  '/boot/vmlinuz-linux',
)
for (const [what, tree, expected] of [
  ['of Intel’s', cpu('GenuineIntel'), [0, '/boot/intel-ucode.img']],
  ['of AMD’s', cpu('AuthenticAMD', 'fpu hypervisors'), [0, '/boot/amd-ucode.img']],
  ['of another maker’s', cpu('HygonGenuine'), [1, undefined]],
  ['of a virtual machine', cpu('GenuineIntel', 'fpu hypervisor vme'), [1, undefined]],
  ['that does not tell', {}, [2, undefined]],
  [
    'of Intel’s, and microcode = no',
    { ...cpu('GenuineIntel'), 'etc/kured-sentinel.conf': '[sentinel]\nmicrocode = no\n' },
    [1, undefined],
  ],
] as const satisfies [string, Tree, unknown][]) {
  test(`${expected[0]}: microcode was replaced, on a processor ${what}`, () => {
    const { code, reasons } = json({ ...MICROCODE, ...tree })
    assert.deepEqual([code, reasons[0]?.path], expected)
  })
}

test('1: only the microcode for another processor was replaced', () => {
  const { code } = json({
    ...cpu('GenuineIntel'),
    ...replacedTree('/boot/amd-ucode.img', '/boot/x'),
  })
  assert.equal(code, 1)
})

test('a lock: 1, whatever else is due; DBPath is the host’s own', () => {
  const { code, reasons } = json({
    ...OLD_KERNEL,
    'etc/pacman.conf': '[options]\nDBPath = /srv/pacman/\n',
    'srv/pacman/db.lck': '',
    'proc/uptime': '999999999.00 1.00\n',
  })
  assert.deepEqual([code, reasons[0]?.kind, reasons[0]?.path], [1, 'lock', '/srv/pacman/db.lck'])
})

test('a lock that goes while all else is looked at: pacman was at work', async () => {
  const lock = 'var/lib/pacman/db.lck'
  const maps40: Tree = { ...REPLACED, 'proc/40/maps': { fifo: true } }
  const root = makeTree(hostTree({ ...OLD_KERNEL, ...processTree(40), ...maps40, [lock]: '' }))
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) => {
    const child = execFile(NODE, [BIN, '--root', root], { env: {} }, (_, stdout) =>
      resolve({ code: child.exitCode, stdout }),
    )
  })
  // Opens as soon as the look at the processes has come to it.
  const maps = await open(join(root, 'proc/40/maps'), 'w')
  rmSync(join(root, lock))
  await maps.close()
  const { code, stdout } = await ended
  assert.deepEqual([code, /pacman was at work/.test(stdout)], [1, true], stdout)
})

test('2: a path that leads nowhere that can be told', () => {
  const loop = { link: 'libc.so.6' }
  const { code, stderr } = check({
    ...processTree(40, { maps: LIBC }),
    'usr/lib/libc.so.6': loop,
  })
  assert.equal(code, 2)
  assert.match(stderr, /too many levels of symbolic links/i)
})

const lock = (secondsOld: number) => ({ content: '', secondsOld })
for (const [what, tree, code, message] of [
  [
    'older than this boot',
    { 'var/lib/pacman/db.lck': lock(6000) },
    2,
    /stale lock .*older than this boot/,
  ],
  [
    'older than an hour',
    // 66 minutes, and stays that for longer than a check may take
    { 'var/lib/pacman/db.lck': lock(3960), 'proc/uptime': '9999.00 1.00\n' },
    2,
    /stale lock .*66 minutes old/,
  ],
  [
    'old, and a process has it open',
    {
      'var/lib/pacman/db.lck': lock(9000),
      ...processTree(40),
      'proc/40/fd/5': { link: '/var/lib/pacman/db.lck' },
    },
    1,
    /PID 40 holds/,
  ],
  [
    'old, and a container has one of the same name open',
    {
      'var/lib/pacman/db.lck': lock(9000),
      ...processTree(40, { cgroup: POD }),
      'proc/40/fd/5': { link: '/var/lib/pacman/db.lck' },
    },
    2,
    /stale lock/,
  ],
  [
    'old, and an ordinary user has a file of that name open',
    {
      'var/lib/pacman/db.lck': lock(9000),
      ...processTree(40, { uid: 1000 }),
      'proc/40/fd/5': { link: '/var/lib/pacman/db.lck' },
    },
    2,
    /stale lock/,
  ],
  [
    'dated in the future',
    { 'var/lib/pacman/db.lck': lock(-9000) },
    2,
    /stale lock .*in the future/,
  ],
  [
    'made in the last minute, by a clock that steps',
    { 'var/lib/pacman/db.lck': lock(-40) },
    1,
    /is there/,
  ],
  [
    'as old as it may be, as configured',
    {
      'var/lib/pacman/db.lck': lock(4000),
      'proc/uptime': '9999.00 1.00\n',
      'etc/kured-sentinel.conf': '[sentinel]\nstale-lock-age = 2h\n',
    },
    1,
    /is there/,
  ],
  ['a directory in its place', { 'var/lib/pacman/db.lck/x': '' }, 1, /is there/],
] as const satisfies [string, Tree, number, RegExp][]) {
  test(`${code}: a lock ${what}`, () => {
    const { code: got, stdout, stderr } = check(tree)
    assert.equal(got, code)
    assert.match(stdout + stderr, message)
  })
}

test('(sd-pam) of a user’s manager runs a replaced library, and no restart renews it [needrestart#244]', () => {
  for (const uid of [0, 1000]) {
    const cgroup = `0::/user.slice/user-${uid}.slice/user@${uid}.service/init.scope\n`
    const { code, stdout } = check(
      processTree(40, { maps: LIBC, command: '(sd-pam)', cgroup, uid }),
    )
    assert.equal(code, 0, stdout)
    assert.match(
      stdout,
      /^reboot required: \(sd-pam\)\[40\] runs a replaced library: .* \(init\.scope\)$/m,
    )
  }
})

test('status shows every finding and exits 0 whatever the verdict', () => {
  const root = makeTree(hostTree({ ...OLD_KERNEL, ...processTree(40, { maps: LIBC }) }))
  const { code, stdout } = run(['status', '--root', root])
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^reboot due\n  kernel  6\.9\.0-arch1-1 runs, linux 6\.9\.1-arch1-1 is installed  only a reboot\n/,
  )
  assert.match(
    stdout,
    /not counted:\n  plain\.service  \/usr\/lib\/libc\.so\.6 \(p40\[40\]\)\n {17}\(pacman has not replaced it in this boot\)\n/,
  )
  assert.equal(
    run(['status', '--root', root, '--json']).stdout.includes('"verdict": "reboot"'),
    true,
  )
  assert.equal(run(['check', '--root', root, '--explain']).stdout.split('\n')[0], 'reboot due')
  assert.match(run(['status', '--root', root], { env: { FORCE_COLOR: '1' } }).stdout, /\u001b\[/)
  assert.doesNotMatch(
    run(['status', '--root', root], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }).stdout,
    /\u001b\[/,
  )
})

test('of many processes all are looked at', () => {
  const crowd: Tree = {}
  for (let pid = 100; pid < 350; pid++) Object.assign(crowd, processTree(pid))
  const root = makeTree(hostTree({ ...crowd, ...REPLACED }))
  assert.equal(asKured(['--root', root]).code, 1)
  for (const pid of [110, 111, 348, 349]) {
    const maps = join(root, `proc/${pid}/maps`)
    writeFileSync(maps, LIBC)
    const { code, stdout } = asKured(['--root', root])
    assert.deepEqual([code, stdout.includes(`p${pid}[${pid}]`)], [0, true], stdout)
    writeFileSync(maps, '')
  }
})

test('status tells of upgraded scripts and firmware, of which nothing tells whether they are in use', () => {
  const at = (secondsAgo: number) =>
    new Date(Date.now() - secondsAgo * 1000).toISOString().replace(/\..*/, '+0000')
  const upgraded = (secondsAgo: number, name: string) =>
    `[${at(secondsAgo)}] [ALPM] upgraded ${name} (1-1 -> 2-1)\n`
  const files = (name: string, ...paths: string[]) => ({
    [`var/lib/pacman/local/${name}-2-1/files`]: ['%FILES%', ...paths, ''].join('\n'),
  })
  const tree = hostTree({
    ...files('fail2ban', 'usr/lib/python3.13/site-packages/fail2ban/server.py'),
    ...files('linux-firmware', 'usr/lib/firmware/', 'usr/lib/firmware/regulatory.db'),
    ...files('earlier', 'usr/lib/python3.13/site-packages/earlier.py'),
    ...files('plain', 'usr/bin/plain', 'usr/share/doc/plain/x'),
  })
  const log = ['fail2ban', 'linux-firmware', 'plain'].map((name) => upgraded(60, name))
  const before = upgraded(9000, 'earlier')
  const root = makeTree({ ...tree, 'var/log/pacman.log': [before, ...log].join('') })
  const { stdout } = run(['status', '--root', root])
  assert.match(
    stdout,
    /^not seen +whether older scripts still run, of fail2ban\nnot seen +whether devices run older firmware, of linux-firmware$/m,
  )
  const { details } = readEnvelope('status', run(['status', '--root', root, '--json']).stdout)
  assert.deepEqual(details.notSeen, {
    scripts: ['fail2ban'],
    firmware: ['linux-firmware'],
  })
  writeFileSync(join(root, 'var/log/pacman.log'), before)
  assert.doesNotMatch(run(['status', '--root', root]).stdout, /not seen/)
  assert.equal(run(['check', '--root', root, '--json']).stdout.includes('notSeen'), false)
})

test(
  'the entry notes when Kured has asked, and not when a person did, in its container neither',
  { skip: !IS_ROOT && 'it mounts a /run of its own' },
  () => {
    const format = ['--dereference', '--format=%n %i %.9Y %.9Z', '--', '/etc/passwd']
    const stamp = execFileSync('stat', format, { encoding: 'utf8', env: { LC_ALL: 'C' } })
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    const clean = `${boot}/none\n/etc/passwd\n\n${stamp}`
    const ask = (id: object, through: string) => {
      const root = makeTree({ 'kured-sentinel/clean': clean })
      const script = `mount --bind "$0" /run; cd /; ${through} </dev/null`
      const enter = ['--mount', '--propagation=private', '/bin/sh', '-euc', script, root]
      const entry = BIN.replace(/\.cjs$/, '')
      const env = { PATH: '/usr/bin:/bin', ENTRY: entry, ...id }
      const { status, stdout } = spawnSync('unshare', enter, { encoding: 'utf8', env })
      assert.deepEqual([status, stdout.trim()], [1, 'no reboot required'])
      return existsSync(join(root, 'kured-sentinel/asked'))
    }
    const kured = { KURED_NODE_ID: 'n' }
    assert.equal(ask(kured, '"$ENTRY"'), true)
    assert.equal(ask({}, '"$ENTRY"'), false)
    assert.equal(ask(kured, 'script -qec "$ENTRY" /dev/null'), false)
  },
)
