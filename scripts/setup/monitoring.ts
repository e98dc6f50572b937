import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../test/lab/cache.ts'
import { monitoring, monitoringTree, PROMTOOL } from '../../test/monitoring/tools.ts'
import { logged, step } from './logged.ts'
import { buildOnce } from './tree.ts'

/**
 * Unpacks Prometheus and node_exporter: installed by apt, both would run as services. Arch's packages
 * start nothing, so there they are installed with the rest.
 */
export function unpackMonitoring(): void {
  if (findProgram('apt-get') === undefined) return
  buildOnce(monitoringTree, (partial) => {
    step(`fetching ${monitoring.join(' and ')} with apt, without installing them`)
    mkdirSync(partial, { recursive: true })
    logged('apt-get', ['update', '--quiet'])
    logged('apt-get', ['download', ...monitoring], { cwd: partial })
    const packages = readdirSync(partial).filter((name) => name.endsWith('.deb'))
    for (const name of packages) {
      logged('dpkg-deb', ['--extract', join(partial, name), partial])
      rmSync(join(partial, name))
    }
    logged(PROMTOOL.replace(monitoringTree, partial), ['--version'])
  })
}
