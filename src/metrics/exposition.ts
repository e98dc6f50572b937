/** A metric with all its samples. Names and units follow Prometheus' conventions. */
export interface MetricFamily {
  /** without the prefix, which all have */
  name: string
  type: 'gauge' | 'counter'
  help: string
  samples: MetricSample[]
}

export interface MetricSample {
  labels?: Record<string, string>
  value: number
}

const PREFIX = 'kured_sentinel_'

/**
 * The text that Prometheus and node_exporter read, without timestamps: with one, node_exporter
 * refuses the whole file. A metric without samples is left out.
 * [Prometheus, exposition formats, text format 0.0.4]
 */
export function renderFamilies(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const full = PREFIX + name
      const lines = samples.map(({ labels, value }) => `${full}${renderLabels(labels)} ${value}\n`)
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
    })
    .join('')
}

function renderLabels(labels: Record<string, string> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** Also what a terminal must not see: the text is printed, too. */
function escaped(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replace(/\p{C}/gu, '\ufffd')
}

/** One sample for each of the values, of which the one that holds is 1 and the others are 0. */
export function oneOfStates(
  label: string,
  states: readonly string[],
  held: string,
  more: Record<string, string> = {},
): MetricSample[] {
  return states.map((state) => ({
    labels: { ...more, [label]: state },
    value: state === held ? 1 : 0,
  }))
}

/** In seconds, from ms. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1000
}
