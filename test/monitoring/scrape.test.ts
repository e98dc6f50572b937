/**
 * What is written is read: by a real node_exporter, scraped by a real Prometheus, with which each
 * expression of the rules and of the dashboard has an answer.
 */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { Daemon, freePorts } from '../cluster/daemon.ts'
import { until } from '../cluster/until.ts'
import { IS_ROOT, run } from '../fixture/program.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'
import { renderFamilies } from '../../src/metrics/exposition.ts'
import { metricFamilies } from '../../src/metrics/families.ts'
import { alertRules, busyHost } from './host.ts'
import { monitoringProblem, NODE_EXPORTER, PROMETHEUS } from './tools.ts'

const skip = monitoringProblem() ?? false
const daemons: Daemon[] = []
after(() => Promise.all(daemons.map((daemon) => daemon.kill())))

test(
  'a file as it is written is scraped, and each expression has an answer',
  { skip },
  async () => {
    const root = busyHost()
    const written = run(['metrics', '--root', root, '--textfile', '/srv/metrics'])
    assert.deepEqual([written.code, written.stderr], [0, ''])
    addDatabases(join(root, 'srv/metrics'))
    const [exporterPort = 0, port = 0] = await freePorts(2)
    startExporter(join(root, 'srv/metrics'), exporterPort)
    await until('node_exporter answers', async () => (await fetchText(exporterPort, '/')) !== '')
    const exposed = await fetchText(exporterPort, '/metrics')
    assert.match(exposed, /^node_textfile_scrape_error 0$/m)
    startPrometheus(exporterPort, port)
    // Two samples at least: a counter has no increase before.
    const ready = 'count_over_time(kured_sentinel_build_info[1m]) > 2'
    await until('it is scraped', async () => (await query(port, ready)).length > 0)

    for (const [metric] of exposed.matchAll(/^kured_sentinel_\w+/gm)) {
      assert.notEqual((await query(port, metric)).length, 0, metric)
    }
    const names = new Set([...exposed.matchAll(/^kured_sentinel_\w+/gm)].map(([name]) => name))
    const all = [...alertRules().map(({ expr }) => expr), ...dashboardQueries()]
    const used = all.flatMap((expr) => expr.match(/kured_sentinel_\w+/g) ?? [])
    assert.deepEqual(
      [...new Set(used)].filter((name) => !names.has(name)),
      [],
    )

    for (const expr of dashboardQueries())
      assert.notEqual((await query(port, expr)).length, 0, expr)
    const firing: string[] = []
    for (const { alert, expr } of alertRules()) {
      if ((await query(port, expr)).length > 0) firing.push(alert)
    }
    assert.deepEqual(firing, ['KuredSentinelBlockNodeUnhealthy', 'KuredSentinelUpgradeFailing'])
    // Their annotations are templates, which only Prometheus fills in.
    await until('the rules are evaluated', async () => (await alerts(port)).length === 2)
    const summaries = (await alerts(port)).map(({ annotations }) => annotations['summary'] ?? '')
    assert.deepEqual(
      summaries.toSorted((a, b) => a.localeCompare(b)),
      ['node is not well since its boot', 'The last download of packages on node did not end well'],
    )
  },
)

/** They are looked at on this machine itself alone, so here they are made of what a look gives. */
function addDatabases(directory: string): void {
  const at = Date.now()
  const databases = { at, newest: at - 3_600_000, ignored: 'fine' as const, blocking: 0 }
  const now = { bootId: '', uptime: 0, wall: at }
  const families = metricFamilies({ now, readable: {}, databases, databaseAge: 604_800_000 }, '')
  const own = families.filter(({ name }) => /^(sync_databases|ignored)_/.test(name))
  writeFileSync(join(directory, 'databases.prom'), renderFamilies(own))
}

/** As an ordinary user, as which its packages run it. */
function startExporter(directory: string, port: number): void {
  // The tree of a test is its owner's alone.
  chmodSync(dirname(dirname(directory)), 0o755)
  const user = IS_ROOT ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  const options = [
    '--collector.disable-defaults',
    '--collector.textfile',
    `--collector.textfile.directory=${directory}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const log = join(makeTree({}), 'log')
  daemons.push(new Daemon('node_exporter', [...user, NODE_EXPORTER, ...options], log))
}

function startPrometheus(exporterPort: number, port: number): void {
  const directory = makeTree({
    'alerts.yaml': shipped('monitoring/alerts.yaml'),
    'prometheus.yml': stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['alerts.yaml'],
      scrape_configs: [
        {
          job_name: 'node',
          static_configs: [
            { targets: [`127.0.0.1:${exporterPort}`], labels: { instance: 'node' } },
          ],
        },
      ],
    }),
  })
  const options = [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  daemons.push(new Daemon('prometheus', [PROMETHEUS, ...options], join(directory, 'log')))
}

/** The queries of all panels, with what Grafana puts in place of its variables. */
function dashboardQueries(): string[] {
  const { panels } = JSON.parse(shipped('monitoring/dashboard.json'))
  return panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) =>
      expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'),
    ),
  )
}

async function fetchText(port: number, path: string): Promise<string> {
  for (const daemon of daemons) daemon.check()
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(10_000),
    })
    return await answer.text()
  } catch {
    return ''
  }
}

async function query(port: number, expr: string): Promise<unknown[]> {
  const text = await fetchText(port, `/api/v1/query?query=${encodeURIComponent(expr)}`)
  if (text === '' || text.startsWith('Service Unavailable')) return []
  const { status, error, data } = JSON.parse(text)
  assert.equal(status, 'success', `${expr}: ${error}`)
  return data.result
}

async function alerts(port: number): Promise<{ annotations: Record<string, string> }[]> {
  return JSON.parse(await fetchText(port, '/api/v1/alerts')).data.alerts
}
