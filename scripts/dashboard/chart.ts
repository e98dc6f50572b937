/** Lines, bars and states over time. */
import { escaped } from '../recording/svg.ts'
import {
  type AnsweredPanel,
  type Area,
  COLOURS,
  type Period,
  type Sample,
  type Series,
} from './panel.ts'
import { type Scale, scaleOf } from './scale.ts'

/** Grafana's classic palette. */
const PALETTE = [
  '#7eb26d',
  '#eab839',
  '#6ed0e0',
  '#ef843c',
  '#e24d42',
  '#5794f2',
  '#ba43a9',
  '#9a86d3',
]

const LEFT = 46
const BOTTOM = 20
const LEGEND_LINE = 16
/** Of a letter of the legend, with something to spare. */
const LETTER = 6.6

interface Plot extends Area, Period {}

interface Shown {
  series: Series
  colour: string
}

export function drawChart({ panel, series }: AnsweredPanel, area: Area, period: Period): string {
  const isBars = panel.fieldConfig.defaults.custom?.drawStyle === 'bars'
  // Bars of nothing are nothing; a legend of them would hide the rest.
  const shown = series
    .filter(({ samples }) => !isBars || samples.some(([, value]) => value > 0))
    .map((one, index) => ({ series: one, colour: PALETTE[index % PALETTE.length] ?? '' }))
  const legend = drawLegend(shown, area)
  const plot = { ...period, width: area.width, height: legend.top - BOTTOM }
  const drawn = isBars
    ? drawBars(shown, plot)
    : drawLines(shown, plot, panel.fieldConfig.defaults.unit)
  return `${drawDays(plot)}${drawn}${legend.svg}`
}

export function drawStates({ panel, series }: AnsweredPanel, area: Area, period: Period): string {
  const states = panel.fieldConfig.defaults.mappings?.[0]?.options ?? {}
  const legend = drawLegend(
    Object.values(states).map(({ text = '', color }) => ({
      series: { refId: '', labels: {}, legend: text, samples: [] },
      colour: COLOURS[color] ?? color,
    })),
    area,
  )
  const plot = { ...period, width: area.width, height: legend.top - BOTTOM }
  const height = plot.height / series.length
  const rows = series.map(({ legend: name, samples }, row) => {
    const y = row * height + 4
    const label = `<text class="axis" x="${LEFT - 6}" y="${round(y + height / 2)}" text-anchor="end">${escaped(name)}</text>`
    return (
      label +
      runsOf(samples, plot.to)
        .map(([from, to, value]) => {
          const colour = COLOURS[states[value]?.color ?? ''] ?? '#888'
          const x = xOf(plot, from)
          return `<rect x="${x}" y="${round(y)}" width="${round(xOf(plot, to) - x)}" height="${round(height - 8)}" fill="${colour}" fill-opacity=".8"/>`
        })
        .join('')
    )
  })
  return `${drawDays(plot)}${rows.join('')}${legend.svg}`
}

/** Equal values that follow each other, as one. */
function runsOf(
  samples: readonly Sample[],
  end: number,
): [from: number, to: number, value: number][] {
  const runs: [number, number, number][] = []
  for (const [at, value] of samples) {
    const last = runs.at(-1)
    if (last !== undefined) last[1] = at
    if (last?.[2] !== value) runs.push([at, end, value])
  }
  return runs
}

function drawBars(shown: readonly Shown[], plot: Plot): string {
  const sums = new Map<number, number>()
  for (const { series } of shown)
    for (const [at, value] of series.samples) sums.set(at, (sums.get(at) ?? 0) + value)
  const scale = scaleOf(Math.max(0, ...sums.values()), undefined)
  const below = new Map<number, number>()
  const bars = shown.map(({ series, colour }) => {
    const rects = series.samples.flatMap(([at, value]) => {
      if (value <= 0) return []
      const base = below.get(at) ?? 0
      below.set(at, base + value)
      const y = yOf(plot, scale, base + value)
      return `M${round(xOf(plot, at) - 5)} ${y}h5V${yOf(plot, scale, base)}h-5z`
    })
    return `<path d="${rects.join('')}" fill="${colour}"/>`
  })
  return drawValues(plot, scale) + bars.join('')
}

function drawLines(shown: readonly Shown[], plot: Plot, unit: string | undefined): string {
  const values = shown.flatMap(({ series }) => series.samples.map(([, value]) => value))
  const scale = scaleOf(Math.max(0, ...values), unit)
  const lines = shown.map(({ series: { samples }, colour }) => {
    const step = stepOf(shown)
    const path = samples.map(([at, value], index) => {
      const isNext = at - (samples[index - 1]?.[0] ?? -Infinity) <= step
      // One point alone is to be seen, too.
      return `${isNext ? 'L' : 'M'}${xOf(plot, at)} ${yOf(plot, scale, value)}${isNext ? '' : 'h.1'}`
    })
    return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linecap="round"/>`
  })
  return drawValues(plot, scale) + lines.join('')
}

/** The smallest distance between two samples. */
function stepOf(shown: readonly Shown[]): number {
  const steps = shown.flatMap(({ series: { samples } }) =>
    samples.slice(1).map(([at], index) => at - (samples[index]?.[0] ?? 0)),
  )
  return Math.min(...steps)
}

function drawValues(plot: Plot, { ticks, name, top }: Scale): string {
  return ticks
    .map((value) => {
      const y = yOf(plot, { ticks, name, top }, value)
      return `<path class="grid" d="M${LEFT} ${y}H${plot.width}"/><text class="axis" x="${LEFT - 6}" y="${round(y + 4)}" text-anchor="end">${name(value)}</text>`
    })
    .join('')
}

const DAY = 86_400
/** The room for a date, in pixels. */
const DATE = 50

function drawDays(plot: Plot): string {
  const days: string[] = []
  const step = Math.ceil((DATE * (plot.to - plot.from)) / DAY / (plot.width - LEFT)) * DAY
  for (let at = Math.ceil(plot.from / DAY) * DAY; at < plot.to; at += step) {
    const x = xOf(plot, at)
    const date = new Date(at * 1000).toISOString().slice(5, 10)
    days.push(
      `<path class="grid" d="M${x} 0V${round(plot.height)}"/><text class="axis" x="${x}" y="${round(plot.height + 14)}" text-anchor="middle">${date}</text>`,
    )
  }
  return days.join('')
}

function drawLegend(shown: readonly Shown[], { width, height }: Area) {
  let x = 0
  let line = 0
  const places = shown.map(({ series: { legend }, colour }) => {
    const wide = 20 + legend.length * LETTER
    if (x > 0 && x + wide > width) {
      x = 0
      line++
    }
    const place = { x, line, legend, colour }
    x += wide
    return place
  })
  const top = height - (line + 1) * LEGEND_LINE
  const svg = places.map(({ x: left, line: row, legend, colour }) => {
    const y = top + row * LEGEND_LINE + 12
    return `<path d="M${round(left)} ${y - 4}h10" stroke="${colour}" stroke-width="3"/><text class="axis" x="${round(left + 14)}" y="${y}">${escaped(legend)}</text>`
  })
  return { top, svg: svg.join('') }
}

function xOf({ from, to, width }: Plot, at: number): number {
  return round(LEFT + ((at - from) / (to - from)) * (width - LEFT))
}

function yOf({ height }: Plot, { top }: Scale, value: number): number {
  return round(height - (value / top) * height)
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
