import { judgeKured } from './kured-pod.ts'
import {
  type DoctorCheck,
  type DoctorContext,
  type DoctorFinding,
  ok,
  unknown,
  warning,
} from './line.ts'
import type { Host } from '../host/host.ts'
import { errorText } from '../errors.ts'
import { LATE_MS, sinceAsked } from '../kubernetes/asked.ts'
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

/** Whether this node's Kured calls our command: by its questions, and by what the API shows of it. */
export const kured: DoctorCheck = {
  area: 'kured',
  async look(place) {
    const { host, isRoot } = place
    const asked = judgeAsked(host)
    const kubeconfig = distributionOf(host)?.kubeconfig
    if (kubeconfig === undefined || kubectlOf(host) === undefined) {
      const missing = kubeconfig === undefined ? KUBELET_CONFIG : KUBECTL
      const message = `Kured’s settings cannot be seen from here: there is no ${missing}`
      return [asked, unknown(message, 'kured-sentinel cluster, where kubectl works')]
    }
    if (!isRoot) return [asked, unknown('only root can see what Kured calls', 'run it as root')]
    const pods = await podsOf(place, kubeconfig)
    return [asked, ...judgeKured(pods, (path) => isThere(host, path))]
  },
}

const SILENT =
  'see that Kured runs, and calls kured-sentinel, as in /usr/share/kured-sentinel/kured-values.yaml: kubectl logs --namespace kured-system daemonset/kured'

/**
 * Whether Kured has asked since the boot. It needs no kubeconfig, and so tells on every distribution
 * of Kubernetes where a chart has dropped the command, and Kured waits for a file.
 */
export function judgeAsked(host: Host): DoctorFinding {
  let since: number | undefined
  try {
    since = sinceAsked(host)
  } catch (error) {
    return unknown(`when Kured last asked: ${errorText(error)}`)
  }
  const booted = Math.round(host.uptime()) * 1000
  if (since === undefined) {
    const message = `Kured has not asked since the boot, ${durationText(booted)} ago`
    return booted < LATE_MS ? unknown(message) : warning(message, SILENT)
  }
  const message = `Kured last asked ${durationText(since)} ago`
  return since < LATE_MS ? ok(message) : warning(`${message}, and should every minute`, SILENT)
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
