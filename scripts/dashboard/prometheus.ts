/** A real Prometheus with a past of its own, which answers the queries of the dashboard. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Daemon, freePorts } from '../../test/cluster/daemon.ts'
import { until } from '../../test/cluster/until.ts'
import { PROMETHEUS, PROMTOOL } from '../../test/monitoring/tools.ts'
import type { AnsweredPanel, Panel, Period, Sample, Series } from './panel.ts'
import { SAMPLES_S } from './week.ts'

/** One bar, one point of a line: two hours, in seconds. Grafana takes what fits its width. */
const STEP = 7200

/** @param metrics in OpenMetrics' format, with times */
export async function answer(
  metrics: string,
  panels: readonly Panel[],
  period: Period,
): Promise<AnsweredPanel[]> {
  const directory = mkdtempSync(join(tmpdir(), 'kured-sentinel-'))
  const data = join(directory, 'data')
  writeFileSync(join(directory, 'metrics'), metrics)
  writeFileSync(join(directory, 'prometheus.yml'), '')
  const command = ['tsdb', 'create-blocks-from', 'openmetrics']
  execFileSync(PROMTOOL, [...command, join(directory, 'metrics'), data], { stdio: 'ignore' })
  const [port = 0] = await freePorts(1)
  const options = [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${data}`,
    // What is old goes, otherwise.
    '--storage.tsdb.retention.time=100y',
    `--query.lookback-delta=${SAMPLES_S * 1.5}s`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const daemon = new Daemon('prometheus', [PROMETHEUS, ...options], join(directory, 'log'))
  try {
    await until('Prometheus is ready', () => {
      daemon.check()
      return fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    const answered: AnsweredPanel[] = []
    for (const panel of panels)
      answered.push({ panel, series: await answerPanel(port, panel, period) })
    return answered
  } finally {
    await daemon.kill()
    rmSync(directory, { recursive: true })
  }
}

async function answerPanel(
  port: number,
  { title, targets }: Panel,
  { from, to }: Period,
): Promise<Series[]> {
  const series: Series[] = []
  for (const { refId, expr, legendFormat = '', instant } of targets) {
    // What Grafana puts in place of its variables.
    const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', `${STEP}s`)
    const range = { start: `${from}`, end: `${to}`, step: `${STEP}` }
    const result = instant
      ? await ask(port, 'query', { query, time: `${to}` })
      : await ask(port, 'query_range', { query, ...range })
    if (result.length === 0) throw new Error(`${title} ${refId}: Prometheus has no answer`)
    for (const { metric, values, value } of result) {
      const samples = values ?? (value === undefined ? [] : [value])
      series.push({
        refId,
        labels: metric,
        legend: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? ''),
        samples: samples.map(([at, number]): Sample => [at, Number(number)]),
      })
    }
  }
  return series
}

type Point = [at: number, value: string]

async function ask(
  port: number,
  path: string,
  parameters: Record<string, string>,
): Promise<{ metric: Record<string, string>; values?: Point[]; value?: Point }[]> {
  const url = `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`
  const { status, error, data } = JSON.parse(await fetch(url).then((got) => got.text()))
  if (status !== 'success') throw new Error(`${parameters['query']}: ${error}`)
  return data.result
}
