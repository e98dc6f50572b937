/** `npm run recording`: records the demonstration for README.md. Without namespaces there is none. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { COLUMNS, renderSvg } from './recording/svg.ts'
import { terminalLines } from './recording/terminal.ts'
import { timelineOf } from './recording/timeline.ts'

const FILE = 'docs/demo.svg'

const output = execFileSync('node', ['bin/kured-sentinel.cjs', 'demo'], {
  env: { PATH: process.env['PATH'], FORCE_COLOR: '1', COLUMNS: String(COLUMNS) },
  encoding: 'utf8',
})
if (!output.includes('restarted:')) throw new Error(`it is not the whole demonstration:\n${output}`)
const timeline = timelineOf(terminalLines(output, COLUMNS))
writeFileSync(FILE, renderSvg(timeline))
console.log(`${FILE}: ${timeline.shots.length} shots, ${timeline.end.toFixed(1)} s`)
