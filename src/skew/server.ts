import { errorText, SentinelError } from '../errors.ts'
import { isRoot } from '../host/caller.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import {
  type Distribution,
  distributionOf,
  isThere,
  kubectlOf,
} from '../kubernetes/distribution.ts'
import { field, text } from '../kubernetes/json.ts'
import { askApi } from '../kubernetes/kubectl.ts'
import { kubeletUser } from '../kubernetes/kubelet.ts'
import { type KubernetesVersion, parseVersion } from './version.ts'

/** What must fit together on a node. */
export interface NodeVersions {
  server: KubernetesVersion
  /** the kubelet that the next start begins, whatever runs now */
  kubelet: KubernetesVersion
}

/** Where nobody can tell: neither wrong nor a hold-up. */
export interface UnknownVersions {
  unknown: string
}

/** In ms. */
const SERVER_MS = 10_000
const KUBELET_MS = 10_000

/**
 * The apiserver's version, as it says itself to the kubelet, and the kubelet's, as its program says.
 * Of several apiservers one answers: while they are upgraded, another may be older.
 *
 * @returns undefined where this is no node of a cluster, or its kubelet and apiserver are one program
 */
export function askVersions(
  host: Host,
  deadline: Deadline,
): Promise<NodeVersions | UnknownVersions | undefined> {
  return host.once('versions of Kubernetes', async () => {
    const distribution = distributionOf(host)
    if (distribution === undefined || isOwnServer(host, distribution)) return undefined
    try {
      const kubelet = await askKubelet(host, distribution, deadline)
      return { kubelet, server: await askServer(host, distribution, deadline) }
    } catch (error) {
      return { unknown: errorText(error) }
    }
  })
}

function isOwnServer(host: Host, { server }: Distribution): boolean {
  return server !== undefined && isThere(host, server)
}

async function askKubelet(
  host: Host,
  { kubelet: { paths, args } }: Distribution,
  deadline: Deadline,
): Promise<KubernetesVersion> {
  const path = paths.find((one) => isThere(host, one))
  if (path === undefined) throw new SentinelError(`there is no ${paths[0]}`)
  const timeoutMs = Math.min(KUBELET_MS, deadline.left())
  const ended = await awaitProgram(host.path(path), args, { timeoutMs })
  const [said = ''] = ended.stdout.toString().split('\n')
  const version = ended.exitCode === 0 ? parseVersion(said) : undefined
  if (version === undefined) throw new SentinelError(`${path} does not say its version`)
  return version
}

async function askServer(
  host: Host,
  { kubeconfig }: Distribution,
  deadline: Deadline,
): Promise<KubernetesVersion> {
  if (!isRoot()) throw new SentinelError(`only root may read ${kubeconfig}`)
  if (kubectlOf(host) === undefined) throw new SentinelError('there is no /usr/bin/kubectl')
  const limits = { timeoutMs: Math.min(SERVER_MS, deadline.left()) }
  const what = 'the apiserver does not say its version'
  const answer = await askApi(host, kubeletUser(kubeconfig), what, '/version', limits)
  const version = parseVersion(text(field(answer, 'gitVersion')))
  if (version === undefined) throw new SentinelError(what)
  return version
}
