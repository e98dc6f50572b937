/** The picture of the dashboard: what Prometheus answered, panel by panel. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnsweredPanel, Panel, Sample } from '../../scripts/dashboard/panel.ts'
import { drawPicture } from '../../scripts/dashboard/picture.ts'
import { scaleOf } from '../../scripts/dashboard/scale.ts'
import { escaped } from '../../scripts/recording/svg.ts'
import { shipped } from '../fixture/shipped.ts'

const { panels }: { panels: Panel[] } = JSON.parse(shipped('monitoring/dashboard.json'))
const PERIOD = { from: 0, to: 86_400 }

/** The panel of that title, of which a query has this answer. */
function draw(title: string, ...series: AnsweredPanel['series']): string {
  const panel = panels.find((one) => one.title === title)
  assert.ok(panel)
  return drawPicture([{ panel, series }], PERIOD)
}

const answer = (refId: string, labels: Record<string, string>, ...samples: Sample[]) => ({
  refId,
  labels,
  legend: Object.values(labels).join(' '),
  samples,
})

test('a number has the colour of the threshold that it reaches', () => {
  const shown = (value: number) =>
    /fill:(#\w+)">(\d+)</.exec(draw('Attention', answer('A', {}, [0, 1], [1, value])))
  assert.deepEqual(shown(0)?.slice(1), ['#73bf69', '0'])
  assert.deepEqual(shown(2)?.slice(1), ['#f2495c', '2'])
})

test('what several queries say of a node is one row, with the times as ages', () => {
  const svg = draw(
    'Fleet',
    answer('verdict', { instance: 'b', verdict: 'none' }, [0, 1]),
    answer('verdict', { instance: 'a', verdict: 'attention' }, [0, 1]),
    answer('why', { instance: 'a', kind: '<x>' }, [0, 1]),
    answer('since', { instance: 'a' }, [0, 79_200_000]),
  )
  const texts = [...svg.matchAll(/y="(\d+)"( style="fill:#\w+")?>([^<]*)<\/text>/g)]
  const row = (y: string) =>
    texts.filter(([, at]) => at === y).map(([, , style, text]) => `${text}${style ?? ''}`)
  const red = ' style="fill:#f2495c"'
  assert.deepEqual(row('52'), [
    'a',
    `attention${red}`,
    '&lt;x&gt;',
    '2 hours ago',
    '',
    '',
    '',
    '',
    '',
  ])
  assert.equal(row('86')[0], 'b')
})

test('bars stand on each other, and series of zeros are left out', () => {
  const svg = draw(
    'Reboots',
    answer('A', { instance: 'a' }, [0, 0], [43_200, 1]),
    answer('A', { instance: 'b' }, [0, 0], [43_200, 2]),
    answer('A', { instance: 'never' }, [0, 0], [43_200, 0]),
  )
  const bars = [...svg.matchAll(/M[\d.]+ ([\d.]+)h5V([\d.]+)h-5z/g)]
  assert.equal(bars.length, 2)
  assert.equal(bars[0]?.[1], bars[1]?.[2])
  assert.doesNotMatch(svg, />never</)
})

test('a line is broken where there was nothing', () => {
  const svg = draw(
    'Since Kured asked',
    answer('A', { instance: 'a' }, [0, 1], [60, 2], [300, 3], [360, 4]),
  )
  const [, path = ''] = /<path d="([^"]*)" fill="none"/.exec(svg) ?? []
  assert.equal(path.replace(/[^ML]/g, ''), 'MLML')
})

test('equal states are one piece, which ends where the next begins', () => {
  const svg = draw(
    'Verdict',
    answer('A', { instance: 'a' }, [0, 0], [21_600, 0], [43_200, 2], [86_400, 2]),
  )
  const pieces = [
    ...svg.matchAll(/<rect x="([\d.]+)"[^>]*width="([\d.]+)"[^>]*fill="(#\w+)" fill-op/g),
  ]
  assert.deepEqual(
    pieces.map(([, , , colour]) => colour),
    ['#73bf69', '#f2495c'],
  )
  const [first, second] = pieces
  assert.ok(Math.abs(Number(first?.[1]) + Number(first?.[2]) - Number(second?.[1])) < 0.2)
})

test('an axis has round numbers, or round times', () => {
  const names = (most: number, unit?: string) => {
    const { ticks, name } = scaleOf(most, unit)
    return ticks.map(name)
  }
  assert.deepEqual(names(0), ['0', '1'])
  assert.deepEqual(names(3), ['0', '1', '2', '3'])
  assert.deepEqual(names(35 * 3600, 's'), ['0', '12 h', '24 h', '36 h'])
  assert.deepEqual(names(59, 's'), ['0', '15 s', '30 s', '45 s', '60 s'])
})

test('docs/dashboard.svg has each panel with its queries, is small, and loads and runs nothing', () => {
  const svg = shipped('docs/dashboard.svg')
  const drawn = [
    ...svg.matchAll(/<title>([^<]*)<\/title>\n<rect[^>]*>\n<text class="title"[^>]*>([^<]*)</g),
  ]
  assert.deepEqual(
    drawn.map(([, queries, title]) => ({ title, queries })),
    panels.map(({ title, targets }) => ({
      title: escaped(title),
      queries: escaped(targets.map(({ expr }) => expr).join('\n')),
    })),
    'npm run recording',
  )
  assert.ok(svg.length < 100_000)
  assert.doesNotMatch(svg, /<script|href|url\(|@import/)
})
