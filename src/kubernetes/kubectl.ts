import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram, type ProgramResult } from '../host/program.ts'
import { KUBECTL, kubectlOf } from './distribution.ts'
import { field } from './json.ts'

/** Who asks: with which kubeconfig, a path of the host, and whose home directory. */
export interface ApiUser {
  kubeconfig: string
  home: string
  /** whether another network than the host's must be left first, which root alone can */
  inHostNetwork?: boolean
}

export interface ApiLimits {
  timeoutMs: number
  /** of the answer */
  maxBytes?: number
}

/**
 * Where kubectl turns for a kubeconfig that names no server, such as one that a power cut has emptied.
 * It would be http://localhost:8080, where anybody on the node may answer. This leads nowhere.
 * [client-go, clientcmd.getDefaultServer; tested, kubectl 1.36]
 */
const NO_SERVER = '::no-server'

/**
 * Asks the API for one thing: with --raw kubectl makes this request alone. Otherwise it also asks for
 * the API's resources, and keeps them in ~/.kube/cache. [tested, kubectl 1.36]
 *
 * @param query "/version", "/api/v1/nodes?limit=500"
 * @throws SentinelError "`what`: …" when there is no answer, or none that is JSON
 */
export async function askApi(
  host: Host,
  { kubeconfig, home, inHostNetwork = false }: ApiUser,
  what: string,
  query: string,
  limits: ApiLimits,
): Promise<unknown> {
  const [kubectl, ...words] = kubectlOf(host) ?? []
  if (kubectl === undefined) {
    throw new SentinelError(`${what}: there is no ${KUBECTL}: install the package that has it`)
  }
  const args = [...words, '--kubeconfig', host.path(kubeconfig), 'get', '--raw', query]
  const entered = ['--net=/proc/1/ns/net', '--', host.path(kubectl), ...args]
  const ended = await awaitProgram(
    ...(inHostNetwork
      ? ([host.path('/usr/bin/nsenter'), entered] as const)
      : ([host.path(kubectl), args] as const)),
    { ...limits, env: { HOME: home, KUBERNETES_MASTER: NO_SERVER } },
  )
  if (ended.exitCode !== 0) {
    throw new SentinelError(`${what}: ${complaintOf(ended, kubeconfig, limits)}`)
  }
  try {
    return JSON.parse(ended.stdout.toString())
  } catch (error) {
    throw new SentinelError(`${what}: kubectl gives no JSON`, { cause: errorText(error) })
  }
}

/**
 * The objects of a list that the API gave.
 *
 * @throws SentinelError "`what`: …" for anything else: an answer without a list is no empty one
 */
export function itemsOf(answer: unknown, what: string): unknown[] {
  const items = field(answer, 'items')
  if (!Array.isArray(items)) throw new SentinelError(`${what}: the answer is no list`)
  return items
}

function complaintOf(
  { timedOut, exitCode, stderr }: ProgramResult,
  kubeconfig: string,
  { timeoutMs }: ApiLimits,
): string {
  if (timedOut) return `no answer within ${Math.ceil(timeoutMs / 1000)} s`
  if (stderr.includes(NO_SERVER)) return `${kubeconfig} names no server`
  return stderr.trim().split('\n').at(-1) || `kubectl ended with ${exitCode} and said nothing`
}
