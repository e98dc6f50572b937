/** `doctor` in a booted node: all is well, and then each thing is broken, and mended. */
import assert from 'node:assert/strict'
import { release, version } from 'node:os'
import { bootImage } from '../fixture/host.ts'
import { consoleBlock, followConsole } from '../fixture/console.ts'
import { CERTIFICATE, CHART_ARGS, KUBECONFIG, podList } from '../fixture/kubelet.ts'
import { bootNode, gatedTest, install, labProblem, labTest, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { kernel } from '../lab/recipes.ts'
import { readEnvelope } from '../fixture/envelope.ts'
import type { EnvelopeFinding } from '../../src/envelope/envelope.ts'

async function doctor(node: LabNode) {
  const { exitCode, stdout, stderr } = await node.run(['kured-sentinel', 'doctor', '--json'])
  assert.equal(stderr, '')
  const { findings } = readEnvelope('doctor', stdout)
  return { exitCode, lines: findings.map(text), advice: findings.map(({ advice }) => advice ?? '') }
}

const text = ({ kind, state, message }: EnvelopeFinding) => `${state} ${kind}: ${message}`

const RELEASE = release()

/** The kernel that runs here, as Arch packages it: with its boot image beside the modules. */
const runningKernel = (): PackageRecipe => {
  const recipe = kernel('linux', '6.9', RELEASE)
  const image = bootImage(`${RELEASE} (lab@lab) ${version()}`).toString('latin1')
  return { ...recipe, files: { ...recipe.files, [`/usr/lib/modules/${RELEASE}/vmlinuz`]: image } }
}

const kubelet = (of: string): PackageRecipe => ({
  name: 'kubelet',
  version: of,
  files: { '/usr/bin/kubelet': { content: `#!/bin/sh\necho Kubernetes v${of}.0\n`, mode: 0o755 } },
})

const cni = (of: string, needs: string): PackageRecipe => ({
  name: 'cni',
  version: of,
  depends: [needs],
  files: { '/usr/share/cni': of },
})

/** Stands for this program's own package, whose files the lab puts there by itself. */
const own: PackageRecipe = {
  name: 'kured-sentinel',
  version: '0.1.0',
  lines: ["backup=('etc/kured-sentinel.conf')"],
  files: {
    '/etc/kured-sentinel.conf': '# the defaults\n',
    '/usr/share/kured-sentinel/kured-values.yaml': 'configuration:\n',
  },
}

/** What the chart makes of its values, for a kubectl that only prints it, and a version. */
async function callsKured(node: LabNode, args: string[], apiserver = '1.30.0'): Promise<void> {
  const list = JSON.stringify(podList([...CHART_ARGS, ...args]))
  await node.writeFile(
    '/usr/bin/kubectl',
    `#!/bin/sh
case "$*" in */version) echo '{"gitVersion":"v${apiserver}"}'; exit ;; esac
cat <<'END'
${list}
END
`,
    0o755,
  )
}

const SENTINEL = '--reboot-sentinel-command=/usr/bin/kured-sentinel'
const REBOOT = '--reboot-command=/usr/bin/kured-sentinel reboot'

/** A node with all that a host of a cluster has. */
async function makeWell(node: LabNode): Promise<void> {
  await install(node, own, runningKernel(), kubelet('1.30'), cni('1.0', 'kubelet'))
  // A configuration of one's own is no damage.
  await node.writeFile('/etc/kured-sentinel.conf', '[sentinel]\ntimeout = 20s\n')
  await node.ok(['kured-sentinel', 'ignore', 'add', 'kubelet'])
  await node.writeFile('/etc/fstab', 'tmpfs /boot tmpfs rw 0 0\n')
  await node.ok(['mount', '/boot'])
  await node.ok(['cp', `/usr/lib/modules/${RELEASE}/vmlinuz`, '/boot/vmlinuz-linux'])
  await node.writeFile('/etc/kubernetes/kubelet.conf', KUBECONFIG, 0o600)
  await node.writeFile('/var/lib/kubelet/pki/kubelet-client-current.pem', CERTIFICATE, 0o600)
  await callsKured(node, [SENTINEL, REBOOT])
  await node.ok(['kured-sentinel', 'units', 'install', '--role', 'cache', '--enable'])
  await node.ok(['systemctl', 'start', 'pacman-upgrade.service'])
  // As if it had been looked at for long enough.
  await node.ok(['systemctl', 'stop', 'kured-sentinel-health.timer', 'kured-sentinel-health'])
  const bootId = (await node.readFile('/proc/sys/kernel/random/boot_id')).trim()
  const health = { version: 1, bootId, verdict: 'healthy', reasons: [], since: 0 }
  await node.writeFile('/var/lib/kured-sentinel/health.json', JSON.stringify(health))
}

/** Both shared directories are mounts, as a server's would be. */
const SHARED = { tmpfs: ['/var/lib/pacman/sync', '/var/cache/pacman/pkg'] }

/** What is done to the host, what doctor then says, and how it is made good again. */
type Breakage = [damage: string, exitCode: number, says: RegExp, mending: string]

const BREAKAGES: Breakage[] = [
  [
    'touch -d "2 days ago" /var/lib/pacman/db.lck',
    2,
    /^wrong lock: stale lock .*db\.lck: nobody has it open/m,
    'rm /var/lib/pacman/db.lck',
  ],
  [
    'cp /etc/pacman.conf /etc/was; echo "Include = /none*" >>/etc/pacman.conf',
    2,
    /^wrong pacman: pacman stops at \/etc\/pacman\.conf:\d+: Include = \/none\* matches nothing$/m,
    'mv /etc/was /etc/pacman.conf',
  ],
  [
    'cp /etc/pacman.conf /etc/was; sed -i "s/^SigLevel .*/SigLevel = Nonsense/" /etc/pacman.conf',
    2,
    /^wrong pacman: pacman-conf does not accept \/etc\/pacman\.conf: .*SigLevel/m,
    'mv /etc/was /etc/pacman.conf',
  ],
  [
    'cp /etc/pacman.conf /etc/was; sed -i "/^CheckSpace/a TotalDownload" /etc/pacman.conf',
    1,
    /^warning pacman: pacman: config file \/etc\/pacman\.conf, line \d+: directive 'TotalDownload'/m,
    'mv /etc/was /etc/pacman.conf',
  ],
  [
    'kured-sentinel ignore remove kubelet >&2',
    1,
    /^warning ignored: kubelet is not ignored/m,
    'kured-sentinel ignore add kubelet >&2',
  ],
  ['umount /boot', 2, /^wrong boot: \/boot is in \/etc\/fstab, but not mounted$/m, 'mount /boot'],
  [
    // The tmpfs came back empty.
    ':',
    1,
    /^warning boot: no boot image of linux \S+ below \/boot or \/efi$/m,
    'cp /usr/lib/modules/$(uname -r)/vmlinuz /boot/vmlinuz-linux',
  ],
  [
    'sed -i "s/(lab@lab)/(lab@LAB)/" /boot/vmlinuz-linux',
    2,
    /^wrong boot: \/boot\/vmlinuz-linux is another build of \S+, but linux \S+ is installed$/m,
    'cp /usr/lib/modules/$(uname -r)/vmlinuz /boot/vmlinuz-linux',
  ],
  [
    'pacman -R --noconfirm linux >&2',
    1,
    /^warning kernel: no kernel package is installed/m,
    'pacman -S --noconfirm linux >&2',
  ],
  [
    'echo "timeuot = 1" >/etc/kured-sentinel.conf',
    2,
    /^wrong configuration: \/etc\/kured-sentinel\.conf:1: "timeuot" is outside any section/m,
    'echo "[sentinel]" >/etc/kured-sentinel.conf',
  ],
  [
    'mv /usr/bin/kured-sentinel /root; ln -s /usr/lib/kured-sentinel/bin/kured-sentinel /usr/local/bin/kured-sentinel',
    2,
    /^wrong program: \/usr\/bin\/kured-sentinel, which Kured calls, is missing$/m,
    'mv /root/kured-sentinel /usr/bin; rm /usr/local/bin/kured-sentinel',
  ],
  [
    'cp /usr/lib/kured-sentinel/dist/minute.cjs /root; : >/usr/lib/kured-sentinel/dist/minute.cjs',
    2,
    /^wrong program: \/usr\/lib\/kured-sentinel: dist\/minute\.cjs missing or empty$/m,
    'mv /root/minute.cjs /usr/lib/kured-sentinel/dist/',
  ],
  [
    'systemctl disable --now pacman-upgrade.timer',
    1,
    /^warning units: pacman-upgrade\.timer is disabled: this host does not upgrade by itself$/m,
    'systemctl enable --now pacman-upgrade.timer',
  ],
  [
    'sed -i s/25min/90s/ /etc/systemd/system/pacman-upgrade.service',
    1,
    /^warning units: pacman-upgrade\.service has changed since systemd read it\nwarning units: \/etc\/systemd\/system\/pacman-upgrade\.service was edited/m,
    'kured-sentinel units install --role cache --force >&2',
  ],
  [
    'umount /var/lib/pacman/sync; systemctl start pacman-upgrade.service',
    2,
    /^wrong mounts: \/var\/lib\/pacman\/sync is not mounted$[^]*^warning units: the last upgrade, at \S+, was skipped: \/var\/lib\/pacman\/sync is not mounted\. To do: systemctl start \/var\/lib\/pacman\/sync \(NFS needs nfs-utils\), .*$/m,
    'mount -t tmpfs tmpfs /var/lib/pacman/sync; pacman -Sy >&2; systemctl start pacman-upgrade.service',
  ],
  [
    'touch /var/cache/pacman/pkg/x; chown 65534 /var/cache/pacman/pkg/x',
    2,
    /^wrong mounts: \/var\/cache\/pacman\/pkg has files of nobody: its server maps root to nobody, so pacman cannot give its downloads to alpm$/m,
    'rm /var/cache/pacman/pkg/x',
  ],
  [
    'mount -o remount,ro /var/cache/pacman/pkg',
    2,
    /^wrong mounts: \/var\/cache\/pacman\/pkg cannot be written to/m,
    'mount -o remount,rw /var/cache/pacman/pkg',
  ],
  [
    'kured-sentinel hold --for 1h --reason "a new disk" >&2',
    0,
    /^ok state: reboots are held for \S+( \S+)* more: a new disk \(until /m,
    'kured-sentinel release >&2',
  ],
  [
    'echo garbage >/var/lib/kured-sentinel/requests.json',
    1,
    /^warning state: .*requests\.json cannot be read/m,
    `echo '{"version":1,"requests":[]}' >/var/lib/kured-sentinel/requests.json`,
  ],
  [
    'sed -i s/:/=/ /usr/share/kured-sentinel/kured-values.yaml',
    2,
    /^wrong package: kured-sentinel 0\.1\.0-1: 1 of its files modified or missing$/m,
    'pacman -S --noconfirm kured-sentinel >&2',
  ],
  [
    'mv /usr/bin/kubectl /root; printf "#!/bin/sh\\nexec sleep 100\\n" >/usr/bin/kubectl; chmod +x /usr/bin/kubectl',
    2,
    /^wrong kured: could not be checked: the pods of node-3\.lab cannot be listed: no answer within 10 s$/m,
    'mv /root/kubectl /usr/bin',
  ],
]

/** Twenty-five times doctor: on a loaded machine each takes seconds. */
const LONG = { timeout: 420_000 }

gatedTest(
  labProblem(),

  'a node that is well, and each thing broken and mended',
  async () => {
    await using node = await bootNode(SHARED)
    await makeWell(node)
    await node.asKured(['/usr/bin/kured-sentinel'])
    const well = await doctor(node)
    assert.deepEqual(
      well.lines.filter((line) => !line.startsWith('ok ')),
      [],
    )
    assert.equal(well.exitCode, 0)
    const areas = [
      'program',
      'package',
      'configuration',
      'pacman',
      'lock',
      'ignored',
      'mounts',
      'units',
      'state',
      'kernel',
      'boot',
      'check',
      'kured',
    ]
    for (const area of areas) {
      assert.ok(
        well.lines.some((line) => line.startsWith(`ok ${area}: `)),
        area,
      )
    }

    for (const [damage, exitCode, says, mending] of BREAKAGES) {
      await node.shell(damage)
      const { lines, exitCode: code } = await doctor(node)
      assert.match(lines.join('\n'), says)
      assert.equal(code, exitCode, lines.join('\n'))
      await node.shell(mending)
    }
    assert.equal((await doctor(node)).exitCode, 0)
    const before = await files(node)
    assert.equal((await doctor(node)).exitCode, 0)
    const after = await files(node)
    assert.deepEqual(
      after.filter((file) => !before.includes(file)),
      [],
      'it only reads',
    )
    assert.equal(before.length, after.length)

    await node.shell(`kured-sentinel ignore remove kubelet >&2; umount /boot
rm /run/kured-sentinel/asked; touch -d '2 days ago' /var/lib/pacman/db.lck`)
    await callsKured(node, ['--reboot-sentinel=/sentinel/reboot-required', REBOOT])
    await followConsole(
      consoleBlock('docs/fitness.md', '# kured-sentinel doctor; echo $?'),
      async (script) => (await node.run(['/bin/sh', '-c', script])).stdout,
      80,
    )
  },
  LONG,
)

/** Every file that a look might touch, with its times. */
async function files(node: LabNode): Promise<string[]> {
  const found = await node.shell(
    'find /etc /var /boot /tmp /root /usr/lib/kured-sentinel -printf "%p %s %T@ %i\\n"',
  )
  // The journal grows by itself, and ignore check has its copy of the databases in /tmp for a moment.
  return found.split('\n').filter((line) => !/^(\/var\/log\/|\/tmp )/.test(line))
}

labTest('ignored packages that stop the next upgrade; Kured and its chart’s trap', async () => {
  await using node = await bootNode(SHARED)
  await makeWell(node)
  await offer(node, kubelet('1.31'), cni('1.1', 'kubelet>=1.31'))
  await node.ok(['pacman', '-Sy'])
  const blocked = await doctor(node)
  assert.equal(blocked.exitCode, 2)
  assert.match(
    blocked.lines.join('\n'),
    /^wrong ignored: ignored packages stop the next upgrade: kubelet$/m,
  )

  await callsKured(node, ['--reboot-sentinel=/sentinel/reboot-required'])
  const { lines, advice: todo } = await doctor(node)
  assert.match(
    lines.join('\n'),
    /^wrong kured: kured-system\/kured-x7k2p calls no command, but waits for the file \/sentinel\/reboot-required$/m,
  )
  assert.match(todo.join('\n'), /useRebootSentinelHostPath: false/)

  await node.shell(`kured-sentinel ignore remove kubelet
pacman -R --noconfirm cni kubelet; rm /usr/bin/kubectl`)
  const parts = (of: string) =>
    ['kubelet', 'kubeadm', 'kubectl'].map((name) => ({
      ...kubelet(of),
      name: `${name}-bin`,
      files: {
        [`/usr/bin/${name}`]: { content: `#!/bin/sh\necho Kubernetes v${of}\n`, mode: 0o755 },
      },
    }))
  await install(node, ...parts('1.36.3'))
  await callsKured(node, [SENTINEL, REBOOT], '1.36.3')
  await node.ok(['kured-sentinel', 'ignore', 'add', 'kubelet-bin', 'kubeadm-bin', 'kubectl-bin'])
  await offer(node, ...parts('1.37.2'))
  await followConsole(
    consoleBlock('docs/kubernetes.md', '# pacman -Sy && kured-sentinel ignore list'),
    async (script) => (await node.run(['/bin/sh', '-c', script])).stdout,
  )

  await node.ok(['chmod', '700', '/boot'])
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const unseen = await node.run([...nobody, 'kured-sentinel', 'doctor'])
  assert.equal(unseen.exitCode, 1, unseen.stdout + unseen.stderr)
  assert.match(unseen.stdout, /^warning +program +runs as an ordinary user/m)
  assert.match(unseen.stdout, /^unknown +boot +could not be seen: \/boot\S*: permission denied$/m)
  assert.match(unseen.stdout, /^unknown +check +only root can see which code processes run$/m)
})

/** An automount whose mount never comes, as from a server that is gone. */
const NEVER = `
mknod /dev/autofs c 10 235 && systemctl daemon-reexec
cd /run/systemd/system
printf '[Service]\\nType=oneshot\\nTimeoutStartSec=infinity\\nExecStart=/bin/sleep infinity\\n' >never.service
printf '[Unit]\\nRequires=never.service\\nAfter=never.service\\n[Mount]\\nWhat=nas:/sync\\nWhere=/var/lib/pacman/sync\\nType=nfs4\\n' >var-lib-pacman-sync.mount
printf '[Automount]\\nWhere=/var/lib/pacman/sync\\n' >var-lib-pacman-sync.automount
systemctl daemon-reload && systemctl start var-lib-pacman-sync.automount`

labTest('a server that never answers is a line, and no hang', async () => {
  await using node = await bootNode()
  await node.ok(['kured-sentinel', 'units', 'install', '--enable'])
  await node.shell(NEVER)
  const began = performance.now()
  const { exitCode, lines } = await doctor(node)
  assert.ok(performance.now() - began < 30_000)
  assert.equal(exitCode, 2)
  const shown = lines.join('\n')
  assert.match(
    shown,
    /^wrong mounts: \S+sync \(systemd-1\) does not answer: no answer within 5 s$/m,
  )
  assert.match(shown, /^wrong ignored: \S+sync does not answer: no answer within 5 s$/m)
  assert.match(shown, /^ok configuration: /m)
  assert.equal((await node.run(['pgrep', '-x', 'stat'])).exitCode, 1, 'and nothing is left behind')
})
