/** What `doctor` makes of the Kured of this node, and of its ignored packages. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { judgeEntries, judgeIgnored, judgeParts } from '../../src/doctor/ignored.ts'
import { judgeAsked, kured } from '../../src/doctor/kured.ts'
import { judgeKured } from '../../src/doctor/kured-pod.ts'
import { Host } from '../../src/host/host.ts'
import { nodeName } from '../../src/kubernetes/kubelet.ts'
import type { IgnoredEntry } from '../../src/ignored/list.ts'
import { placeOf, said, shown } from '../fixture/doctor.ts'
import { CERTIFICATE, CHART_ARGS, KUBECONFIG, podList } from '../fixture/kubelet.ts'
import { documentedValues } from '../fixture/shipped.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const SENTINEL = '--reboot-sentinel-command=/usr/bin/kured-sentinel'
const REBOOT = '--reboot-command=/usr/bin/kured-sentinel reboot'
const OURS = 'ok: kured-system/kured-x7k2p calls /usr/bin/kured-sentinel'
const GATE = 'ok: kured-system/kured-x7k2p reboots by /usr/bin/kured-sentinel reboot'
const UNGATED = (command: string) =>
  `warning: kured-system/kured-x7k2p reboots by ${command}, which does not wait for upgrades`
const WAITS = (file: string) =>
  `wrong: kured-system/kured-x7k2p calls no command, but waits for the file ${file}`
const CALLS = (rest: string) => `wrong: kured-system/kured-x7k2p calls ${rest}`

const VARIABLE = { name: 'KURED_REBOOT_SENTINEL_COMMAND', value: '/usr/bin/kured-sentinel' }

type Case = [what: string, list: unknown, lines: string[]]

const CASES: Case[] = [
  ['as it should be', podList([...CHART_ARGS, SENTINEL, REBOOT]), [OURS, GATE]],
  ['the reboot is systemd’s own', podList([SENTINEL]), [OURS, UNGATED('/bin/systemctl reboot')]],
  [
    'the reboot is a signal',
    podList([SENTINEL, REBOOT, '--reboot-method=signal']),
    [OURS, UNGATED('a signal')],
  ],
  [
    'chart 5.4.0 has dropped the command',
    podList([...CHART_ARGS, '--reboot-sentinel=/sentinel/reboot-required', REBOOT]),
    [WAITS('/sentinel/reboot-required'), GATE],
  ],
  ['no option at all', podList([REBOOT]), [WAITS('/var/run/reboot-required'), GATE]],
  [
    'an older chart’s default',
    podList(['--reboot-sentinel-command=/sentinel/reboot-required', REBOOT]),
    [WAITS('/var/run/reboot-required'), GATE],
  ],
  [
    'options in two words',
    podList(['--reboot-sentinel-command', '/usr/bin/kured-sentinel', ...REBOOT.split('=')]),
    [OURS, GATE],
  ],
  [
    'the last of several counts',
    podList([SENTINEL, '--reboot-sentinel-command=/bin/false', REBOOT]),
    [CALLS('/bin/false, not kured-sentinel'), GATE],
  ],
  [
    'options from the environment',
    podList([], {
      env: [
        { name: 'KURED_NODE_ID', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'KURED_REBOOT_SENTINEL_COMMAND', value: '/usr/bin/kured-sentinel' },
        { name: 'KURED_REBOOT_COMMAND', value: '/usr/bin/kured-sentinel reboot' },
      ],
    }),
    [OURS, GATE],
  ],
  ...['kured:1.17.0', 'kured:v1.23.0@sha256:00', 'kured:main', 'kured'].map((image): Case => [
    `a variable is stronger than an argument: ${image}`,
    podList(['--reboot-sentinel-command=/bin/false', REBOOT], { image, env: [VARIABLE] }),
    [OURS, GATE],
  ]),
  ...['kured:1.16.0', 'kured:1.9.2-amd64', 'kured:0.1'].map((image): Case => [
    `an argument is stronger than a variable: ${image}`,
    podList(['--reboot-sentinel-command=/bin/false', REBOOT], { image, env: [VARIABLE] }),
    [CALLS('/bin/false, not kured-sentinel'), GATE],
  ]),
  [
    'a variable from elsewhere is stronger, and cannot be seen',
    podList([SENTINEL, REBOOT], {
      env: [{ name: 'KURED_REBOOT_COMMAND', valueFrom: { configMapKeyRef: { name: 'x' } } }],
      envFrom: [{ configMapRef: { name: 'more' } }, { secretRef: { name: 'secret' } }],
    }),
    [
      OURS,
      'warning: kured-system/kured-x7k2p takes KURED_REBOOT_COMMAND from elsewhere, where it cannot be seen',
      ...['ConfigMap more', 'Secret secret'].map(
        (source) =>
          `warning: kured-system/kured-x7k2p has variables of ${source}, which cannot be seen here: a KURED_… among them is stronger than an argument`,
      ),
    ],
  ],
  [
    'its container is started again and again',
    podList([SENTINEL, REBOOT], {
      container: {
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
      },
    }),
    [
      'wrong: kured-system/kured-x7k2p does not run: CrashLoopBackOff, started 7 times again',
      OURS,
      GATE,
    ],
  ],
  [
    'its image does not come',
    podList([SENTINEL, REBOOT], {
      phase: 'Pending',
      container: { ready: false, restartCount: 0, state: { waiting: { reason: 'ErrImagePull' } } },
    }),
    ['wrong: kured-system/kured-x7k2p does not run: ErrImagePull', OURS, GATE],
  ],
  [
    'its container has ended',
    podList([SENTINEL, REBOOT], { container: { state: { terminated: { exitCode: 1 } } } }),
    ['warning: kured-system/kured-x7k2p has ended, with 1', OURS, GATE],
  ],
  [
    'its container begins',
    podList([SENTINEL, REBOOT], {
      phase: 'Pending',
      container: { ready: false, state: { waiting: { reason: 'ContainerCreating' } } },
    }),
    ['warning: kured-system/kured-x7k2p is not running', OURS, GATE],
  ],
  [
    'it is not ready',
    podList([SENTINEL, REBOOT], { container: { ready: false, state: { running: {} } } }),
    ['warning: kured-system/kured-x7k2p is not ready', OURS, GATE],
  ],
  [
    'it runs, after a reboot that was called off',
    podList([SENTINEL, REBOOT], {
      container: { ready: true, restartCount: 1, state: { running: {} } },
    }),
    [OURS, GATE],
  ],
  [
    'through a shell, as docs/contract.md has it',
    podList([`--reboot-sentinel-command=${documentedValues().rebootSentinelCommand}`, REBOOT]),
    [`ok: kured-system/kured-x7k2p calls ${documentedValues().rebootSentinelCommand}`, GATE],
  ],
  [
    'another command',
    podList(['--reboot-sentinel-command=sh -c "! needrestart -b"', REBOOT]),
    [CALLS('sh -c "! needrestart -b", not kured-sentinel'), GATE],
  ],
  [
    'a place where there is none',
    podList(['--reboot-sentinel-command=/usr/local/bin/kured-sentinel', REBOOT]),
    [CALLS('/usr/local/bin/kured-sentinel, which is missing here'), GATE],
  ],
  [
    'a command that never is an answer',
    podList([`${SENTINEL} status`, REBOOT]),
    [CALLS('/usr/bin/kured-sentinel status, which always ends with 2'), GATE],
  ],
  [
    'the entry, run by Node as in 0.1.0',
    podList([
      `--reboot-sentinel-command=/usr/bin/node -e 'require("/usr/bin/kured-sentinel")'`,
      REBOOT,
    ]),
    [
      CALLS(
        `/usr/bin/node -e 'require("/usr/bin/kured-sentinel")': /usr/bin/kured-sentinel is a script of sh, for which Node always ends with 1`,
      ),
      GATE,
    ],
  ],
  [
    'a pod that does not run',
    podList([SENTINEL, REBOOT], { phase: 'Pending' }),
    ['warning: kured-system/kured-x7k2p is not running', OURS, GATE],
  ],
  ['no Kured here', { items: [] }, ['warning: no Kured runs on this node']],
  ['nothing that is a list', null, ['warning: no Kured runs on this node']],
]

for (const [asked, line] of [
  ['4970.11\n', 'ok: Kured last asked 30s ago'],
  ['4000.00\n', 'warning: Kured last asked 16min 40s ago, and should every minute'],
  [
    '6000.00\n',
    'unknown: when Kured last asked: /run/kured-sentinel/asked has no time of this boot',
  ],
  ['', 'unknown: when Kured last asked: /run/kured-sentinel/asked has no time of this boot'],
] as const) {
  test(`kured: it asked at ${JSON.stringify(asked)} of 5000 s of uptime`, () => {
    const tree = { 'proc/uptime': '5000.00 1.00\n', 'run/kured-sentinel/asked': asked }
    assert.deepEqual(shown([judgeAsked(new Host(makeTree(tree)))]), [line])
  })
}

test('kured: it never asked in this boot, on whatever distribution', async () => {
  const asked = (seconds: number) =>
    judgeAsked(new Host(makeTree({ 'proc/uptime': `${seconds}.00 1.00\n` })))
  assert.deepEqual(shown([asked(500)]), [
    'unknown: Kured has not asked since the boot, 8min 20s ago',
  ])
  assert.equal(asked(5000).state, 'warning')
  assert.match(asked(5000).advice ?? '', /calls kured-sentinel, as in .*kured-values\.yaml/)
  assert.deepEqual(await said(kured, { 'proc/uptime': '5000.00 1.00\n' }), [
    'warning: Kured has not asked since the boot, 1h 23min ago',
    'unknown: Kured’s settings cannot be seen from here: there is no /etc/kubernetes/kubelet.conf',
  ])
})

for (const [what, list, lines] of CASES) {
  test(`kured: ${what}`, () => {
    assert.deepEqual(shown(judgeKured(list, (path) => path === '/usr/bin/kured-sentinel')), lines)
  })
}

test('kured: the advice names the chart’s trap', () => {
  const [line] = judgeKured(podList(['--reboot-sentinel=/x']), () => true)
  assert.match(line?.advice ?? '', /useRebootSentinelHostPath: false .* since 5\.4\.0/)
})

for (const [args, advice] of [
  [[REBOOT], 'set rebootMethod: command'],
  [[], 'set rebootMethod: command, and rebootCommand: /usr/bin/kured-sentinel reboot'],
] as const) {
  test(`kured: what to do about a signal, with ${args.join('') || 'no command'}`, () => {
    const list = podList([SENTINEL, ...args, '--reboot-method=signal'])
    assert.equal(judgeKured(list, () => true)[1]?.advice, advice)
  })
}

test('kured: no JSON whatever stops the look', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (items, containers) => {
      judgeKured({ items }, () => true)
      judgeKured({ items: [{ spec: { containers } }] }, () => true)
    }),
  )
})

describe('the node’s name', () => {
  const nameIn = (tree: Tree) => nodeName(new Host(makeTree(tree)), '/etc/kubernetes/kubelet.conf')
  const PEM = 'var/lib/kubelet/pki/kubelet-client-current.pem'

  test('is that of the certificate', () => {
    const tree = { 'etc/kubernetes/kubelet.conf': KUBECONFIG }
    assert.equal(nameIn({ ...tree, [PEM]: CERTIFICATE }), 'node-3.lab')
    const data = Buffer.from(CERTIFICATE).toString('base64')
    const inside = KUBECONFIG.replace(/client-certificate: .*/, `client-certificate-data: ${data}`)
    assert.equal(nameIn({ 'etc/kubernetes/kubelet.conf': inside }), 'node-3.lab')
  })

  test('is not guessed', () => {
    const tree = { 'etc/kubernetes/kubelet.conf': KUBECONFIG }
    assert.throws(() => nameIn(tree), /ENOENT/)
    assert.throws(() => nameIn({ ...tree, [PEM]: 'garbage' }), /PEM/)
    const token = KUBECONFIG.replace(/client-certificate: .*/, 'token: abc')
    assert.throws(
      () => nameIn({ 'etc/kubernetes/kubelet.conf': token }),
      /has no certificate of a node/,
    )
  })
})

describe('kubectl', () => {
  const NEVER = 'unknown: Kured has not asked since the boot, 1min 40s ago'
  /** A host with a kubelet, and a script in the place of kubectl. */
  const withKubectl = (script: string) => {
    const place = placeOf({
      'etc/kubernetes/kubelet.conf': KUBECONFIG,
      'proc/uptime': '100.00 1.00\n',
      'var/lib/kubelet/pki/kubelet-client-current.pem': CERTIFICATE,
      'usr/bin/kured-sentinel': '',
      'usr/bin/kubectl': `#!/bin/sh\n${script}\n`,
    })
    chmodSync(place.host.path('/usr/bin/kubectl'), 0o755)
    return place
  }

  test('is asked once, for this node’s pods, with the kubelet’s credentials', async () => {
    const list = JSON.stringify(podList([SENTINEL, REBOOT]))
    const place = withKubectl(
      `echo "$@" "$HOME $KUBERC $PWD" >"$(dirname "$0")/asked"; echo '${list}'`,
    )
    assert.deepEqual(shown(await kured.look(place)), [NEVER, OURS, GATE])
    assert.equal(
      place.host.readText('/usr/bin/asked').replace(place.host.root, ''),
      '--kubeconfig /etc/kubernetes/kubelet.conf get --raw /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-3.lab /root off /\n',
    )
  })

  test('that fails, or gives nonsense, is an error with its words', async () => {
    const refused = withKubectl('echo "Error from server (Forbidden): no" >&2; exit 1')
    await assert.rejects(
      async () => kured.look(refused),
      /pods of node-3\.lab cannot be listed: Error from .*no$/,
    )
    const nonsense = withKubectl('echo "<html>"')
    await assert.rejects(
      async () => kured.look(nonsense),
      /pods of node-3\.lab cannot be listed: kubectl gives no JSON/,
    )
  })

  test('is not for everybody', async () => {
    const place = { ...withKubectl('exit 1'), isRoot: false }
    assert.deepEqual(shown(await kured.look(place)), [
      NEVER,
      'unknown: only root can see what Kured calls',
    ])
  })
})

describe('ignored packages', () => {
  const entry = (name: string, packages = [name], warnings: string[] = []): IgnoredEntry => ({
    name,
    file: '/etc/pacman.conf',
    line: 7,
    packages: packages.map((one) => ({ name: one, installed: '1-1' })),
    warnings,
  })

  test('each part of Kubernetes is ignored, by its name or a pattern, or is not', () => {
    assert.deepEqual(judgeParts(new Map(), []), [])
    const parts = new Map([
      ['kubelet-bin', { part: 'kubelet' as const }],
      ['kubeadm', { part: 'kubeadm' as const }],
    ])
    const judge = (entries: IgnoredEntry[]) => shown(judgeParts(parts, entries))
    assert.deepEqual(judge([entry('kube*', ['kubeadm', 'kubelet-bin'])]), [
      'ok: kubelet-bin is ignored',
      'ok: kubeadm is ignored',
    ])
    assert.deepEqual(judge([entry('kubelet')]), [
      'warning: kubelet-bin is not ignored: an upgrade may make it newer than the apiserver',
      'warning: kubeadm is not ignored: an upgrade may bring one that does not fit the apiserver',
    ])
    assert.equal(judgeParts(parts, [])[1]?.advice, 'kured-sentinel ignore add kubeadm')
  })

  test('entries, and those that hold nothing', () => {
    assert.deepEqual(shown(judgeEntries([])), ['ok: no package is ignored'])
    assert.deepEqual(
      shown(judgeEntries([entry('a'), entry('li*'), entry('b', [], ['is nowhere'])])),
      ['ok: ignored: a li*', 'warning: /etc/pacman.conf:7: b is nowhere'],
    )
  })

  test('what pacman says of the next upgrade', () => {
    const check = { blockers: [], waiting: [], errors: [], obstacles: [], warnings: [] }
    const x = {
      package: 'x',
      available: '2-1',
      kind: 'needed',
      dependency: 'x>=2',
      by: 'y',
    } as const
    const holds = [
      judgeIgnored({ ...check, verdict: 'fine' }),
      judgeIgnored({ ...check, verdict: 'blocked', blockers: [x, { ...x, by: 'z' }] }),
      judgeIgnored({ ...check, verdict: 'blocked' }),
      judgeIgnored({ ...check, verdict: 'unknown', errors: ['error: disk full'] }),
    ]
    assert.deepEqual(shown(holds), [
      'ok: no ignored package stops the next upgrade',
      'wrong: ignored packages stop the next upgrade: x',
      'wrong: ignored packages stop the next upgrade',
      'wrong: the next upgrade fails, even with nothing ignored: error: disk full',
    ])
  })
})
