/** A finding of one check. */
export interface PreflightFinding {
  check: string
  /** skip: not this time; act: not until a person has acted */
  result: 'ok' | 'warning' | 'skip' | 'act'
  /** in one line, for a person */
  message: string
  /** the packages that the upgrade will change */
  packages?: string[]
  /** keyrings that the job's service installs before it begins, by name and with their versions */
  first?: { names: string[]; versions: string[] }
}

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
export function stops({ result }: PreflightFinding): boolean {
  return result === 'skip' || result === 'act'
}
