import { Deadline } from '../host/deadline.ts'
import { askFreeSpace, askRealPath } from '../host/directory.ts'
import type { Host } from '../host/host.ts'
import { mountedAt } from '../proc/mountinfo.ts'
import { readProperties } from '../systemd/bus.ts'
import { UNITS } from '../systemd/jobs.ts'

/** A server that answers takes a moment; one that does not is asked again at the next look. */
const SERVER_MS = 20_000

/** What is not well with the mounts that the upgrade needs; none where it needs none. */
export async function judgeMounts(host: Host): Promise<string[]> {
  const [needed] = readProperties(UNITS.upgrade, 'Unit', ['RequiresMountsFor'])
  const paths = Array.isArray(needed) ? needed.map(String) : []
  const answers = await Promise.all(paths.map((path) => judgeMount(host, path)))
  return answers.filter((answer) => answer !== undefined)
}

async function judgeMount(host: Host, path: string): Promise<string | undefined> {
  const answer = await askFreeSpace(path, new Deadline(SERVER_MS))
  if ('problem' in answer) return `${path} does not answer: ${answer.problem}`
  const real = await askRealPath(path, new Deadline(SERVER_MS))
  const mounted = mountedAt(host.readText('/proc/self/mountinfo'), real)
  return mounted === undefined || mounted.type === 'autofs' ? `${path} is not mounted` : undefined
}
