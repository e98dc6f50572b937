/** A node of the lab that is a node of the cluster. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootNode, type NodeOptions } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { run, type Run } from '../lab/run.ts'
import { type Api, ifThere } from './api.ts'
import type { Cluster } from './cluster.ts'
import { Kubelet } from './kubelet.ts'
import { type Certificate, kubeconfig } from './pki.ts'
import { KUBECTL } from './tools.ts'

const PEM = '/var/lib/kubelet/pki/kubelet-client-current.pem'

export class Member {
  readonly name: string
  readonly node: LabNode
  /** as the kubelet itself */
  readonly api: Api
  readonly #cluster: Cluster
  readonly #kubelet: Kubelet

  /** A new node that has joined as kubeadm lets it; its kubelet is a stand-in. */
  static async join(cluster: Cluster, name: string, options: NodeOptions = {}): Promise<Member> {
    const user = cluster.authority.client(name, `/O=system:nodes/CN=system:node:${name}`)
    const node = await bootNode({
      ...options,
      nspawn: [`--bind-ro=${KUBECTL}:/usr/bin/kubectl`],
      async prepare(root) {
        writeCredentials(root, cluster, user)
        await options.prepare?.(root)
      },
    })
    const member = new Member(cluster, name, node, cluster.apiAs(user))
    try {
      await member.#kubelet.start()
      return member
    } catch (error) {
      await member[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(cluster: Cluster, name: string, node: LabNode, api: Api) {
    this.#cluster = cluster
    this.name = name
    this.node = node
    this.api = api
    this.#kubelet = new Kubelet(api, name, node)
  }

  /** Waits for the end of the boot, and for the next one: kubelet's end and start are the node's. */
  async reboot(): Promise<void> {
    const end = await this.node.waitForEnd()
    if (end !== 'reboot') throw new Error(`${this.name} ended with a ${end}`)
    await this.#kubelet.stop()
    await this.node.boot()
    await this.#kubelet.start()
  }

  /**
   * Runs a program as from a shell in the node, but in this machine's network, where the API is: the
   * loopback address of the node is another one.
   */
  online(argv: string[]): Promise<Run> {
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', HOME: '/root' }
    const namespaces = ['-t', `${this.node.leader}`, '-m', '-p', '-u', '-i', '-C']
    return run(['nsenter', ...namespaces, '--wdns=/', '--', ...argv], { env })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kubelet.stop()
    this.api.close()
    await this.node.discard()
    await this.#leave()
  }

  /** Nobody is left to end its pods: without force they would stay for good. */
  async #leave(): Promise<void> {
    const { api } = this.#cluster
    await ifThere(api.delete(`/api/v1/nodes/${this.name}`))
    const selector = `fieldSelector=spec.nodeName%3D${this.name}`
    for (const { metadata } of await api.items(`/api/v1/pods?${selector}`)) {
      const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`
      await ifThere(api.delete(path, { gracePeriodSeconds: 0 }))
    }
  }
}

/** What kubeadm leaves on a node; the kubelet renews its certificate in a file of its own. */
function writeCredentials(root: string, cluster: Cluster, user: Certificate): void {
  const { certificate, key } = user
  mkdirSync(join(root, 'var/lib/kubelet/pki'), { recursive: true })
  mkdirSync(join(root, 'etc/kubernetes'), { recursive: true })
  writeFileSync(join(root, PEM), readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'))
  chmodSync(join(root, PEM), 0o600)
  const config = kubeconfig(cluster.server, cluster.authority.certificate, {
    'client-certificate': PEM,
    'client-key': PEM,
  })
  writeFileSync(join(root, 'etc/kubernetes/kubelet.conf'), config, { mode: 0o600 })
}

/** Gives a node an administrator's kubeconfig, with all in it. @returns its path there */
export async function adminConfig(cluster: Cluster, member: Member): Promise<string> {
  const { stdout } = await cluster.kubectl('config', 'view', '--raw', '--flatten')
  const path = '/root/admin.conf'
  await member.node.writeFile(path, stdout)
  return path
}
