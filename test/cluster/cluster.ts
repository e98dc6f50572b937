/**
 * A real control plane on the loopback address, for tests: etcd, kube-apiserver,
 * kube-controller-manager and kube-scheduler, with an authority and a directory of their own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, type Run } from '../lab/run.ts'
import { Api, ifThere } from './api.ts'
import { Daemon, freePorts } from './daemon.ts'
import { Authority, type Certificate, kubeconfig, signingKey } from './pki.ts'
import { CONTROL_PLANE, KUBECTL } from './tools.ts'
import { until } from './until.ts'

const startMs = 120_000

/** Nobody else to leave work to, nobody who asks how it is, and no reason to hold back. */
const alone = [
  '--leader-elect=false',
  '--secure-port=0',
  '--kube-api-qps=1000',
  '--kube-api-burst=2000',
]

export class Cluster {
  readonly server: string
  /** as cluster-admin; there from the start on */
  readonly api: Api
  /** a kubeconfig of the same user */
  readonly adminConfig: string
  readonly authority: Authority
  readonly #directory: string
  readonly #ports: { etcd: number; peer: number; api: number }
  readonly #signingKey: { private: string; public: string }
  readonly #daemons: Daemon[] = []
  #controllers: Daemon | undefined

  static async start(): Promise<Cluster> {
    const [etcd = 0, peer = 0, api = 0] = await freePorts(3)
    const cluster = new Cluster({ etcd, peer, api })
    try {
      await cluster.#start()
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(ports: { etcd: number; peer: number; api: number }) {
    this.#ports = ports
    this.#directory = mkdtempSync(join(tmpdir(), 'kured-sentinel-cluster-'))
    this.authority = new Authority(this.#directory)
    this.#signingKey = signingKey(this.#directory)
    this.server = `https://127.0.0.1:${ports.api}`
    const admin = this.authority.client('admin', '/O=system:masters/CN=admin')
    this.api = this.apiAs(admin)
    this.adminConfig = this.#configFile('admin', admin)
  }

  apiAs(user: Certificate): Api {
    return new Api(this.server, this.authority.certificate, user)
  }

  /** Runs kubectl, as cluster-admin unless its arguments say otherwise. */
  kubectl(...args: string[]): Promise<Run> {
    // Its cache of what the server has would go below HOME.
    const env = { PATH: '/usr/bin:/bin', HOME: this.#directory, KUBECONFIG: this.adminConfig }
    return run([KUBECTL, ...args], { env, timeoutMs: 120_000 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api.close()
    await Promise.all(this.#daemons.map((daemon) => daemon.kill()))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** Does something while no controller looks: they start anew on what is there then. */
  async withoutControllers(work: () => Promise<void>): Promise<void> {
    await this.#controllers?.kill()
    await work()
    this.#startControllers()
  }

  async #start(): Promise<void> {
    this.#launch('etcd', this.#etcdOptions())
    this.#launch('kube-apiserver', this.#apiserverOptions())
    await this.#ready('the API', () => this.api.get('/readyz'))
    this.#startControllers()
    this.#launch('kube-scheduler', [
      `--kubeconfig=${this.#clientConfig('kube-scheduler')}`,
      ...alone,
    ])
    // Pods are refused before their namespace has its service account.
    await this.#ready('the controllers', () => ifThere(this.api.get(accountOf('default'))))
  }

  #startControllers(): void {
    this.#controllers = this.#launch('kube-controller-manager', [
      `--kubeconfig=${this.#clientConfig('kube-controller-manager')}`,
      `--service-account-private-key-file=${this.#signingKey.private}`,
      `--root-ca-file=${this.authority.certificate}`,
      '--use-service-account-credentials',
      // Nodes of a crowd have nobody who says again and again that they are there.
      '--node-monitor-grace-period=1h',
      ...alone,
    ])
  }

  #etcdOptions(): string[] {
    const { etcd, peer } = this.#ports
    const [client, own] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peer}`]
    return [
      `--data-dir=${join(this.#directory, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${own}`,
      `--initial-advertise-peer-urls=${own}`,
      `--initial-cluster=default=${own}`,
      // Nothing of it outlives the test.
      '--unsafe-no-fsync',
    ]
  }

  #apiserverOptions(): string[] {
    const key = this.#signingKey
    const serving = this.authority.server('kube-apiserver')
    return [
      `--etcd-servers=http://127.0.0.1:${this.#ports.etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${this.#ports.api}`,
      // Endpoints cannot be loopback addresses, so the API announces itself to nobody.
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--tls-cert-file=${serving.certificate}`,
      `--tls-private-key-file=${serving.key}`,
      `--client-ca-file=${this.authority.certificate}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key.public}`,
      `--service-account-signing-key-file=${key.private}`,
      // As kubeadm sets it up: a kubelet may see and change what is its node's, and no more.
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged',
    ]
  }

  #launch(name: string, options: string[]): Daemon {
    const log = join(this.#directory, `${name}.log`)
    const daemon = new Daemon(name, [CONTROL_PLANE, name, ...options], log)
    this.#daemons.push(daemon)
    return daemon
  }

  #ready(what: string, ask: () => Promise<unknown>): Promise<true> {
    const answers = async () => {
      for (const daemon of this.#daemons) daemon.check()
      try {
        return (await ask()) !== undefined
      } catch {
        // Nobody listens yet, or it says itself that it is not ready.
        return false
      }
    }
    return until(what, async () => (await answers()) || undefined, startMs)
  }

  #clientConfig(name: string): string {
    return this.#configFile(name, this.authority.client(name, `/CN=system:${name}`))
  }

  #configFile(name: string, { certificate, key }: Certificate): string {
    const path = join(this.#directory, `${name}.conf`)
    const user = { 'client-certificate': certificate, 'client-key': key }
    writeFileSync(path, kubeconfig(this.server, this.authority.certificate, user), { mode: 0o600 })
    return path
  }
}

/** Where a namespace's service account is, which pods are refused without. */
export function accountOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/serviceaccounts/default`
}
