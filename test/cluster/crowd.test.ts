/** The generator of large clusters, at a size that takes no time. */
import assert from 'node:assert/strict'
import { makeCrowd } from './crowd.ts'
import { clusterTest } from './shared.ts'

clusterTest('a crowd: nodes that are ready, and pods that run on them', async (cluster) => {
  await makeCrowd(cluster, { nodes: 10, deployments: 10, replicas: 10 })
  const nodes = await cluster.api.items('/api/v1/nodes')
  assert.equal(nodes.length, 10)
  const pods = await cluster.api.items('/api/v1/namespaces/crowd/pods')
  assert.equal(pods.length, 100, 'the controllers make no more, and end none')
  assert.ok(pods.every(({ status }) => status.phase === 'Running'))
  assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 10, 'on all nodes')
})
