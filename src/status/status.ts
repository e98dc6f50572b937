import type { Config } from '../config/config.ts'
import type { HistoryEntry } from '../history/fields.ts'
import { readHistory } from '../history/file.ts'
import { isRoot } from '../host/caller.ts'
import { readHostName } from '../host/host-name.ts'
import type { Host } from '../host/host.ts'
import { sinceAsked } from '../kubernetes/asked.ts'
import type { CheckReport } from '../sentinel/check.ts'
import { collectNotSeen, type NotSeen } from '../sentinel/not-seen.ts'
import { isLive } from '../systemd/unit-state.ts'
import { readJob, type JobStatus } from '../units/status.ts'
import { asFact, type Fact, isUnknown } from './fact.ts'
import { askKubeletStatus, type KubeletStatus } from './kubelet.ts'
import { judgeLastReboot, type LastReboot } from './last-reboot.ts'
import { withRemedies, withRestarts } from './remedies.ts'

/** All that a person wants to know of a host at one look. */
export interface HostStatus {
  /** its findings have their remedies */
  report: CheckReport
  /** why the remedies of stale code are not known */
  restarts?: string
  hostName: string | undefined
  isRoot: boolean
  /** by the host's clock, in ms since 1970 */
  now: number
  /** since the boot, in ms */
  uptime: Fact<{ ms: number }>
  /** who set the hold and when, ISO 8601; undefined where there is none, or nobody knows */
  heldBy: { by: string; at: string } | undefined
  kured: Fact<KuredContact>
  upgrade: Fact<JobStatus>
  reboot: Fact<LastReboot>
  /** undefined where there is none to compare with an apiserver, or another root is looked at */
  kubelet: KubeletStatus | undefined
  notSeen: NotSeen
}

/** What Kured asked, and was told. */
interface KuredContact {
  /** when it last asked, in ms before now; undefined: not in this boot */
  askedAgoMs: number | undefined
  /** when it was first told in this boot to reboot, ISO 8601 */
  toldAt: string | undefined
}

/** Collects what stands beside the verdict. It never fails: what cannot be read is said to be unknown. */
export async function collectStatus(
  host: Host,
  config: Config,
  report: CheckReport,
): Promise<HostStatus> {
  const history = asFact(() => readHistory(host))
  const entries = isUnknown(history) ? [] : history.entries
  const uptime = asFact(() => ({ ms: Math.round(host.uptime() * 1000) }))
  const { reasons, ignored, bootId } = report
  return {
    ...remediesOf(host, config, report),
    hostName: nameOf(host),
    isRoot: isRoot(),
    now: host.now(),
    uptime,
    heldBy: holderOf(entries),
    kured: asFact(() => ({
      askedAgoMs: sinceAsked(host),
      toldAt: toldSince(entries, bootId),
    })),
    upgrade: asFact(() => readJob(host, 'upgrade')),
    reboot: isUnknown(history)
      ? history
      : isUnknown(uptime)
        ? uptime
        : judgeLastReboot(entries, [...reasons, ...ignored], bootId, uptime.ms),
    // Another root's programs cannot be run.
    kubelet: host.root === '' ? await askKubeletStatus(host) : undefined,
    notSeen: collectNotSeen(host),
  }
}

/** Only root can ask whether services may be restarted, and only on the running host. */
function remediesOf(
  host: Host,
  config: Config,
  report: CheckReport,
): Pick<HostStatus, 'report' | 'restarts'> {
  if (!isRoot() || !isLive(host)) return { report: withRemedies(report, undefined) }
  const known = asFact(() => withRestarts(host, config, report))
  if (!isUnknown(known)) return { report: known }
  return { report: withRemedies(report, undefined), restarts: known.unknown }
}

function nameOf(host: Host): string | undefined {
  const name = asFact(() => ({ text: readHostName(host) }))
  return isUnknown(name) ? undefined : name.text || undefined
}

function holderOf(entries: readonly HistoryEntry[]): HostStatus['heldBy'] {
  const last = entries.findLast(({ kind }) => kind === 'hold' || kind === 'release')
  return last?.kind === 'hold' ? { by: last.by, at: last.at } : undefined
}

function toldSince(entries: readonly HistoryEntry[], bootId: string): string | undefined {
  const first = entries.find(
    (entry) => entry.bootId === bootId && entry.kind === 'reboot-asked' && entry.by === 'kured',
  )
  return first?.at
}
