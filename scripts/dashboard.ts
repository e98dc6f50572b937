/** `npm run recording`: the picture of the dashboard, of what a real Prometheus answers to its queries. */
import { readFileSync, writeFileSync } from 'node:fs'
import { monitoringProblem } from '../test/monitoring/tools.ts'
import type { Panel } from './dashboard/panel.ts'
import { drawPicture } from './dashboard/picture.ts'
import { answer } from './dashboard/prometheus.ts'
import { WEEK, weekOfMetrics } from './dashboard/week.ts'

const FILE = 'docs/dashboard.svg'

const problem = monitoringProblem()
if (problem !== undefined) throw new Error(problem)
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const { panels }: { panels: Panel[] } = JSON.parse(
  readFileSync('monitoring/dashboard.json', 'utf8'),
)
const svg = drawPicture(await answer(weekOfMetrics(version), panels, WEEK), WEEK)
writeFileSync(FILE, svg)
console.log(`${FILE}: ${panels.length} panels, ${Math.round(svg.length / 1000)} kB`)
