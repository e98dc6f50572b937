import { Deadline } from '../host/deadline.ts'
import { checkIgnored, type IgnoredCheck } from '../ignored/check.ts'
import { type IgnoredEntry, listIgnored } from '../ignored/list.ts'
import { listInstalled, ownedPaths, packagesOwning } from '../pacman/database/local.ts'
import { readLock } from '../pacman/lock.ts'
import { askFreeSpace } from '../preflight/directory.ts'
import {
  type DoctorCheck,
  ok,
  type DoctorContext,
  type DoctorFinding,
  warning,
  wrong,
} from './line.ts'

const CONF = '/etc/pacman.conf'

/** The packages held back: whether the kubelet is one, and whether they stop the next upgrade. */
export const held: DoctorCheck = {
  area: 'held',
  async look(place) {
    const { host, dbPath, deadline, isRoot } = place
    // A server that is gone must not make the whole look wait: all else here reads that directory.
    const sync = `${dbPath}/sync`
    const answer = await host.once(`free space of ${sync}`, () =>
      askFreeSpace(sync, new Deadline(10_000)),
    )
    if ('problem' in answer)
      return [wrong(`${dbPath}/sync does not answer: ${answer.problem}`, 'see mounts')]
    const lists = [
      listIgnored(host, CONF, 'IgnorePkg', deadline),
      listIgnored(host, CONF, 'IgnoreGroup', deadline),
    ]
    const entries = lists.flatMap((list) => list.entries)
    const said = [...judgeKubelet(kubeletPackage(place), entries), ...judgeEntries(entries)]
    said.push(...lists.flatMap((list) => list.warnings).map((text) => warning(text)))
    if (entries.length === 0) return said
    if (readLock(host, dbPath) !== undefined) {
      return [...said, warning('whether they stop an upgrade shows only without pacman’s lock')]
    }
    if (!isRoot) {
      return [...said, warning('whether they stop an upgrade only root can see', 'run it as root')]
    }
    return [...said, judgeHolds(await checkIgnored(host, CONF, deadline))]
  },
}

const KUBELET = 'usr/bin/kubelet'

/** Several packages of Arch and the AUR bring a kubelet. */
function kubeletPackage({ host, dbPath, deadline }: DoctorContext): string | undefined {
  const installed = listInstalled(host, dbPath)
  const owners = packagesOwning(host, dbPath, installed, KUBELET, deadline)
  return owners.find((owner) => ownedPaths(host, dbPath, owner).includes(KUBELET))?.name
}

/** @param owner the installed package that brings the kubelet, if one does */
export function judgeKubelet(owner: string | undefined, entries: IgnoredEntry[]): DoctorFinding[] {
  if (owner === undefined) return []
  const isHeld = entries.some(({ packages }) => packages.some(({ name }) => name === owner))
  if (isHeld) return [ok(`${owner} is held`)]
  const message = `${owner} is not held: an upgrade may take it past the apiserver’s version`
  return [warning(message, `kured-sentinel ignore add ${owner}`)]
}

export function judgeEntries(entries: IgnoredEntry[]): DoctorFinding[] {
  const doubtful = entries.filter(({ warnings }) => warnings.length > 0)
  const doubts = doubtful.flatMap(({ name, file, line, warnings }) =>
    warnings.map((text) => warning(`${file}:${line}: ${name} ${text}`, 'correct or remove it')),
  )
  const sound = entries.filter((entry) => !doubtful.includes(entry)).map(({ name }) => name)
  if (sound.length > 0) return [ok(`held back: ${sound.join(' ')}`), ...doubts]
  return doubts.length > 0 ? doubts : [ok('nothing is held back')]
}

export function judgeHolds({ verdict, blockers, errors }: IgnoredCheck): DoctorFinding {
  if (verdict === 'fine') return ok('what is held does not stop the next upgrade')
  if (verdict === 'unknown') {
    const why = errors[0] ?? 'pacman does not say why'
    return wrong(`the next upgrade fails, with nothing held as well: ${why}`, 'pacman -Syu')
  }
  const names = [...new Set(blockers.map((blocker) => blocker.package))]
  const what = names.length === 0 ? 'what is held' : `the held ${names.join(', ')}`
  return wrong(`${what} stops the next upgrade`, 'kured-sentinel ignore check says who needs it')
}
