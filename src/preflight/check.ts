import { spoken } from '../sentinel/finding.ts'

/** A finding of one check. */
interface Checked {
  check: string
  /** in one line, for a person */
  message: string
  /** the packages that the upgrade will change */
  packages?: string[]
  /**
   * Keyrings that the job's service installs before it begins, by name and with their versions.
   * newest: the DBPath that offers them, where that is not to be pacman's own yet
   */
  first?: { names: string[]; versions: string[]; newest?: string }
}

/** It lets the job begin. */
interface Passed extends Checked {
  result: 'ok' | 'warning'
  /** what a person may do about a warning */
  advice?: string
}

/** Not this time: whoever does not want to wait is told what to do. */
interface Skipped extends Checked {
  result: 'skip'
  /** a command, or a sentence that begins in lower case */
  advice: string
}

/** Not until a person has acted. */
interface Blocked extends Checked {
  result: 'act'
  /** as of a skip; where it is missing, the message says it */
  advice?: string
}

export type Obstacle = Skipped | Blocked

export type PreflightFinding = Passed | Obstacle

/** A check. It throws only unexpected errors. */
export type PreflightCheck<C> = (context: C) => PreflightFinding[] | Promise<PreflightFinding[]>

/** Runs checks in order, up to the first that stops the job. */
export async function inOrder<C>(
  checks: readonly PreflightCheck<C>[],
  context: C,
): Promise<PreflightFinding[]> {
  const findings: PreflightFinding[] = []
  for (const check of checks) {
    findings.push(...(await check(context)))
    if (findings.some(stops)) break
  }
  return findings
}

/** Whether the job cannot begin because of this finding. */
export function stops(finding: PreflightFinding): finding is Obstacle {
  return finding.result === 'skip' || finding.result === 'act'
}

/** A finding's message with what to do, in one line. */
export function withAdvice({ message, advice }: Pick<PreflightFinding, 'message' | 'advice'>) {
  return spoken({ message, ...(advice !== undefined && { remedy: advice }) })
}

/** Of a server that does not answer. */
export const SERVER_ADVICE = 'check whether its server is up: the next run goes once it answers'
