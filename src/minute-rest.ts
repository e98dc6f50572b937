import { check } from './commands/check.ts'
import { renderLine } from './output/line.ts'
import type { Glance } from './sentinel/glance.ts'

/** All of the check of every minute but its first steps (minute.ts). @returns the exit code */
export function run(glance: Glance | undefined): Promise<number> {
  return check(renderLine, { glance })
}
