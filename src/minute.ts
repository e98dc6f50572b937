import { Host } from './host/host.ts'
import { startGlance } from './sentinel/glance.ts'

/**
 * What Kured runs every minute: a check without options. It is built into CommonJS files of its
 * own, as loading Node's module loader for ES modules and commander would take longer than the
 * check itself (`npm run bench`). This one starts the glance at all processes, and while that runs
 * the next is loaded.
 *
 * @returns the exit code
 */
export function run(): Promise<number> {
  const glance = startGlance(new Host())
  const rest: typeof import('./minute-rest.ts') = require('./minute-rest.ts')
  return rest.run(glance)
}
