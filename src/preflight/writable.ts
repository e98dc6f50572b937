import type { Context } from './context.ts'
import { askWritable } from './directory.ts'
import type { PreflightFinding } from './check.ts'

/** A download refreshes the databases and fills the cache, so it must write to both. */
export async function checkWritable(context: Context): Promise<PreflightFinding[]> {
  const { syncDir, cacheDir, deadline } = context
  for (const path of [syncDir, cacheDir]) {
    const problem = await askWritable(path, deadline)
    if (problem === undefined) continue
    const why = problem || 'it is read-only, or its server maps root to nobody (no_root_squash)'
    return [{ check: 'writable', result: 'skip', message: `${path} cannot be written to: ${why}` }]
  }
  return [
    { check: 'writable', result: 'ok', message: `${syncDir} and ${cacheDir} can be written to` },
  ]
}
