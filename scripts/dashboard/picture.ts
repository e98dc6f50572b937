/** The panels of the dashboard as one picture, much as Grafana's dark theme shows them. */
import { escaped } from '../recording/svg.ts'
import { drawChart, drawStates } from './chart.ts'
import { type AnsweredPanel, type Area, COLOURS, type Period } from './panel.ts'
import { drawTable } from './table.ts'

/** Of Grafana's grid, in pixels. */
const COLUMN = 44
const ROW = 29
const GAP = 8
const PADDING = 12
const TITLE = 32

const STYLE = `text{font:12px Inter,Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#ccccdc}
.title{font-size:13px;font-weight:500}.axis{font-size:11px;fill:#9d9daa}.head{fill:#6e9fff}
.big{font-size:38px;font-weight:500;text-anchor:middle}
.grid{stroke:#ccccdc;stroke-opacity:.12;fill:none}`

export function drawPicture(panels: readonly AnsweredPanel[], period: Period): string {
  const boxes = panels.map(({ panel }) => panel.gridPos)
  const width = Math.max(...boxes.map(({ x, w }) => x + w)) * COLUMN + GAP
  const height = Math.max(...boxes.map(({ y, h }) => y + h)) * ROW + GAP
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="kured-sentinel dashboard">
<style>
${STYLE}
</style>
<rect width="100%" height="100%" fill="#111217"/>
${panels.map((panel) => drawPanel(panel, period)).join('\n')}
</svg>
`
}

/** With its queries, which a mouse over it shows. */
function drawPanel(answered: AnsweredPanel, period: Period): string {
  const { title, gridPos, targets } = answered.panel
  const width = gridPos.w * COLUMN - GAP
  const height = gridPos.h * ROW - GAP
  const inside = { width: width - 2 * PADDING, height: height - TITLE - PADDING }
  return `<g transform="translate(${gridPos.x * COLUMN + GAP} ${gridPos.y * ROW + GAP})">
<title>${escaped(targets.map(({ expr }) => expr).join('\n'))}</title>
<rect width="${width}" height="${height}" rx="2" fill="#181b1f" stroke="#2a2c33"/>
<text class="title" x="${PADDING}" y="21">${escaped(title)}</text>
<g transform="translate(${PADDING} ${TITLE})">${drawInside(answered, inside, period)}</g>
</g>`
}

function drawInside(answered: AnsweredPanel, area: Area, period: Period): string {
  switch (answered.panel.type) {
    case 'stat':
      return drawNumber(answered, area)
    case 'table':
      return drawTable(answered, area, period)
    case 'timeseries':
      return drawChart(answered, area, period)
    case 'state-timeline':
      return drawStates(answered, area, period)
    default:
      throw new Error(`nobody draws a panel of type ${answered.panel.type}`)
  }
}

/** The last value, in the colour of the highest threshold that it reaches. */
function drawNumber({ panel, series }: AnsweredPanel, { width, height }: Area): string {
  const [, value = 0] = series[0]?.samples.at(-1) ?? []
  const steps = panel.fieldConfig.defaults.thresholds?.steps ?? []
  const reached = steps.findLast((step) => value >= (step.value ?? -Infinity))
  return `<text class="big" x="${width / 2}" y="${height / 2 + 12}" style="fill:${COLOURS[reached?.color ?? '']}">${value}</text>`
}
