import { createInterface } from 'node:readline'

/** Whether a person can be asked: both what they read and what they type is a terminal's. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/**
 * Asks a person at the terminal, on stderr.
 *
 * @returns whether the answer was yes; the end of input is a no
 */
export function askYes(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.once('close', () => resolve(false))
    lines.question(`${question} [y/N] `, (answer) => {
      resolve(/^(y|yes)$/i.test(answer.trim()))
      lines.close()
    })
  })
}
