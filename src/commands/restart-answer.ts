import type { Answer } from '../envelope/commands.ts'
import { Exit } from '../errors.ts'
import type { RestartReport } from '../restart/report.ts'

type RestartAnswer = Answer<'restart'>

/** The report as `restart --json` prints it; failures come first. */
export function restartAnswer(report: RestartReport): RestartAnswer {
  const { dryRun, failed, restarted, refused, stillStale, unseen } = report
  const count = failed.length + unseen.length
  return {
    verdict: verdictOf(report),
    exitCode: count > 0 ? Exit.attention : Exit.ok,
    findings: [
      ...failed.map(({ unit, why }) => found('failed', 'wrong', why, { unit })),
      ...unseen.map(({ message, unit, pid }) => found('unseen', 'unknown', message, { unit, pid })),
      ...restarted.map(({ unit }) =>
        dryRun
          ? found('restart', 'due', `${unit} would be restarted`, { unit })
          : found('restart', 'ok', `${unit} was restarted`, { unit }),
      ),
      ...refused.map(({ unit, why }) => found('refused', 'note', why, { unit })),
      ...stillStale.map(({ message, unit, pid }) => found('stale', 'due', message, { unit, pid })),
    ],
    details: report,
  }
}

function found(
  kind: string,
  state: RestartAnswer['findings'][number]['state'],
  message: string,
  fields: RestartAnswer['findings'][number]['fields'],
) {
  return { kind, state, message, advice: null, fields }
}

function verdictOf(report: RestartReport): RestartAnswer['verdict'] {
  const { dryRun, failed, restarted, refused, gone, stillStale, unseen } = report
  if (failed.length > 0) return 'failed'
  if (unseen.length > 0) return 'unseen'
  const isIdle = [restarted, refused, gone, stillStale].every((list) => list.length === 0)
  if (isIdle) return 'nothing-to-do'
  return dryRun ? 'planned' : 'done'
}
