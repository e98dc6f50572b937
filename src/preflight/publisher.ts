import { askManifest } from '../publish/databases.ts'
import { ownPublisher, refuseOther } from '../publish/publisher.ts'
import type { PreflightFinding } from './check.ts'
import type { Context } from './context.ts'

/** Two cache hosts that publish into the same databases undo each other's work. */
export async function checkPublisher({
  host,
  syncDir,
  deadline,
}: Context): Promise<PreflightFinding[]> {
  const other = refuseOther(await askManifest(syncDir, deadline), ownPublisher(host))
  return other === '' ? [] : [{ check: 'publisher', result: 'act', message: other }]
}
