/** What the picture needs of a panel of Grafana, and of Prometheus' answers. */

interface Target {
  refId: string
  expr: string
  legendFormat?: string
  instant?: boolean
}

export interface ValueMapping {
  options: Record<string, { color: string; text?: string }>
}

export interface Panel {
  title: string
  type: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets: Target[]
  fieldConfig: {
    defaults: {
      unit?: string
      custom?: { drawStyle?: string }
      thresholds?: { steps: { color: string; value: number | null }[] }
      mappings?: ValueMapping[]
    }
    overrides: {
      matcher: { options: string }
      properties: { id: string; value: unknown }[]
    }[]
  }
  transformations?: { id: string; options: Record<string, Record<string, string | number>> }[]
}

/** At a time in seconds since 1970. */
export type Sample = readonly [at: number, value: number]

export interface Series {
  refId: string
  labels: Record<string, string>
  legend: string
  samples: readonly Sample[]
}

export interface AnsweredPanel {
  panel: Panel
  series: readonly Series[]
}

/** What is shown, in seconds since 1970. */
export interface Period {
  from: number
  to: number
}

/** The inside of a panel, in pixels. */
export interface Area {
  width: number
  height: number
}

/** Grafana's names of colours, as its dark theme has them. */
export const COLOURS: Record<string, string> = {
  green: '#73bf69',
  yellow: '#f2cc0c',
  red: '#f2495c',
  blue: '#5794f2',
}
