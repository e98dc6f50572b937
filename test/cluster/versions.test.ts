/** Whether a node's kubelet fits the apiserver, on a real one of 1.37.2. */
import assert from 'node:assert/strict'
import { install, offer } from '../lab/lab.ts'
import type { PackageRecipe } from '../lab/package.ts'
import type { Run } from '../lab/run.ts'
import { Member } from './member.ts'
import { clusterTest } from './shared.ts'
import { readEnvelope } from '../fixture/envelope.ts'

/** A package with a program that says its version, and is nothing else. */
function part(name: 'kubelet' | 'kubeadm', version: string): PackageRecipe {
  const content = `#!/bin/sh\necho 'Kubernetes v${version}'\n`
  return { name, version, files: { [`/usr/bin/${name}`]: { content, mode: 0o755 } } }
}

/** A static program that says so too, and else runs until it is ended. */
const running: PackageRecipe = {
  name: 'kubelet',
  version: '1.36.3',
  sources: {
    'main.c': `#include <stdio.h>
#include <unistd.h>
int main(int many, char **words) {
  if (many > 1) return puts("Kubernetes v1.36.3") < 0;
  for (;;) pause();
}
`,
  },
  files: {
    '/usr/lib/systemd/system/kubelet.service': '[Service]\nExecStart=/usr/bin/kubelet\n',
  },
  build: 'gcc -static -o kubelet main.c',
  package: 'install -D -t "$pkgdir/usr/bin" kubelet',
}

clusterTest('a kubelet that fits, one that would not, and one that does not', async (cluster) => {
  await using member = await Member.join(cluster, 'versions')
  const { node } = member
  const command = (...words: string[]) => member.online(['kured-sentinel', ...words])
  const doctor = async () => {
    const { stdout } = await command('doctor', '--json')
    return readEnvelope('doctor', stdout)
      .findings.filter(({ kind }) => kind === 'versions')
      .map(({ state, message }) => `${state}: ${message}`)
  }
  await install(node, running, part('kubeadm', '1.36.3'))
  await node.ok(['systemctl', 'start', 'kubelet'])
  const fits = 'ok: kubelet 1.36.3, which a reboot or restart starts, fits the apiserver, 1.37.2'
  const others = 'ok: kubeadm 1.36.3-1 fits the apiserver, 1.37.2'
  assert.deepEqual(await doctor(), [fits, others])
  const status = await command('status')
  assert.match(
    status.stdout,
    /^kubelet +a reboot starts kubelet 1\.36\.3, which fits the apiserver, 1\.37\.2$/m,
  )

  // The next upgrade would bring one that is too new.
  await offer(node, part('kubelet', '1.38.0'), part('kubeadm', '1.38.0'))
  await node.ok(['pacman', '-Sy'])
  assert.deepEqual(await doctor(), [
    fits,
    others,
    'wrong: the next upgrade brings kubelet 1.38.0-1, which is newer than the apiserver, 1.37.2',
  ])
  const upgrade = ['preflight', 'upgrade', '--local', '--allow-download']
  const stopped = await command(...upgrade)
  assert.deepEqual(
    [stopped.exitCode, stopped.stderr],
    [
      255,
      'attention, no upgrade until you fix this: kubelet 1.38.0-1 is newer than the apiserver, 1.37.2. To do: kured-sentinel ignore add kubelet\n',
    ],
  )
  await node.ok(['kured-sentinel', 'ignore', 'add', 'kubelet'])
  const list = await command('ignore', 'list')
  assert.match(
    list.stdout,
    /^kubelet must stay ignored: 1\.38\.0-1 is newer than the apiserver, 1\.37\.2$/m,
  )
  assert.equal((await command(...upgrade)).exitCode, 0)
  // Nobody answers: neither wrong nor a hold-up. The node itself has no network.
  await node.ok(['kured-sentinel', 'ignore', 'remove', 'kubelet'])
  const alone: Run = await node.run(['kured-sentinel', ...upgrade])
  assert.equal(alone.exitCode, 0, alone.stderr)
  await node.ok(['kured-sentinel', 'ignore', 'add', 'kubelet'])

  // Another version fits: it may go.
  await offer(node, part('kubelet', '1.37.1'))
  await node.ok(['pacman', '-Sy'])
  const free = await command('ignore', 'list', '--json')
  assert.deepEqual(JSON.parse(free.stdout).details.versions, [
    {
      package: 'kubelet',
      fits: true,
      message: 'may be released: 1.37.1-1 fits the apiserver, 1.37.2',
    },
  ])

  // One was installed all the same: no reboot may start it.
  await install(node, part('kubelet', '1.38.0'))
  assert.deepEqual(
    (await doctor())[0],
    'wrong: kubelet 1.38.0 is newer than the apiserver, 1.37.2; a reboot or restart starts it',
  )
  assert.match(
    (await command('status')).stdout,
    /^kubelet +no reboot: kubelet 1\.38\.0 is newer than/m,
  )
  const gate = await command('reboot')
  assert.equal(gate.exitCode, 2)
  assert.match(
    gate.stderr,
    /^no reboot: a reboot would start a kubelet that does not fit: kubelet 1\.38\.0 is newer than the apiserver, 1\.37\.2\. To do: /,
  )
  assert.equal((await command('reboot', '--dry-run')).exitCode, 2)
  assert.equal((await node.run(['kured-sentinel', 'reboot', '--dry-run'])).exitCode, 0, 'unknown')

  // One that fits, before its drain: the old one runs, and all say what the reboot starts.
  await install(node, part('kubelet', '1.37.2'))
  const starts = '1.37.2, which a reboot or restart starts, fits the apiserver, 1.37.2'
  assert.deepEqual((await doctor())[0], `ok: kubelet ${starts}`)
  const now = await command('status')
  assert.match(
    now.stdout,
    /^kubelet +a reboot starts kubelet 1\.37\.2, which fits the apiserver, 1\.37\.2$/m,
  )
  assert.match((await command('check')).stdout, /^reboot required: .*kubelet/)
  const restart = await command('restart', '--dry-run')
  assert.match(
    restart.stdout,
    /a restart would start another version of Kubernetes, without a drain/,
  )
  const { stdout } = await command('ignore', 'list', '--json')
  assert.deepEqual(JSON.parse(stdout).details.versions, [])
  const passed = await command('reboot')
  assert.equal(passed.exitCode, 0, passed.stderr)
  assert.match(passed.stdout, /^rebooting/)
  assert.equal(await node.waitForEnd(), 'reboot')
})
