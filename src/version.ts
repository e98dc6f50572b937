import manifest from '../package.json' with { type: 'json' }
import { Exit } from './errors.ts'
import { write } from './output/write.ts'
import { refuseKured } from './kured.ts'

/**
 * `kured-sentinel --version`: in a file of its own, as loading all commands would take longer than
 * all else. commander answers the same where it meets the option beside others.
 *
 * @returns the exit code
 */
export function run(): number {
  write(1, `${manifest.version}\n`)
  refuseKured()
  return Exit.ok
}
