/** What was found about the next boot; the same shape as doctor's. */
export interface BootFinding {
  /** wrong: the next boot is useless or fatal */
  state: 'ok' | 'warning' | 'wrong'
  message: string
  /** a command, or a sentence that begins in lower case */
  advice?: string
}

export function ok(message: string): BootFinding {
  return { state: 'ok', message }
}

export function warning(message: string, advice: string): BootFinding {
  return { state: 'warning', message, advice }
}

export function wrong(message: string, advice: string): BootFinding {
  return { state: 'wrong', message, advice }
}
