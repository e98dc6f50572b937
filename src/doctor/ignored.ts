import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { checkIgnored, type IgnoredCheck } from '../ignored/check.ts'
import { type IgnoredEntry, type IgnoredList, listIgnored } from '../ignored/list.ts'
import { readLock } from '../pacman/lock.ts'
import { askFreeSpace } from '../host/directory.ts'
import { kubernetesPackages } from '../skew/packages.ts'
import type { Part } from '../skew/version.ts'
import { type DoctorCheck, ok, type DoctorFinding, unknown, warning, wrong } from './line.ts'

const CONF = '/etc/pacman.conf'

/** The ignored packages: whether those of Kubernetes are, and whether they stop the next upgrade. */
export const ignored: DoctorCheck = {
  area: 'ignored',
  async look(place) {
    const { host, dbPath, deadline, isRoot } = place
    // If its server is gone, doctor must not wait for it: all else here reads that directory.
    const sync = `${dbPath}/sync`
    const answer = await host.once(`free space of ${sync}`, () =>
      askFreeSpace(sync, new Deadline(10_000)),
    )
    if ('problem' in answer)
      return [wrong(`${dbPath}/sync does not answer: ${answer.problem}`, 'see mounts')]
    const lists = ignoredEntries(host, deadline)
    const entries = lists.flatMap((list) => list.entries)
    const parts = kubernetesPackages(host, dbPath, deadline)
    const said = [...judgeParts(parts, entries), ...judgeEntries(entries)]
    said.push(...lists.flatMap((list) => list.warnings).map((text) => warning(text)))
    if (entries.length === 0) return said
    if (readLock(host, dbPath) !== undefined) {
      return [
        ...said,
        unknown('pacman’s lock exists: whether they stop an upgrade could not be checked'),
      ]
    }
    if (!isRoot) {
      return [...said, unknown('only root can see whether they stop an upgrade', 'run it as root')]
    }
    return [...said, judgeIgnored(await checkIgnored(host, CONF, deadline))]
  },
}

/** What is ignored by name, and by group. */
export function ignoredEntries(host: Host, deadline: Deadline): IgnoredList[] {
  return host.once('ignored entries', () =>
    (['IgnorePkg', 'IgnoreGroup'] as const).map((key) => listIgnored(host, CONF, key, deadline)),
  )
}

/** What an upgrade may do to a part that is not ignored. */
const HARM: Record<Part, string> = {
  kubelet: 'make it newer than the apiserver',
  kubeadm: 'bring one that does not fit the apiserver',
  kubectl: 'bring one that does not fit the apiserver',
}

/** @param parts the installed packages that are a part of Kubernetes, whatever they are called */
export function judgeParts(
  parts: ReadonlyMap<string, { part: Part }>,
  entries: IgnoredEntry[],
): DoctorFinding[] {
  const ignoredNames = new Set(entries.flatMap(({ packages }) => packages.map(({ name }) => name)))
  return [...parts].map(([name, { part }]) => {
    if (ignoredNames.has(name)) return ok(`${name} is ignored`)
    const message = `${name} is not ignored: an upgrade may ${HARM[part]}`
    return warning(message, `kured-sentinel ignore add ${name}`)
  })
}

export function judgeEntries(entries: IgnoredEntry[]): DoctorFinding[] {
  const doubtful = entries.filter(({ warnings }) => warnings.length > 0)
  const doubts = doubtful.flatMap(({ name, file, line, warnings }) =>
    warnings.map((text) => warning(`${file}:${line}: ${name} ${text}`, 'fix or remove it')),
  )
  const valid = entries.filter((entry) => !doubtful.includes(entry)).map(({ name }) => name)
  if (valid.length > 0) return [ok(`ignored: ${valid.join(' ')}`), ...doubts]
  return doubts.length > 0 ? doubts : [ok('no package is ignored')]
}

export function judgeIgnored({ verdict, blockers, errors }: IgnoredCheck): DoctorFinding {
  if (verdict === 'fine') return ok('no ignored package stops the next upgrade')
  if (verdict === 'unknown') {
    const why = errors[0] ?? 'pacman does not say why'
    return wrong(`the next upgrade fails, even with nothing ignored: ${why}`, 'pacman -Syu')
  }
  const names = [...new Set(blockers.map((blocker) => blocker.package))]
  const named = names.length === 0 ? '' : `: ${names.join(', ')}`
  return wrong(`ignored packages stop the next upgrade${named}`, 'see kured-sentinel ignore check')
}
