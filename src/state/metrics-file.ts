import { SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readState, removeState, writeState } from './store.ts'

/** The file for node_exporter's textfile collector, which reads *.prom alone. */
export const METRICS_FILE = 'kured_sentinel.prom'

const NAME = 'metrics'

/**
 * The file that was written last: who removes the units removes it too, or its last numbers would be
 * scraped for ever. kured-sentinel.install reads the same state.
 *
 * @returns undefined also where the state is damaged, or of a newer program: that keeps nobody from
 * writing metrics, or from removing what writes them
 */
export function readMetricsFile(host: Host): string | undefined {
  try {
    const file = readState(host, NAME)?.['file']
    return typeof file === 'string' && file.endsWith(`/${METRICS_FILE}`) ? file : undefined
  } catch (error) {
    if (error instanceof SentinelError) return undefined
    throw error
  }
}

/** Notes which file is about to be written. One in another directory, from earlier, is removed. */
export function noteMetricsFile(host: Host, file: string): void {
  const before = readMetricsFile(host)
  if (before === file) return
  writeState(host, NAME, { file })
  if (before !== undefined) host.remove(before)
}

/** Forgets which file was written. */
export function forgetMetricsFile(host: Host): void {
  removeState(host, NAME)
}
