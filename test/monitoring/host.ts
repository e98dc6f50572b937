/** What is monitored: a host on which much has happened, and the files for Prometheus and Grafana. */
import { parse } from 'yaml'
import type { HistoryEvent } from '../../src/history/fields.ts'
import { BOOT_ID, hostTree } from '../fixture/host.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'

export interface AlertRule {
  alert: string
  expr: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export function alertRules(): AlertRule[] {
  return parse(shipped('monitoring/alerts.yaml')).groups.flatMap(
    ({ rules }: { rules: AlertRule[] }) => rules,
  )
}

const run = (job: string, more: object) =>
  JSON.stringify({
    version: 1,
    job,
    outcome: 'completed',
    reason: '',
    problems: [],
    packages: 4,
    endedAt: new Date().toISOString(),
    bootId: BOOT_ID,
    ...more,
  })

const EVENTS: HistoryEvent[] = [
  { kind: 'boot', how: 'planned', previousBoot: '', causes: [], helped: 'unknown' },
  { kind: 'upgrade', outcome: 'completed', reason: '', packages: [], problems: [] },
  { kind: 'restart', restarted: ['sshd.service'], failed: [], by: 'root' },
]

/** A node with a reboot due and held, a kubelet, records of both runs, and a history. */
export function busyHost(): string {
  const stamp = { at: new Date().toISOString(), bootId: BOOT_ID, uptimeMs: 1000 }
  const state = 'var/lib/kured-sentinel'
  const hold = { version: 1, reason: 'x', until: Date.now() + 3e6, left: 3e6, uptime: 5e6 }
  return makeTree(
    hostTree({
      'proc/sys/kernel/osrelease': '6.9.0-arch1-1\n',
      'etc/kubernetes/kubelet.conf': '',
      'run/kured-sentinel/asked': '4990.00\n',
      [`${state}/requests.json`]: '{"version":1,"requests":[]}',
      [`${state}/hold.json`]: JSON.stringify({ ...hold, bootId: BOOT_ID }),
      [`${state}/run-upgrade.json`]: run('upgrade', {}),
      [`${state}/run-download.json`]: run('download', { outcome: 'failed', reason: 'no mirror' }),
      [`${state}/health.json`]: JSON.stringify({
        version: 1,
        bootId: BOOT_ID,
        verdict: 'unhealthy',
        reasons: ['a has failed'],
        since: 1000,
      }),
      [`${state}/history.jsonl`]: EVENTS.map(
        (event) => `${JSON.stringify({ ...stamp, ...event })}\n`,
      ).join(''),
      'srv/metrics': { directory: true },
    }),
  )
}
