import { judgeKured } from './kured-pod.ts'
import { type DoctorCheck, type DoctorContext, type DoctorFinding, ok, warning } from './line.ts'
import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import {
  distributionOf,
  isThere,
  KUBECTL,
  kubectlOf,
  KUBELET_CONFIG,
} from '../kubernetes/distribution.ts'
import { askApi, itemsOf } from '../kubernetes/kubectl.ts'
import { kubeletUser, nodeName } from '../kubernetes/kubelet.ts'
import { durationText } from '../text/duration.ts'

/** Whether this node's Kured calls our command, as far as the kubelet's credentials can see. */
export const kured: DoctorCheck = {
  area: 'kured',
  async look(place) {
    const { host, isRoot } = place
    const kubeconfig = distributionOf(host)?.kubeconfig
    const asked = judgeAsked(host, kubeconfig !== undefined)
    if (kubeconfig === undefined || kubectlOf(host) === undefined) {
      const missing = kubeconfig === undefined ? KUBELET_CONFIG : KUBECTL
      return [...asked, ok(`not checked: there is no ${missing} (Kured’s log shows its commands)`)]
    }
    if (!isRoot) return [...asked, warning('only root can see what Kured calls', 'run it as root')]
    const pods = await podsOf(place, kubeconfig)
    return [...asked, ...judgeKured(pods, (path) => isThere(host, path))]
  },
}

/** Made by bin/kured-sentinel: the uptime at which Kured last asked, in seconds. */
const ASKED_FILE = '/run/kured-sentinel/asked'

/** Kured asks every minute. In seconds. */
const LATE = 600

/**
 * When Kured last asked in this boot.
 *
 * @param isNode whether the host has a kubelet, and so should have been asked
 */
export function judgeAsked(host: Host, isNode: boolean): DoctorFinding[] {
  const at = ifThere(() => host.readText(ASKED_FILE))
  if (at === undefined) {
    if (!isNode || host.uptime() < LATE) return []
    return [
      warning('Kured has not asked in this boot', 'see its log, and the command that it calls'),
    ]
  }
  const ago = host.uptime() - Number.parseFloat(at)
  if (!(ago >= 0)) return []
  const message = `Kured last asked ${durationText(Math.round(ago) * 1000)} ago`
  return [ago < LATE ? ok(message) : warning(message, 'see Kured’s log: it asks every minute')]
}

/** In ms. Without an answer kubectl itself gives up after 10 s only. */
const API_MS = 10_000

/**
 * The pods of the node, as the API gives them. A kubelet may list only those of its own node, and
 * only with this selector. [Kubernetes, Node authorizer]
 */
async function podsOf({ host, deadline }: DoctorContext, kubeconfig: string): Promise<unknown> {
  const node = nodeName(host, kubeconfig)
  const selector = encodeURIComponent(`spec.nodeName=${node}`)
  const query = `/api/v1/pods?fieldSelector=${selector}`
  const limits = { timeoutMs: Math.min(API_MS, deadline.left()) }
  const what = `the pods of ${node} cannot be listed`
  const answer = await askApi(host, kubeletUser(kubeconfig), what, query, limits)
  itemsOf(answer, what)
  return answer
}
