import { check } from '../commands/check.ts'
import { renderLine } from '../commands/check-line.ts'

/**
 * What Kured runs every minute: a check without options, in a file of its own, as loading commander
 * and all commands would take longer than the check (`npm run bench`).
 *
 * @returns the exit code
 */
export function run(): Promise<number> {
  return check(renderLine)
}
