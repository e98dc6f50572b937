/** What Prometheus' own tool says of rules and metrics. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'
import { monitoringProblem, PROMTOOL } from './tools.ts'

export function promtool(words: string[], input = ''): string {
  const ended = spawnSync(PROMTOOL, words, { input, encoding: 'utf8', timeout: 120_000 })
  assert.equal(ended.status, 0, monitoringProblem() ?? ended.stdout + ended.stderr)
  return ended.stdout + ended.stderr
}

/**
 * Asserts which alerts fire, and that no other does, on a node whose metrics stay as they are: for so
 * long that each rule's `for` is over. Its clock stands still, too.
 */
export function assertFiring(metrics: string, alerts: readonly string[]): void {
  const directory = makeTree({
    'alerts.yaml': shipped('monitoring/alerts.yaml'),
    'test.yaml': stringify({
      rule_files: ['alerts.yaml'],
      // A sample counts for five minutes.
      evaluation_interval: '5m',
      tests: [
        {
          interval: '5m',
          input_series: seriesOf(metrics),
          promql_expr_test: [
            {
              expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
              eval_time: '30h',
              exp_samples: alerts.map((alertname) => ({
                labels: `{alertname="${alertname}"}`,
                value: 1,
              })),
            },
          ],
        },
      ],
    }),
  })
  promtool(['test', 'rules', join(directory, 'test.yaml')])
}

function seriesOf(metrics: string): { series: string; values: string }[] {
  const samples = [...metrics.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)]
  assert.ok(samples.length > 0, metrics)
  return samples.map(([, name, labels, value]) => ({
    series: `${name}{${labels === undefined ? '' : `${labels},`}instance="node"}`,
    values: `${value}x360`,
  }))
}
