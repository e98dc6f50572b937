/** bin/kured-sentinel: when it answers by itself, when Node does, and what a power cut can leave of it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTree } from '../fixture/tree.ts'
import { bootNode, install, labTest, offer, toolTest } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, plain } from '../lab/recipes.ts'
import type { Run } from '../lab/run.ts'

const ENTRY = '/usr/bin/kured-sentinel'
const STAMP = '/run/kured-sentinel/clean'
const ASKED = '/run/kured-sentinel/asked'

/** In Node's place: ends with a code that is nobody else's. Whoever looks at the host runs node.real. */
const NO_NODE = '#!/bin/sh\nexit 99\n'
const NODE_RAN = 99

const CONF = `
Include = /etc/pacman.d/one
Include = /etc/more.d/*.conf
`

/** A node with nothing due, and a shell of its own as sh; Arch's is bash. */
async function bootWith(shell: string): Promise<LabNode> {
  const node = await bootNode()
  await install(node, greet('1.0'), greeter)
  await offer(node, plain('other', '1.0'))
  await node.writeFile('/etc/pacman.d/one', '')
  await node.writeFile('/etc/more.d/a.conf', '')
  await node.writeFile('/root/conf', CONF)
  await node.shell(`sed -i '/^\\[options\\]/r /root/conf' /etc/pacman.conf; pacman -Sy
ln -sf ${shell} /usr/bin/sh; mkdir -p /usr/lib/modules; mv /usr/bin/node /usr/bin/node.real`)
  await node.writeFile('/usr/bin/node', NO_NODE, 0o755)
  return node
}

const ask = (node: LabNode, ...words: string[]) => node.asKured([ENTRY, ...words])

/** A complete look, by the real Node: it leaves the stamp, where nothing is due. */
function look(node: LabNode): Promise<Run> {
  const main = '/usr/lib/kured-sentinel/bin/kured-sentinel.cjs'
  return node.asKured(['/usr/bin/node.real', main, 'check'])
}

/** After a look the entry answers by itself, however often it is asked. */
async function assertClean(node: LabNode, after: string): Promise<void> {
  assert.equal((await look(node)).exitCode, 1, after)
  for (const words of [[], ['check']]) {
    const said = await ask(node, ...words)
    assert.deepEqual(
      [said.exitCode, said.stdout, said.stderr],
      [1, 'no reboot required\n', ''],
      after,
    )
  }
}

const NOTE = '/usr/lib/kured-sentinel/bin/note-replaced'
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
const LOCK = '/var/lib/pacman/db.lck'
const inStatsPlace = (command: string) => `mv /usr/bin/stat /usr/bin/stat.real
printf '#!/bin/sh\\n${command}\\nexec stat.real "$@"\\n' > /usr/bin/stat; chmod +x /usr/bin/stat`
const STAT_BACK = 'mv /usr/bin/stat.real /usr/bin/stat'

/** What is done to the host, and how it is made good again. */
const CHANGES: [what: string, change: string, undo?: string][] = [
  ['a new line in the list', `echo usr/lib/x.so | ${NOTE}`],
  ['a list that is gone', 'rm /run/kured-sentinel/replaced'],
  [
    'a list that is incomplete',
    'touch /run/kured-sentinel/incomplete',
    'rm /run/kured-sentinel/incomplete',
  ],
  ['pacman.conf', 'echo "# x" >> /etc/pacman.conf'],
  [
    'pacman.conf, with its time put back',
    'cp -p /etc/pacman.conf /root/; echo "# y" >> /etc/pacman.conf; touch -r /root/pacman.conf /etc/pacman.conf',
  ],
  [
    'another pacman.conf of the same size and time',
    'cp -p /etc/pacman.conf /etc/pacman.new; mv /etc/pacman.new /etc/pacman.conf',
  ],
  ['an included file', 'echo "# x" >> /etc/pacman.d/one'],
  ['a file that a pattern includes', 'echo "# x" >> /etc/more.d/a.conf'],
  ['one more of these', 'touch /etc/more.d/b.conf'],
  ['one less', 'rm /etc/more.d/b.conf'],
  ['our configuration, made', 'echo "[sentinel]" > /etc/kured-sentinel.conf'],
  ['our configuration, changed', 'echo "timeout = 20s" >> /etc/kured-sentinel.conf'],
  ['our configuration, gone', 'rm /etc/kured-sentinel.conf'],
  ['a package that is installed', 'pacman -S --noconfirm other'],
  ['a package that is removed', 'pacman -R --noconfirm other'],
  ['the kernels', 'mkdir /usr/lib/modules/6.9.1-arch1-1', 'rmdir /usr/lib/modules/6.9.1-arch1-1'],
  ['the running kernel’s directory', 'mkdir -p /usr/lib/modules/$(uname -r)/extra'],
  ['a module beside it', 'touch /usr/lib/modules/$(uname -r)/modules.dep'],
  ['a lock', `touch ${LOCK}`, `rm ${LOCK}`],
  ['a lock that is a link to nothing', `ln -s /none ${LOCK}`, `rm ${LOCK}`],
  ['a lock that comes meanwhile', inStatsPlace(`touch ${LOCK}`), `rm ${LOCK}; ${STAT_BACK}`],
  [
    'a lock that goes meanwhile',
    `${inStatsPlace(`rm ${LOCK}`)}; touch ${LOCK}`,
    `rm -f ${LOCK}; ${STAT_BACK}`,
  ],
  // systemd-nspawn has mounted one of the node's own over this machine's.
  ['another boot', `umount ${BOOT_ID}`],
  ['a boot ID that cannot be read', `mount --bind /dev/null ${BOOT_ID}`, `umount ${BOOT_ID}`],
  ['no stat', 'mv /usr/bin/stat /root/', 'mv /root/stat /usr/bin/'],
  [
    'a stat that says nothing',
    'mv /usr/bin/stat /root/; cp /usr/bin/true /usr/bin/stat',
    'mv /root/stat /usr/bin/',
  ],
  ['no stamp', `rm ${STAMP}`],
  ['a stamp that is a directory', `rm ${STAMP}; mkdir ${STAMP}`, `rmdir ${STAMP}`],
  ['an empty stamp', `: > ${STAMP}`],
  ['a stamp of zeros', `head -c 2000 /dev/zero > ${STAMP}`],
  ['a stamp of random bytes', `head -c 2000 /dev/urandom > ${STAMP}`],
  ['a stamp without its boot', `sed -i 1d ${STAMP}`],
  ['a stamp without its lock', `sed -i 2d ${STAMP}`],
  ['a stamp with an empty line for its lock', `sed -i '2s/.*//' ${STAMP}`],
  ['a stamp without paths', `sed -i 3,/^$/d ${STAMP}`],
  [
    'a stamp of nothing but boot and lock',
    `sed -i '3,$d' ${STAMP}; echo >> ${STAMP}; echo >> ${STAMP}`,
  ],
  ['a stamp without states', `sed -i '/^$/q' ${STAMP}`],
  ['a stamp that lacks a state', `sed -i '$d' ${STAMP}`],
  ['a stamp twice', `cat ${STAMP} ${STAMP} > /root/twice; cat /root/twice > ${STAMP}`],
  ['a stamp with the line ends of DOS', `sed -i 's/$/\\r/' ${STAMP}`],
  ['a stamp with another inode', `sed -i -E '$s/ [0-9]+ / 1 /' ${STAMP}`],
  ['a stamp with another time', `sed -i -E '$s/[0-9]$/x/' ${STAMP}`],
]

/** Each beginning of the stamp, but all of it, is none: exit codes, each once. */
const TRUNCATED = `cp -p ${STAMP} /root/clean; size=$(stat --format=%s ${STAMP}); i=0
while [ $i -lt $size ]; do
  head -c $i /root/clean > ${STAMP}
  code=0; ${ENTRY} > /dev/null 2>&1 || code=$?; echo $code
  i=$((i+1))
done | sort | uniq -c; cp -p /root/clean ${STAMP}; [ $size -gt 500 ]`

for (const shell of ['dash', 'bash']) {
  labTest(`with ${shell}: after a clean look 1 without Node, until anything changes`, async () => {
    await using node = await bootWith(shell)
    assert.equal(await node.ok(['readlink', '-f', '/bin/sh']), `/usr/bin/${shell}\n`)
    assert.equal((await ask(node)).exitCode, NODE_RAN, 'nobody has looked yet')
    await assertClean(node, 'at first')

    for (const [what, change, undo] of CHANGES) {
      await node.shell(change)
      const said = await ask(node)
      assert.deepEqual([what, said.exitCode, said.stderr], [what, NODE_RAN, ''])
      if (undo !== undefined) await node.shell(undo)
      await assertClean(node, what)
    }
  })

  labTest(`with ${shell}: a part of the stamp is none`, async () => {
    await using node = await bootWith(shell)
    await assertClean(node, 'at first')
    assert.match(await node.shell(TRUNCATED, { timeoutMs: 120_000 }), /^ *\d+ 99\n$/)
    assert.equal((await ask(node)).exitCode, 1, 'all of it is one')
  })
}

labTest('Node answers every other question, and everybody else', async () => {
  await using node = await bootWith('dash')
  await assertClean(node, 'at first')
  for (const words of [
    ['--json'],
    [''],
    ['check', 'check'],
    ['check', '--explain'],
    ['Check'],
    ['check '],
    ['status'],
    ['reboot', '--help'],
    ['--version'],
  ]) {
    // A shell calls it: what a stand-in of Node prints is no JSON to be looked at.
    const line = [ENTRY, ...words.map((word) => `'${word}'`)].join(' ')
    const { exitCode } = await node.run(['/bin/sh', '-c', line])
    assert.deepEqual([words, exitCode], [words, NODE_RAN])
  }
  const user = ['setpriv', '--reuid=builder', '--regid=builder', '--clear-groups']
  const theirs = await node.run([...user, ENTRY])
  assert.deepEqual([theirs.exitCode, theirs.stderr], [NODE_RAN, ''])

  // By whatever path it is called, it finds its own program.
  await node.shell('mv /usr/bin/node.real /usr/bin/node')
  for (const call of [
    '/usr/bin/kured-sentinel',
    'cd /usr/bin; ./kured-sentinel',
    'cd /usr/bin; sh kured-sentinel',
    'cd /usr/lib/kured-sentinel; bin/kured-sentinel',
    'ln -s /usr/bin/kured-sentinel "/root/a link"; "/root/a link"',
  ]) {
    assert.match(await node.shell(`${call} --version`), /^\d+\.\d+\.\d+\n$/)
  }
  await node.shell('cp /usr/lib/kured-sentinel/bin/kured-sentinel /root/alone')
  const alone = await node.run(['/root/alone', 'status'])
  assert.deepEqual([alone.exitCode, alone.stdout], [2, ''])
  assert.match(alone.stderr, /^error: Cannot find module '\/root\/alone\.cjs'/)
})

labTest(
  'no stamp where something is due, or may be; and what changes in mid-look is seen',
  async () => {
    await using node = await bootWith('dash')
    await node.ok(['systemctl', 'start', 'plain'])
    await assertClean(node, 'at first')
    // In grep's place: changes something while Node looks.
    await node.shell('mv /usr/bin/grep /usr/bin/grep.real')
    await node.writeFile(
      '/usr/bin/grep',
      '#!/bin/sh\ncp /root/conf /etc/more.d/new.conf\nexec grep.real "$@"\n',
      0o755,
    )
    await node.writeFile('/root/conf', '# new\n')
    assert.equal((await look(node)).exitCode, 1)
    await node.ok(['test', '-e', STAMP])
    assert.equal((await ask(node)).exitCode, NODE_RAN)
    await node.shell('mv /usr/bin/grep.real /usr/bin/grep')

    await node.writeFile('/etc/kured-sentinel.conf', '[sentinel]\ncount = deleted\n')
    assert.equal((await look(node)).exitCode, 1, 'any process may begin to run a deleted file')
    assert.equal((await ask(node)).exitCode, NODE_RAN)
    await node.ok(['rm', '/etc/kured-sentinel.conf'])
    await assertClean(node, 'only what pacman replaces counts')

    await node.writeFile('/usr/bin/grep', '#!/bin/sh\nexit 2\n', 0o755)
    assert.equal((await look(node)).exitCode, 2)
    assert.equal((await ask(node)).exitCode, NODE_RAN, 'the stamp of the look before is gone')
  },
)

labTest('that Kured asked is noted', async () => {
  await using node = await bootWith('dash')
  const uptime = async (path: string) => Number((await node.readFile(path)).split(' ')[0])
  const forget = () => node.shell('rm -rf /run/kured-sentinel')
  /** What was noted in a call, if anything was. */
  const noted = async (call: () => Promise<unknown>) => {
    const before = await uptime('/proc/uptime')
    await call()
    if ((await node.run(['test', '-e', ASKED])).exitCode !== 0) return undefined
    const at = await uptime(ASKED)
    return at >= before && at <= (await uptime('/proc/uptime')) ? 'now' : 'not now'
  }
  await forget()
  assert.equal(await noted(() => node.run([ENTRY, 'check'])), undefined, 'by a person')
  assert.equal(await noted(() => ask(node, 'status')), undefined, 'another question')
  assert.equal(await noted(() => ask(node)), 'now', 'also where the directory is missing')
  assert.equal(await node.shell('stat --format=%a:%U /run/kured-sentinel'), '755:root\n')
  assert.equal(await noted(() => node.run([ENTRY, 'check'])), 'not now')
  assert.equal(await noted(() => ask(node, 'check')), 'now')
  await assertClean(node, 'a note is no change')
  assert.equal(await noted(() => ask(node)), 'now')

  // Where nothing can be written it is silent, and the answer stays.
  await node.shell(
    'mount --bind /run/kured-sentinel /run/kured-sentinel; mount -o remount,bind,ro /run/kured-sentinel',
  )
  const said = await ask(node)
  assert.deepEqual([said.exitCode, said.stdout, said.stderr], [1, 'no reboot required\n', ''])
  await node.ok(['umount', '/run/kured-sentinel'])
  await forget()
  await node.shell('echo > /run/kured-sentinel')
  const { exitCode, stderr } = await ask(node)
  assert.deepEqual([exitCode, stderr], [NODE_RAN, ''])
})

const SCRIPT = readFileSync(join(import.meta.dirname, '../../bin/kured-sentinel'), 'utf8')

/** With less than that a shell has nothing to run, and ends with 0: docs/contract.md, "An empty entry". */
const FIRST_LINE = '#!/bin/sh\n'

/** Runs each beginning of a text as a shell does that nsenter or the kernel hands the file to. */
const EACH_LENGTH = `LC_ALL=C; export LC_ALL
for ((length = $4; length <= \${#2}; length += $5)); do
  { printf %s "\${2:0:length}"; (( $6 == 0 )) || head -c $((\${#2} - length)) /dev/zero; } >"$3"
  said=$("$1" "$3" check 2>/dev/null)
  echo "$? $said"
done`

/** @returns what each said, as "exit code stdout", by its length */
function answers(shell: string, step: number, zeros: boolean): string[] {
  const file = join(makeTree({ 'bin/x': '' }), 'bin/kured-sentinel')
  const from = FIRST_LINE.length + 1
  const words = [shell, SCRIPT, file, from, step, zeros ? 1 : 0].map(String)
  const { stdout } = spawnSync('bash', ['-c', EACH_LENGTH, 'bash', ...words], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin' },
  })
  const said = stdout.split('\n').slice(0, -1)
  assert.equal(said.length, Math.floor((SCRIPT.length - from) / step) + 1)
  return said
}

for (const shell of ['dash', 'bash']) {
  toolTest([shell], `2: however much of the entry is left, to ${shell}`, () => {
    assert.deepEqual(new Set(answers(shell, 1, false)), new Set(['2 ']))
  })

  toolTest([shell], `no 0: the rest of the entry is zeros, to ${shell}`, () => {
    for (const said of answers(shell, 16, true)) assert.match(said, /^[^0]/)
  })
}
