import { Exit } from '../errors.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import { collectStatus } from '../status/status.ts'
import { outputWidth } from '../terminal/width.ts'
import { type CheckOptions, lookAt } from './check.ts'
import { renderStatusJson } from './status-json.ts'
import { renderStatus } from './status-text.ts'

/** `status`: shows a person what check would answer, and all beside it. @returns 0 whatever the verdict */
export async function status(options: CheckOptions): Promise<number> {
  const host = new Snapshot(options.root)
  const { report, settings } = await lookAt(host, { ...options, all: true }, false)
  const collected = await collectStatus(host, settings, report)
  const text = options.json ? renderStatusJson(collected) : renderStatus(collected, outputWidth())
  write(1, text)
  return Exit.ok
}
