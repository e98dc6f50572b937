import { check } from '../commands/check.ts'
import { renderLine } from '../commands/check-line.ts'

/**
 * The check that Kured runs every minute: without options, and in a separate file, because loading
 * commander and all commands takes longer than the check itself (`npm run bench`).
 *
 * @returns the exit code
 */
export async function run(): Promise<number> {
  return (await check(renderLine)).exitCode
}
