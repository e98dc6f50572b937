import { Host } from '../host/host.ts'
import { printableJson } from '../text/printable.ts'
import { renderRecord } from './record-output.ts'
import { write } from '../host/write.ts'
import { recordRun } from '../record/record.ts'
import type { Job } from '../systemd/jobs.ts'

/** `record`: keeps how the job's run has ended. @returns 0, however that was */
export function runRecord(
  job: Job,
  { json, pacmanConf }: { json?: true | undefined; pacmanConf: string },
): number {
  const record = recordRun(new Host(), job, pacmanConf, process)
  if (json) write(1, printableJson(record))
  else write(2, renderRecord(record))
  return 0
}
