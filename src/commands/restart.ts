import { readConfig } from '../config/config.ts'
import { errorText, Exit, SentinelError } from '../errors.ts'
import { Host } from '../host/host.ts'
import { printableJson } from '../text/printable.ts'
import { withProgress } from '../terminal/progress.ts'
import { renderRestart } from './restart-output.ts'
import { writeReport } from '../terminal/report.ts'
import { write } from '../host/write.ts'
import { restartStale, type RestartRequest } from '../restart/restart.ts'

interface RestartOptions extends RestartRequest {
  json: boolean
  configFile: string | undefined
}

/**
 * `restart`: restarts what runs replaced code.
 *
 * @returns 0, also when some of it is left; 2 when a unit did not come back, or not all could be
 * seen; with afterUpgrade always 0, for the upgrade is no worse for it
 */
export async function restart(options: RestartOptions): Promise<number> {
  try {
    const code = await run(options)
    return options.afterUpgrade ? Exit.ok : code
  } catch (error) {
    if (!options.afterUpgrade || !(error instanceof Error)) throw error
    write(2, `warning: ${errorText(error)}\n`)
    return Exit.ok
  }
}

async function run({ json, configFile, ...request }: RestartOptions): Promise<number> {
  if (!request.dryRun && process.geteuid?.() !== 0) {
    throw new SentinelError('only root can restart services: run it with sudo, or with --dry-run')
  }
  const host = new Host()
  const config = readConfig(host, configFile)
  const report = await withProgress(
    request.dryRun ? 'looking at all processes' : 'restarting what runs replaced code',
    () => restartStale(host, config, request),
  )
  const done = !request.dryRun && report.restarted.length > 0
  writeReport(done ? 'units were restarted, but that could not be told' : undefined, () =>
    write(1, json ? printableJson(report) : renderRestart(report)),
  )
  return report.failed.length + report.unseen.length > 0 ? Exit.attention : Exit.ok
}
