import { errorText, SentinelError } from '../errors.ts'
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
  const check = 'publisher'
  try {
    const other = refuseOther(await askManifest(syncDir, deadline), ownPublisher(host))
    return other === '' ? [] : [{ check, result: 'act', message: other }]
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    const advice = 'see that the server of the databases answers'
    return [{ check, result: 'skip', message: errorText(error), advice }]
  }
}
