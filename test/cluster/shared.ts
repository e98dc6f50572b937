/** Tests that share one control plane: the first of a file starts it, and it ends with the last. */
import { after } from 'node:test'
import { gatedTest, labProblem } from '../lab/lab.ts'
import { Cluster } from './cluster.ts'
import { clusterProblem } from './tools.ts'

let shared: Promise<Cluster> | undefined

after(async () => {
  const started = await shared?.catch(() => undefined)
  await started?.[Symbol.asyncDispose]()
})

/**
 * A node:test test with a cluster, which has what the tests before it left: each has nodes of its
 * own, with names of their own. Skipped, with the reason, where no cluster can be started.
 *
 * @param options.todo what is wrong with the program, so that the test cannot pass yet
 * @param options.timeout in ms; 300 s unless told
 */
export function clusterTest(
  name: string,
  run: (cluster: Cluster) => Promise<void>,
  options: { todo?: string; timeout?: number } = {},
): void {
  const limits = { timeout: 300_000, ...options }
  const withCluster = async () => {
    const cluster = await start()
    await run(cluster).catch((error: unknown) => {
      throw firstOf(error)
    })
  }
  gatedTest(labProblem() ?? clusterProblem(), name, withCluster, limits)
}

/** What a test failed of, and not what tidying up failed of because of it. */
function firstOf(error: unknown): unknown {
  return error instanceof Error && 'suppressed' in error ? firstOf(error.suppressed) : error
}

function start(): Promise<Cluster> {
  shared ??= Cluster.start()
  return shared
}
