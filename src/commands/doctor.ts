import { CHECKS } from '../doctor/checks.ts'
import { examine } from '../doctor/examine.ts'
import { Deadline } from '../host/deadline.ts'
import { Snapshot } from '../host/snapshot.ts'
import { renderExamination } from './doctor-output.ts'
import { printableJson } from '../text/printable.ts'
import { showProgress } from '../terminal/progress.ts'
import { write } from '../host/write.ts'

/** pacman and kubectl take seconds on a slow board. */
const LIMIT_MS = 120_000

/** `doctor`: looks at all that this host needs to take part. @returns 0 ok, 1 warnings, 2 wrong */
export async function doctor(json: true | undefined): Promise<number> {
  const examination = await examine(new Snapshot(), CHECKS, new Deadline(LIMIT_MS), (area) =>
    showProgress(`looking at ${area}`),
  )
  showProgress(undefined)
  write(1, json ? printableJson(examination) : renderExamination(examination))
  return examination.exitCode
}
