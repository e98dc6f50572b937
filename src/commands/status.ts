import type { Answer } from '../envelope/commands.ts'
import { Snapshot } from '../host/snapshot.ts'
import { write } from '../host/write.ts'
import { collectStatus } from '../status/status.ts'
import { outputWidth } from '../terminal/width.ts'
import { type CheckOptions, lookAt } from './check.ts'
import { statusAnswer } from './status-answer.ts'
import { renderStatus } from './status-text.ts'

/** `status`: shows a person what check would answer, and all beside it. Its exit code is 0 whatever the verdict. */
export async function status(options: CheckOptions): Promise<Answer<'status'>> {
  const host = new Snapshot(options.root)
  const { report, settings } = await lookAt(host, { ...options, all: true }, false)
  const collected = await collectStatus(host, settings, report)
  if (!options.json) write(1, renderStatus(collected, outputWidth()))
  return statusAnswer(collected)
}
