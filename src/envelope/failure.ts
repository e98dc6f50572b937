import { errorCode, errorText, isDenied, SentinelError } from '../errors.ts'
import type { CommandOutcome } from './envelope.ts'

/** In place of an answer: the command failed. */
export type Failure = CommandOutcome<'error', { causes: readonly string[] }, null>

/**
 * usage: the command line is wrong. error: what a person can act on. fault: nobody foresaw it, a bug
 * of this program.
 */
type FailureKind = 'usage' | 'error' | 'fault'

/** The outcome of a command that threw. */
export function failureOf(error: unknown, exitCode: number): Failure {
  const isKnown = error instanceof SentinelError || errorCode(error) !== undefined
  const [message = '', ...causes] = chainOf(error)
  const advice = isDenied(error) ? 'run it as root, with sudo for example' : null
  return failure(isKnown ? 'error' : 'fault', message, exitCode, { advice, causes })
}

/** The outcome of a command line that is wrong. */
export function usageFailure(message: string, exitCode: number): Failure {
  const advice = 'see its --help'
  return failure('usage', message.replace(/^error: /, ''), exitCode, { advice, causes: [] })
}

function failure(
  kind: FailureKind,
  message: string,
  exitCode: number,
  { advice, causes }: { advice: string | null; causes: readonly string[] },
): Failure {
  const finding = { kind, state: 'error', message, advice, fields: { causes } } as const
  return { verdict: 'error', exitCode, findings: [finding], details: null }
}

/** What went wrong, and why, from the outermost. */
function chainOf(error: unknown): string[] {
  const isCaused = error instanceof Error && error.cause !== undefined
  return [errorText(error), ...(isCaused ? chainOf(error.cause) : [])]
}
