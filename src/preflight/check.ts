/** What one check of a preflight has found. */
export interface PreflightFinding {
  check: string
  /** skip: not this time; act: not until a person has acted */
  result: 'ok' | 'warning' | 'skip' | 'act'
  /** in one line, for a person */
  message: string
}

/** A check: it throws only what nobody foresaw. */
export type PreflightCheck<C> = (context: C) => PreflightFinding[] | Promise<PreflightFinding[]>

/** Runs checks one after the other, up to the first that stands in the way. */
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

/** Whether the job cannot begin because of it. */
export function stops({ result }: PreflightFinding): boolean {
  return result === 'skip' || result === 'act'
}
