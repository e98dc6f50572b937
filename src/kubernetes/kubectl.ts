import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'

export const KUBECTL = '/usr/bin/kubectl'

/** Who asks: with which kubeconfig, a path of the host, and whose home directory. */
export interface ApiUser {
  kubeconfig: string
  home: string
}

export interface ApiLimits {
  timeoutMs: number
  /** of the answer */
  maxBytes?: number
}

/**
 * Asks the API for one thing: with --raw kubectl makes this request alone. Otherwise it also asks for
 * the API's resources, and keeps them in ~/.kube/cache. Its cwd and HOME are given, and kuberc is off,
 * because a file of that name in the caller's directory could send the credentials elsewhere.
 * [tested, kubectl 1.36]
 *
 * @param query "/version", "/api/v1/nodes?limit=500"
 * @throws SentinelError "`what`: …" when there is no answer, or none that is JSON
 */
export async function askApi(
  host: Host,
  { kubeconfig, home }: ApiUser,
  what: string,
  query: string,
  limits: ApiLimits,
): Promise<unknown> {
  const args = ['--kubeconfig', host.path(kubeconfig), 'get', '--raw', query]
  const env = { HOME: home, KUBERC: 'off' }
  const ended = await awaitProgram(host.path(KUBECTL), args, { ...limits, cwd: '/', env })
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
