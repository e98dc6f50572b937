/** The rules for Prometheus: sound, each of them tried, and named as Kured is told. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { run } from '../fixture/program.ts'
import { shipped } from '../fixture/shipped.ts'
import { makeTree } from '../fixture/tree.ts'
import { alertRules, busyHost } from './host.ts'
import { promtool } from './promtool.ts'
import { monitoringProblem } from './tools.ts'

const skip = monitoringProblem() ?? false
const CHECKOUT = join(import.meta.dirname, '../..')

test('promtool has nothing against the rules', { skip }, () => {
  const said = promtool(['check', 'rules', join(CHECKOUT, 'monitoring/alerts.yaml')])
  assert.match(said, new RegExp(`SUCCESS: ${alertRules().length} rules found`))
})

const TESTS = shipped('test/monitoring/alerts.yaml')

test('each alert fires, and does not', { skip }, () => {
  const directory = makeTree({ 'alerts.yaml': TESTS })
  // Newer ones compare what is asked for, this one each annotation, too.
  const rules = alertRules().map(({ annotations: _, ...rule }) => rule)
  writeFileSync(join(directory, 'rules.yaml'), stringify({ groups: [{ name: 'all', rules }] }))
  assert.match(promtool(['test', 'rules', join(directory, 'alerts.yaml')]), /SUCCESS/)
})

test('no alert is without a test of both', () => {
  const tried: { alertname: string; exp_alerts: unknown[] }[] = parse(TESTS).tests.flatMap(
    (one: { alert_rule_test: unknown }) => one.alert_rule_test,
  )
  const names = (fires: boolean) =>
    new Set(tried.filter((one) => one.exp_alerts.length > 0 === fires).map((one) => one.alertname))
  const all = new Set(alertRules().map(({ alert }) => alert))
  assert.deepEqual([names(true), names(false)], [all, all])
})

test('each alert says how bad it is, what it is, and what to do', () => {
  for (const { alert, labels, annotations } of alertRules()) {
    assert.match(alert, /^KuredSentinel[A-Z]/)
    assert.match(labels['severity'] ?? '', /^(warning|critical)$/, alert)
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook'], alert)
    assert.match(annotations['runbook'] ?? '', /kured-sentinel|journalctl/, alert)
  }
})

test('promtool has nothing against the metrics of a busy host', { skip }, () => {
  const { code, stdout, stderr } = run(['metrics', '--root', busyHost()])
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(promtool(['check', 'metrics'], stdout), '')
})
