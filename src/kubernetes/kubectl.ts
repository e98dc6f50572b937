import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import { KUBECTL, kubectlOf } from './distribution.ts'

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
  const [kubectl = KUBECTL, ...words] = kubectlOf(host) ?? []
  const args = [...words, '--kubeconfig', host.path(kubeconfig), 'get', '--raw', query]
  const entered = ['--net=/proc/1/ns/net', '--', host.path(kubectl), ...args]
  const ended = await awaitProgram(
    ...(inHostNetwork
      ? ([host.path('/usr/bin/nsenter'), entered] as const)
      : ([host.path(kubectl), args] as const)),
    { ...limits, env: { HOME: home } },
  )
  if (ended.exitCode !== 0) {
    const said = ended.timedOut
      ? `no answer within ${Math.round(limits.timeoutMs / 1000)} s`
      : ended.stderr.trim().split('\n').at(-1)
    throw new SentinelError(`${what}: ${said}`)
  }
  try {
    return JSON.parse(ended.stdout.toString())
  } catch (error) {
    throw new SentinelError(`${what}: kubectl gives no JSON`, { cause: errorText(error) })
  }
}
