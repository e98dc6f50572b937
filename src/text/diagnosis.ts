/**
 * unknown: nobody could look at it, so it is not known to be well. warning: this takes part, but with a
 * flaw. wrong: it does not, or not for long.
 */
export type DiagnosisState = 'ok' | 'unknown' | 'warning' | 'wrong'

/** What was found, and what to do about it. */
export interface Diagnosis {
  state: DiagnosisState
  message: string
  /** a command, or a sentence that begins in lower case */
  advice?: string
}

export function ok(message: string): Diagnosis {
  return { state: 'ok', message }
}

export function unknown(message: string, advice?: string): Diagnosis {
  return { state: 'unknown', message, ...(advice !== undefined && { advice }) }
}

export function warning(message: string, advice?: string): Diagnosis {
  return { state: 'warning', message, ...(advice !== undefined && { advice }) }
}

export function wrong(message: string, advice?: string): Diagnosis {
  return { state: 'wrong', message, ...(advice !== undefined && { advice }) }
}
