import { X509Certificate } from 'node:crypto'
import { judgeKured } from './kured-pod.ts'
import { type DoctorCheck, type DoctorContext, type DoctorFinding, ok, warning } from './line.ts'
import { errorCode, ifThere, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import { durationText } from '../text/duration.ts'

const KUBECTL = '/usr/bin/kubectl'

/** Whether this node's Kured calls our command, as far as the kubelet's credentials can see. */
export const kured: DoctorCheck = {
  area: 'kured',
  async look(place) {
    const { host, isRoot } = place
    const missing = [CREDENTIALS, KUBECTL].find((path) => !isThere(host, path))
    const asked = judgeAsked(host, missing !== CREDENTIALS)
    if (missing !== undefined) {
      return [...asked, ok(`not checked: there is no ${missing} (Kured’s log shows its commands)`)]
    }
    if (!isRoot) return [...asked, warning('only root can see what Kured calls', 'run it as root')]
    const pods = await podsOf(place, nodeName(host))
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

/**
 * The pods of the node, as the API gives them. A kubelet may list only those of its own node, and
 * only with this selector. [Kubernetes, Node authorizer] With --raw, kubectl makes only this
 * request; otherwise it also asks for the API's resources, and keeps them in ~/.kube/cache.
 */
async function podsOf({ host, deadline }: DoctorContext, node: string): Promise<unknown> {
  const selector = encodeURIComponent(`spec.nodeName=${node}`)
  const query = `/api/v1/pods?fieldSelector=${selector}`
  const args = ['--kubeconfig', host.path(CREDENTIALS), 'get', '--raw', query]
  const timeoutMs = Math.min(15_000, deadline.left())
  const ended = await awaitProgram(host.path(KUBECTL), args, { timeoutMs })
  const said = ended.timedOut
    ? `no answer within ${timeoutMs / 1000} s`
    : ended.stderr.trim().split('\n').at(-1)
  if (ended.exitCode !== 0) throw new SentinelError(`the pods of ${node} cannot be listed: ${said}`)
  try {
    return JSON.parse(ended.stdout.toString())
  } catch (error) {
    throw new SentinelError(`kubectl gives no JSON for the pods of ${node}`, { cause: error })
  }
}

function isThere(host: Host, path: string): boolean {
  try {
    return host.lstat(path) !== undefined
  } catch (error) {
    // An ordinary user may be denied /etc/kubernetes: then it exists.
    return errorCode(error) === 'EACCES'
  }
}

/** The kubeconfig that kubeadm gives a kubelet. */
const CREDENTIALS = '/etc/kubernetes/kubelet.conf'

/**
 * This node's name in its cluster, from the kubelet's certificate: the host name may be overridden,
 * or changed since. [Kubernetes, Node authorizer: system:node:<nodeName>]
 *
 * @throws SentinelError if there is no certificate of a node
 */
export function nodeName(host: Host): string {
  const [, data, value] =
    /^\s*client-certificate(-data)?:\s*["']?([^"'\s]+)/m.exec(host.readText(CREDENTIALS)) ?? []
  if (value !== undefined) {
    const pem = data === undefined ? host.readBytes(value) : Buffer.from(value, 'base64')
    const { subject } = new X509Certificate(pem)
    const name = /^CN=system:node:([a-z0-9][a-z0-9.-]*)$/m.exec(subject)?.[1]
    if (name !== undefined) return name
  }
  throw new SentinelError(`${CREDENTIALS} has no certificate of a node`)
}
