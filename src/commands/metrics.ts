import manifest from '../../package.json' with { type: 'json' }
import { errorText, Exit, SentinelError } from '../errors.ts'
import { HISTORY_FILE } from '../history/file.ts'
import { mustBeRoot } from '../host/caller.ts'
import { Host } from '../host/host.ts'
import { Snapshot } from '../host/snapshot.ts'
import { refuseDirectory } from '../host/trusted-directory.ts'
import { write } from '../host/write.ts'
import { collectMetrics } from '../metrics/collect.ts'
import { renderFamilies } from '../metrics/exposition.ts'
import { metricFamilies } from '../metrics/families.ts'
import { METRICS_FILE, noteMetricsFile } from '../state/metrics-file.ts'
import { printableLines } from '../text/printable.ts'
import { textfileDirectory } from '../units/path.ts'

interface MetricsOptions {
  /** the directory for the file, on the host; by default the metrics are printed */
  textfile: string | undefined
  root: string | undefined
}

/** `metrics`: prints the metrics, or writes them for node_exporter. @returns 0 */
export async function metrics({ textfile, root }: MetricsOptions): Promise<number> {
  if (root === undefined) mustBeRoot('a look at all that the metrics tell')
  if (textfile === undefined) write(1, await look(root, false))
  else await writeFor(new Host(root), textfile)
  return Exit.ok
}

/** Events that come meanwhile start no second run (the path unit waits for the end of this one). */
const MOST_LOOKS = 3

async function writeFor(host: Host, path: string): Promise<void> {
  const directory = textfileDirectory(path, '--textfile')
  const refused = refuseDirectory(host, directory)
  if (refused !== undefined) throw new SentinelError(`no metrics are written: ${refused}`)
  const file = `${directory}/${METRICS_FILE}`
  noteMetricsFile(host, file)
  for (let looks = 0, seen: string | undefined | null = null; looks < MOST_LOOKS; looks++) {
    const state = host.state(HISTORY_FILE)
    if (state === seen) return
    seen = state
    host.write(file, await look(host.root, true), 0o644)
  }
}

async function look(root: string | undefined, keeps: boolean): Promise<string> {
  const facts = await collectMetrics(new Snapshot(root), keeps, (fact, error) => {
    write(2, printableLines([`not seen: ${fact}: ${errorText(error)}`]))
  })
  return renderFamilies(metricFamilies(facts, manifest.version))
}
