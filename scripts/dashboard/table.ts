/** One row for each node. */
import { escaped } from '../recording/svg.ts'
import {
  type AnsweredPanel,
  type Area,
  COLOURS,
  type Panel,
  type Period,
  type Series,
  type ValueMapping,
} from './panel.ts'

const ROW = 34
/** Between two columns, in letters. */
const SPACE = 4

export function drawTable(
  { panel, series }: AnsweredPanel,
  { width }: Area,
  { to }: Period,
): string {
  const { indexByName = {}, renameByName = {} } = optionsOf(panel)
  const rows = [...rowsOf(series).values()]
  let left = 0
  const columns = Object.keys(indexByName).map((name) => {
    const cells = rows.map((row) => {
      const value = row.get(name) ?? ''
      return typeof value === 'number' ? ago(to * 1000 - value) : value
    })
    const head = String(renameByName[name] ?? name)
    const x = left
    left += Math.max(...[head, ...cells].map(({ length }) => length)) + SPACE
    return { x, name, head, cells }
  })
  const texts = columns.map(({ x, name, head, cells }) => {
    const at = Math.round((x * width) / left)
    const drawn = cells.map((text, row) => {
      const colour = colourOf(panel, name, text)
      const style = colour === undefined ? '' : ` style="fill:${colour}"`
      return `<text x="${at}" y="${(row + 1) * ROW + 18}"${style}>${escaped(text)}</text>`
    })
    return `<text class="head" x="${at}" y="18">${escaped(head)}</text>${drawn.join('')}`
  })
  const lines = rows.map((_, row) => `<path class="grid" d="M0 ${(row + 1) * ROW - 4}H${width}"/>`)
  return [...lines, ...texts].join('')
}

function optionsOf({ transformations = [] }: Panel) {
  return transformations.find(({ id }) => id === 'organize')?.options ?? {}
}

/** By the label that all have: what the queries say of each node. */
function rowsOf(series: readonly Series[]): Map<string, Map<string, string | number>> {
  const rows = new Map<string, Map<string, string | number>>()
  for (const { refId, labels, samples } of series) {
    const { instance = '' } = labels
    const row = rows.get(instance) ?? new Map<string, string | number>()
    rows.set(instance, row)
    for (const [name, value] of Object.entries(labels)) row.set(name, value)
    const [, value] = samples.at(-1) ?? []
    if (value !== undefined) row.set(`Value #${refId}`, value)
  }
  return new Map([...rows].toSorted(([a], [b]) => a.localeCompare(b)))
}

function colourOf({ fieldConfig }: Panel, column: string, text: string): string | undefined {
  const properties = fieldConfig.overrides
    .filter(({ matcher }) => matcher.options === column)
    .flatMap((override) => override.properties)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const mappings = properties.find(({ id }) => id === 'mappings')?.value as
    ValueMapping[] | undefined
  return COLOURS[mappings?.[0]?.options[text]?.color ?? '']
}

/** As Grafana's unit dateTimeFromNow says it. */
function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return 'a few seconds ago'
  if (minutes < 60) return minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`
  const hours = Math.round(minutes / 60)
  if (hours < 24) return hours === 1 ? 'an hour ago' : `${hours} hours ago`
  const days = Math.round(hours / 24)
  return days === 1 ? 'a day ago' : `${days} days ago`
}
