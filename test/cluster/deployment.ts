/** A deployment as a body for the API. */
import type { Resource } from './api.ts'

/** @param spec of its pods, which have the label app=NAME */
export function deploymentOf(
  name: string,
  replicas: number,
  spec: object,
  annotations: object = {},
): Resource {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec },
    },
  }
}
