/** The minute in which nothing has changed: bin/kured-sentinel answers it alone, by the stamp of the last look. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter } from '../lab/recipes.ts'

const SENTINEL = ['/usr/bin/kured-sentinel']
const STAMP = '/run/kured-sentinel/clean'
const LOCK = '/var/lib/pacman/db.lck'
const CONFIG = '/etc/kured-sentinel.conf'

/** A complete look, by the program, as Kured has it made. @returns its exit code */
async function look(node: LabNode): Promise<number | undefined> {
  await node.ok(['rm', '-f', STAMP])
  return (await node.asKured(SENTINEL)).exitCode
}

const isStamped = async (node: LabNode) => (await node.run(['test', '-e', STAMP])).exitCode === 0

/** Who answers now: where it is not the script, a Node that does nothing but end with 77. */
async function whoAnswers(node: LabNode): Promise<'the script' | 'the program'> {
  await node.shell('mount --bind /root/node "$(readlink -f /usr/bin/node)"')
  const { exitCode, stdout } = await node.asKured(SENTINEL)
  await node.shell('umount "$(readlink -f /usr/bin/node)"')
  if (exitCode === 77) return 'the program'
  assert.deepEqual([exitCode, stdout], [1, 'no reboot required\n'])
  return 'the script'
}

/** What changes the answer, or may, and how it is undone. */
const CHANGES: [change: string, undo: string][] = [
  [`: >${LOCK}`, `rm ${LOCK}`],
  [`ln -s nowhere ${LOCK}`, `rm ${LOCK}`],
  ['echo usr/lib/x >>/run/kured-sentinel/replaced', ':'],
  [': >/run/kured-sentinel/incomplete', 'rm /run/kured-sentinel/incomplete'],
  [`echo '[sentinel]' >${CONFIG}`, ':'],
  [`echo '# more' >>${CONFIG}`, `rm ${CONFIG}`],
  ['echo "# more" >>/etc/pacman.conf', ':'],
  ['echo "# more" >>/etc/pacman.d/lab/a', ':'],
  [': >/etc/pacman.d/lab/b', ':'],
  ['mkdir /var/lib/pacman/local/x-1-1', 'rmdir /var/lib/pacman/local/x-1-1'],
  ['mkdir /usr/lib/modules/9.9.9-lab', 'rmdir /usr/lib/modules/9.9.9-lab'],
  ['mkdir -p "/usr/lib/modules/$(uname -r)"', ':'],
  [': >"/usr/lib/modules/$(uname -r)/pkgbase"', ':'],
  ['echo linux >"/usr/lib/modules/$(uname -r)/pkgbase"', ':'],
  [': >"/usr/lib/modules/$(uname -r)/vmlinuz"', 'rm -r "/usr/lib/modules/$(uname -r)"'],
  [`sed -i 1s/./x/ ${STAMP}`, ':'],
  [`: >${STAMP}`, ':'],
]

labTest('nothing has changed: the script answers; after any change the program looks', async () => {
  await using node = await bootNode()
  await node.writeFile('/root/node', '#!/bin/sh\nexit 77\n', 0o755)
  await install(node, greet('1.0'), greeter)
  await node.shell('mkdir -p /usr/lib/modules /etc/pacman.d/lab; : >/etc/pacman.d/lab/a')
  await node.shell('echo "Include = /etc/pacman.d/lab/*" >>/etc/pacman.conf')
  for (const [change, undo] of CHANGES) {
    assert.equal(await look(node), 1)
    assert.equal(await whoAnswers(node), 'the script', change)
    await node.shell(change)
    assert.equal(await whoAnswers(node), 'the program', change)
    await node.shell(undo)
  }
  assert.equal(await look(node), 1)
  assert.equal((await node.run(['stat', '--format=%a %U', STAMP])).stdout, '600 root\n')
  const file = await node.run(['env', '-C', '/run/kured-sentinel', 'cat', 'clean'])
  assert.match(file.stdout, /^[0-9a-f-]{36}\n\/var\/lib\/pacman\/db\.lck\n\//)
})

labTest('no stamp where the answer may change by itself, or is another one than 1', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter)
  const says = async (exitCode: number, stamped: boolean, why: string) => {
    assert.deepEqual([await look(node), await isStamped(node)], [exitCode, stamped], why)
  }
  await says(1, true, 'nothing is due')
  await node.writeFile(CONFIG, '[sentinel]\ncount = deleted\n')
  await says(1, false, 'what is deleted counts, and any process may delete')
  await node.ok(['rm', CONFIG])
  await node.shell(`: >${LOCK}`)
  await says(1, false, 'pacman is at work')
  await node.ok(['rm', LOCK])
  await node.ok(['systemctl', 'start', 'plain'])
  await upgradeTo(node, greet('2.0'))
  await says(0, false, 'a reboot is due')
  await node.ok(['kured-sentinel', 'hold', '--for', '1h', '--reason', 'x'])
  await says(1, false, 'held for an hour')
  await node.ok(['kured-sentinel', 'release'])
  await node.writeFile(CONFIG, '[sentinel]\nignore-command = greeter\n')
  await says(1, false, 'a process runs what was replaced, and does not count')
  await node.ok(['systemctl', 'stop', 'plain'])
  await says(1, true, 'none runs it any more')
  // One that is there goes as soon as something is due.
  await node.ok(['rm', CONFIG])
  await node.ok(['systemctl', 'start', 'plain'])
  await says(1, true, 'it runs what is installed')
  await upgradeTo(node, greet('3.0'))
  assert.equal((await node.asKured(SENTINEL)).exitCode, 0)
  assert.equal(await isStamped(node), false)
})
