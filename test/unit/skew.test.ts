/** Versions of Kubernetes: how they are read, and which fit together. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, test } from 'node:test'
import { judgeVersions } from '../../src/doctor/versions.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { Snapshot } from '../../src/host/snapshot.ts'
import { kubectlOf } from '../../src/kubernetes/distribution.ts'
import { judgeOffer, refuseKubelet } from '../../src/skew/fit.ts'
import { askVersions } from '../../src/skew/server.ts'
import { isNewer, parseVersion, type Part, refuseVersion } from '../../src/skew/version.ts'
import { shown } from '../fixture/doctor.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

function version(text: string) {
  const read = parseVersion(text)
  assert.ok(read, text)
  return read
}

for (const [said, text] of [
  ['v1.37.2', '1.37.2'],
  ['Kubernetes v1.36.3', '1.36.3'],
  ['k3s version v1.31.4+k3s1 (a562d090)', '1.31.4'],
  ['v1.31.4+k0s.0', '1.31.4'],
  ['v1.38.0-alpha.1', '1.38.0'],
  ['1.36.3-1', '1.36.3'],
  ['1:1.36.3-2', '1.36.3'],
  ['1.31.4.k3s1-1', '1.31.4'],
  ['2.0.0', undefined],
  ['11.36.3', undefined],
  ['1.36', undefined],
  ['r1234.abcdef-1', undefined],
  ['', undefined],
] as const) {
  test(`a version in ${JSON.stringify(said)}`, () => {
    assert.equal(parseVersion(said)?.text, text)
  })
}

for (const [part, text, misfit] of [
  ['kubelet', '1.37.9', undefined],
  ['kubelet', '1.34.0', undefined],
  ['kubelet', '1.38.0', 'newer than the apiserver, 1.37.2'],
  ['kubelet', '1.33.9', 'more than three minor versions older than the apiserver, 1.37.2'],
  ['kubeadm', '1.38.0', undefined],
  ['kubeadm', '1.36.0', undefined],
  ['kubeadm', '1.39.0', 'more than one minor version newer than the apiserver, 1.37.2'],
  ['kubectl', '1.35.0', 'more than one minor version older than the apiserver, 1.37.2'],
] as const satisfies [Part, string, string | undefined][]) {
  test(`${part} ${text} beside an apiserver 1.37.2`, () => {
    assert.equal(refuseVersion(part, version(text), version('1.37.2')), misfit)
  })
}

const KNOWN = { server: version('1.37.2'), kubelet: version('1.36.3') }
const offer = (installed: string, available: string) => {
  return { name: 'kubelet', part: 'kubelet' as const, installed, available }
}

test('an offer is judged if it is an upgrade', () => {
  assert.equal(isNewer(version('1.36.4'), version('1.36.3')), true)
  assert.equal(isNewer(version('1.35.9'), version('1.36.3')), false)
  const judge = (installed: string, available: string) =>
    judgeOffer(offer(installed, available), KNOWN)
  const message = 'fits the apiserver, 1.37.2'
  assert.deepEqual(judge('1.36.3-1', '1.37.2-1'), { fits: true, mayCome: true, message })
  const newer = {
    fits: false,
    mayCome: false,
    message: 'is newer than the apiserver, 1.37.2',
  }
  assert.deepEqual(judge('1.36.3-1', '1.38.0-1'), newer)
  assert.deepEqual(judge('unheard-of', '1.38.0-1'), newer)
  for (const available of ['1.36.3-2', '1.35.0-1', 'r12-1']) {
    assert.equal(judge('1.36.3-1', available), undefined, available)
  }
})

test('an upgrade that is still too old is not kept away: what is there is older', () => {
  const judge = (installed: string) => judgeOffer(offer(installed, '1.33.9-1'), KNOWN)
  const old = 'is more than three minor versions older than the apiserver, 1.37.2'
  assert.deepEqual(judge('1.32.0-1'), {
    fits: false,
    mayCome: true,
    message: `${old}, and 1.32.0 is older still`,
  })
  assert.deepEqual(judge('unheard-of'), { fits: false, mayCome: false, message: old })
  const known = { server: version('1.37.2'), kubelet: version('1.32.0') }
  const offers = [true, false].map((isIgnored) => ({ ...offer('1.32.0-1', '1.33.9-1'), isIgnored }))
  const [now, ...next] = judgeVersions(known, [], offers)
  assert.deepEqual(now, {
    state: 'wrong',
    message: `kubelet 1.32.0 ${old}; a reboot or restart starts it`,
    advice: 'upgrade the kubelet, after a drain: docs/kubernetes.md has the way',
  })
  assert.deepEqual(shown(next), [
    `ok: kubelet may be released: 1.33.9-1 ${old}, and 1.32.0 is older still`,
  ])
})

test('doctor: now, and after the next upgrade', () => {
  const next = (available: string, isIgnored: boolean) => [
    { ...offer('1.36.3-1', available), isIgnored },
  ]
  const good = 'ok: kubelet 1.36.3, which a reboot or restart starts, fits the apiserver, 1.37.2'
  assert.deepEqual(shown(judgeVersions(KNOWN, [], next('1.37.2-1', false))), [good])
  assert.deepEqual(shown(judgeVersions(KNOWN, [], next('1.37.2-1', true))), [
    good,
    'ok: kubelet may be released: 1.37.2-1 fits the apiserver, 1.37.2',
  ])
  assert.deepEqual(shown(judgeVersions(KNOWN, [], next('1.38.0-1', true))), [
    good,
    'ok: kubelet must stay ignored: 1.38.0-1 is newer than the apiserver, 1.37.2',
  ])
  const [, line] = judgeVersions(KNOWN, [], next('1.38.0-1', false))
  assert.deepEqual(line, {
    state: 'wrong',
    message: 'the next upgrade brings kubelet 1.38.0-1, which is newer than the apiserver, 1.37.2',
    advice: 'kured-sentinel ignore add kubelet',
  })
  const kubeadm = { name: 'kubeadm-bin', part: 'kubeadm' as const, installed: '1.35.0-1' }
  assert.deepEqual(
    shown(
      judgeVersions({ ...KNOWN, kubelet: version('1.38.0') }, [{ ...kubeadm, available: '' }], []),
    ),
    [
      'wrong: kubelet 1.38.0 is newer than the apiserver, 1.37.2; a reboot or restart starts it',
      'warning: kubeadm-bin 1.35.0-1 is more than one minor version older than the apiserver, 1.37.2',
    ],
  )
  const others = ['1.37.2-1', 'r7.abc-1'].map((installed) => ({
    ...kubeadm,
    installed,
    available: '',
  }))
  assert.deepEqual(shown(judgeVersions(KNOWN, others, [])).slice(1), [
    'ok: kubeadm-bin 1.37.2-1 fits the apiserver, 1.37.2',
    'unknown: kubeadm-bin r7.abc-1 has no version to compare',
  ])
})

/** A host with these programs, as scripts, and files. */
function hostWith(programs: Record<string, string>, tree: Tree = {}): Host {
  const scripts = Object.entries(programs).map(([path, script]) => [path, `#!/bin/sh\n${script}\n`])
  const host = new Host(makeTree({ ...tree, ...Object.fromEntries(scripts) }))
  for (const path of Object.keys(programs)) chmodSync(host.path(`/${path}`), 0o755)
  return host
}

const ask = (host: Host) => askVersions(host, new Deadline(20_000))
const SERVER = `echo '{"major":"1","minor":"37","gitVersion":"v1.37.2"}'`
const KUBEADM = { 'etc/kubernetes/kubelet.conf': '' }
const K3S = { 'var/lib/rancher/k3s/agent/kubelet.kubeconfig': '' }

describe('the node', { skip: process.getuid?.() === 0 ? false : 'only root asks the API' }, () => {
  test('of kubeadm', async () => {
    const programs = {
      'usr/bin/kubelet': `[ "$*" = --version ] && echo 'Kubernetes v1.36.3'`,
      'usr/bin/kubectl': `[ "$5" = /version ] && ${SERVER}`,
    }
    assert.deepEqual(await ask(hostWith(programs, KUBEADM)), KNOWN)
    assert.equal(await refuseKubelet(hostWith(programs, KUBEADM), new Deadline(20_000)), undefined)
    const newer = { ...programs, 'usr/bin/kubelet': 'echo Kubernetes v1.38.0' }
    assert.match(
      (await refuseKubelet(hostWith(newer, KUBEADM), new Deadline(20_000))) ?? '',
      /would start a kubelet that does not fit: kubelet 1\.38\.0 is newer than the apiserver, 1\.37\.2/,
    )
  })

  test('of k3s: its kubelet and kubectl are k3s itself', async () => {
    const k3s = `case $1 in
      --version) echo 'k3s version v1.36.3+k3s1 (abc)'; echo 'go version go1.26' ;;
      kubectl) ${SERVER} ;;
    esac`
    const host = hostWith({ 'usr/local/bin/k3s': k3s }, K3S)
    assert.deepEqual(kubectlOf(host), ['/usr/local/bin/k3s', 'kubectl'])
    assert.deepEqual(await ask(host), KNOWN)
    const server = hostWith(
      { 'usr/local/bin/k3s': k3s },
      { ...K3S, 'var/lib/rancher/k3s/server/token': '' },
    )
    assert.equal(await ask(server), undefined, 'its apiserver is the same program')
  })

  test('of k0s', async () => {
    const k0s = `case $1 in version) echo v1.36.3+k0s.0 ;; kubectl) ${SERVER} ;; esac`
    const host = hostWith({ 'usr/local/bin/k0s': k0s }, { 'var/lib/k0s/kubelet.conf': '' })
    assert.deepEqual(await ask(host), KNOWN)
  })

  test('of rke2: kubectl is in its own directory', async () => {
    const programs = {
      'usr/local/bin/rke2': `[ "$*" = --version ] && echo 'rke2 version v1.36.3+rke2r1 (abc)'`,
      'var/lib/rancher/rke2/bin/kubectl': `[ "$5" = /version ] && ${SERVER}`,
    }
    const tree = { 'var/lib/rancher/rke2/agent/kubelet.kubeconfig': '' }
    assert.deepEqual(await ask(hostWith(programs, tree)), KNOWN)
    const server = { ...tree, 'var/lib/rancher/rke2/server/token': '' }
    assert.equal(await ask(hostWith(programs, server)), undefined)
  })

  test('of no cluster', async () => {
    assert.equal(await ask(hostWith({})), undefined)
  })

  test('on which somebody does not answer: unknown, and no reboot is refused', async () => {
    const kubelet = { 'usr/bin/kubelet': 'echo Kubernetes v1.38.0' }
    for (const [programs, reason] of [
      [kubelet, /no \/usr\/bin\/kubectl/],
      [{ ...kubelet, 'usr/bin/kubectl': 'echo refused >&2; exit 1' }, /does not say.*: refused/],
      ...['{}', 'null', '[]', '{"gitVersion":', '<html>', '', '"v1.37.2"'].map(
        (said) =>
          [
            { ...kubelet, 'usr/bin/kubectl': `echo '${said}'` },
            /does not say its version/,
          ] as const,
      ),
      ...['v2.0.0', 'v1', 'master', 'v1.37', '1.37.2\\u001b[31m', 'v-1.37.2', 'v1.9999.1', 1].map(
        (said) => {
          const answer = JSON.stringify({ gitVersion: said }).replaceAll('\\\\', '\\')
          const kubectl = `cat <<'EOF'\n${answer}\nEOF`
          return [{ ...kubelet, 'usr/bin/kubectl': kubectl }, /does not say its version/] as const
        },
      ),
      [{ 'usr/bin/kubectl': SERVER }, /no \/usr\/bin\/kubelet/],
      [{ 'usr/bin/kubectl': SERVER, 'usr/bin/kubelet': 'exit 1' }, /kubelet does not say/],
    ] as const) {
      const host = hostWith(programs, KUBEADM)
      const known = await ask(host)
      assert.match(known && 'unknown' in known ? known.unknown : '', reason)
      assert.equal(await refuseKubelet(host, new Deadline(20_000)), undefined)
    }
    const hanging = { ...kubelet, 'usr/bin/kubectl': 'exec sleep 60' }
    const began = performance.now()
    const late = await askVersions(hostWith(hanging, KUBEADM), new Deadline(1500))
    assert.match(late && 'unknown' in late ? late.unknown : '', /no answer within/)
    assert.ok(performance.now() - began < 20_000)
  })

  test('is asked through the host’s network where Kured runs it', async () => {
    const host = hostWith(
      {
        'usr/bin/kubelet': 'echo Kubernetes v1.36.3',
        'usr/bin/kubectl': 'exit 1',
        'usr/bin/nsenter': `[ "$1 $2" = '--net=/proc/1/ns/net --' ] && shift 2 && exec "$@"`,
      },
      KUBEADM,
    )
    process.env['KURED_NODE_ID'] = 'node-3'
    try {
      // It comes to kubectl, which fails here, and only by way of nsenter.
      const refused = await ask(host)
      assert.match(
        refused && 'unknown' in refused ? refused.unknown : '',
        /does not say its version/,
      )
      host.write('/usr/bin/kubectl', `#!/bin/sh\n${SERVER}\n`, 0o755)
      assert.deepEqual(await ask(host), KNOWN)
      host.remove('/usr/bin/nsenter')
      assert.notDeepEqual(await ask(host), KNOWN)
    } finally {
      delete process.env['KURED_NODE_ID']
    }
  })

  test('is asked once a command', async () => {
    const count = 'echo x >>"$(dirname "$0")/asked"'
    const programs = {
      'usr/bin/kubelet': 'echo Kubernetes v1.36.3',
      'usr/bin/kubectl': `${count}; ${SERVER}`,
    }
    const host = new Snapshot(hostWith(programs, KUBEADM).root)
    await Promise.all([ask(host), ask(host)])
    assert.equal(host.readText('/usr/bin/asked'), 'x\n')
  })
})
