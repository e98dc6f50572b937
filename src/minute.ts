import { check } from './commands/check.ts'
import { renderLine } from './output/line.ts'

/**
 * What Kured runs every minute: a check without options. It is built into one CommonJS file of its
 * own, as loading Node's module loader for ES modules and commander would take longer than the
 * check itself (`npm run bench`).
 *
 * @returns the exit code
 */
export function run(): Promise<number> {
  return check(renderLine)
}
