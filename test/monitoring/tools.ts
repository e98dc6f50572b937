/** The programs of a monitoring: where set-up puts them, and what it makes them of. */
import { join } from 'node:path'
import { findProgram, isExecutable, treeOf } from '../lab/cache.ts'

/** Packages of Debian, unpacked and not installed: nothing of them is started on this machine. */
export const monitoring = ['prometheus', 'prometheus-node-exporter']

export const monitoringTree = treeOf('monitoring', monitoring)

/** Where they are installed, as on Arch, or were unpacked. */
const toolPath = (name: string) => findProgram(name) ?? join(monitoringTree, 'usr/bin', name)

export const PROMETHEUS = toolPath('prometheus')
export const PROMTOOL = toolPath('promtool')
export const NODE_EXPORTER = toolPath('prometheus-node-exporter')

/** Why nothing can be monitored on this machine, if so. */
export function monitoringProblem(): string | undefined {
  const missing = [PROMETHEUS, PROMTOOL, NODE_EXPORTER].find((path) => !isExecutable(path))
  return missing && `${missing} is missing: npm run test:setup`
}
