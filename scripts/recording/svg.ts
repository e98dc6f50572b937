import type { TerminalLine } from './terminal.ts'
import type { Timeline } from './timeline.ts'

/** The window: its width, the lines that it shows at once, and a line's height in pixels. */
export const COLUMNS = 80
export const ROWS = 26
const LINE_HEIGHT = 19
const MARGIN = 16
/** Of the usual fonts at 14 pixels, with something to spare. */
const WIDTH = COLUMNS * 8.5 + 2 * MARGIN
const HEIGHT = ROWS * LINE_HEIGHT + 2 * MARGIN

const COLOURS = `.red{fill:#ff7b72}.green{fill:#7ee787}.yellow{fill:#f2cc60}.cyan{fill:#79c0ff}
.dim{fill:#9198a1}.bold{font-weight:bold}`

/**
 * A picture that moves by CSS alone, which a page shows like any other. Where nothing moves it has the
 * last lines.
 *
 * @param still only the state at this moment, in seconds
 */
export function renderSvg({ shots, end }: Timeline, still?: number): string {
  const rules: string[] = []
  const groups: string[] = []
  const scrolls: [at: number, rows: number][] = []
  let row = 0
  for (const [index, { at, lines }] of shots.entries()) {
    if (still !== undefined && at > still) break
    const texts = lines.map((line, offset) => renderLine(line, row + offset))
    row += lines.length
    groups.push(`<g class="s${index}">${texts.join('')}</g>`)
    scrolls.push([at, Math.max(0, row - ROWS)])
    if (at > 0) rules.push(appears(index, at, end))
  }
  const [, last] = scrolls.at(-1) ?? [0, 0]
  if (still === undefined) rules.push(scroll(scrolls, end))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="kured-sentinel demo">
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#e6edf3;white-space:pre}
${COLOURS}
.all{transform:translateY(${-last * LINE_HEIGHT}px)}
${still === undefined ? rules.join('\n') : ''}
@media (prefers-reduced-motion:reduce){*{animation:none!important}}
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<svg x="${MARGIN}" y="${MARGIN}" width="${WIDTH - 2 * MARGIN}" height="${ROWS * LINE_HEIGHT}">
<g class="all">
${groups.join('\n')}
</g>
</svg>
</svg>
`
}

function renderLine(line: TerminalLine, row: number): string {
  if (line.length === 0) return ''
  const pieces = line.map(({ text, styles }) =>
    styles.length === 0
      ? escaped(text)
      : `<tspan class="${styles.join(' ')}">${escaped(text)}</tspan>`,
  )
  return `<text y="${row * LINE_HEIGHT + 14}" xml:space="preserve">${pieces.join('')}</text>`
}

/** Nothing until its moment comes, in each round. */
function appears(index: number, at: number, end: number): string {
  const name = `s${index}`
  return `.${name}{animation:${name} ${end}s step-end infinite}@keyframes ${name}{0%{opacity:0}${percent(at, end)}{opacity:1}}`
}

function scroll(scrolls: readonly [at: number, rows: number][], end: number): string {
  const steps = scrolls.map(
    ([at, rows]) => `${percent(at, end)}{transform:translateY(${-rows * LINE_HEIGHT}px)}`,
  )
  return `.all{animation:all ${end}s step-end infinite}@keyframes all{${steps.join('')}}`
}

function percent(at: number, end: number): string {
  return `${Math.round((at / end) * 10_000) / 100}%`
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
