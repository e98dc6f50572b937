/** Console blocks of the pages that a host's files are enough for. */
import { join } from 'node:path'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { rowText } from '../../src/fleet/row.ts'
import { consoleBlock, followConsole, shellWith } from '../fixture/console.ts'
import { row, UNHEALTHY } from '../fixture/fleet.ts'
import { hostTree, mapsLine, processTree, replacedTree } from '../fixture/host.ts'
import { makeTree } from '../fixture/tree.ts'

test('README.md: the answer', async () => {
  const library = '/usr/lib/libcrypto.so.3'
  const root = makeTree(
    hostTree({
      'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n',
      ...replacedTree(library),
      ...processTree(412, {
        command: 'sshd',
        cgroup: '0::/system.slice/sshd.service\n',
        maps: mapsLine(`${library} (deleted)`),
      }),
    }),
  )
  await followConsole(consoleBlock('README.md', '# kured-sentinel'), shellWith('--root', root))
})

test('docs/reboots.md: a hold', async () => {
  const root = makeTree(hostTree({ 'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n' }))
  const block = consoleBlock(
    'docs/reboots.md',
    '# kured-sentinel hold --for 4h --reason "replacing the disk"',
  )
  await followConsole(block, shellWith('--root', root))
})

test('docs/reboots.md: a request', async () => {
  const block = consoleBlock('docs/reboots.md', '# kured-sentinel request --reason "a new disk"')
  await followConsole(block, shellWith('--root', makeTree(hostTree())))
})

test('docs/fleet.md: two hosts, one of which is hurt', async () => {
  const root = makeTree({ conf: '', 'fleet/.keep': '' })
  const hosts = [
    row('node1', {
      uptimeMs: 10_800_000,
      kernel: '6.18.44-arch1-1',
      verdict: 'reboot',
      causes: ['kernel 6.18.44 is running, linux 6.18.45-arch1-1 is installed'],
    }),
    row('node2', { uptimeMs: 3_660_000, health: UNHEALTHY }),
  ]
  for (const one of hosts) {
    mkdirSync(join(root, 'fleet', one.host))
    writeFileSync(join(root, 'fleet', one.host, 'status.json'), rowText(one))
  }
  const config = join(root, 'conf')
  writeFileSync(config, `[fleet]\ndirectory = ${root}/fleet\nmount = no\n`)
  const block = consoleBlock('docs/fleet.md', '# kured-sentinel fleet --window 4h')
  await followConsole(block, shellWith('--config', config))
})
