import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { field, list, text } from '../kubernetes/json.ts'
import { distributionOf, kubectlOf } from '../kubernetes/distribution.ts'
import { askApi } from '../kubernetes/kubectl.ts'
import { kubeletUser, nodeName } from '../kubernetes/kubelet.ts'

const API_MS = 10_000

/** Whether the cluster takes this node for ready. unknown is not bad: the API may be what is away. */
export type NodeReady =
  { state: 'ready' } | { state: 'not-ready'; why: string } | { state: 'unknown'; why: string }

/**
 * Asks the API with the kubelet's own kubeconfig.
 *
 * @returns undefined where there is no kubelet's kubeconfig
 */
export async function askNodeReady(host: Host): Promise<NodeReady | undefined> {
  const kubeconfig = distributionOf(host)?.kubeconfig
  if (kubeconfig === undefined) return undefined
  if (kubectlOf(host) === undefined) return { state: 'unknown', why: 'there is no kubectl' }
  try {
    const node = nodeName(host, kubeconfig)
    const what = `the node ${node} cannot be read`
    const limits = { timeoutMs: API_MS }
    const query = `/api/v1/nodes/${node}`
    return judgeNodeReady(await askApi(host, kubeletUser(kubeconfig), what, query, limits))
  } catch (error) {
    return { state: 'unknown', why: errorText(error) }
  }
}

/**
 * @param node as the API gives it. Status Unknown: the kubelet has not been heard for 40 s, which
 * after a boot is the state from before it [Kubernetes, node-monitor-grace-period]
 */
export function judgeNodeReady(node: unknown): NodeReady {
  const conditions = list(field(node, 'status', 'conditions'))
  const ready = conditions.find((one) => field(one, 'type') === 'Ready')
  const status = text(field(ready, 'status'))
  if (status === 'True') return { state: 'ready' }
  if (status !== 'False') return { state: 'unknown', why: 'the API does not know' }
  const why = text(field(ready, 'message')) || text(field(ready, 'reason'))
  return { state: 'not-ready', why }
}
