/** The vertical axis: round numbers, or round times. */

export interface Scale {
  top: number
  ticks: readonly number[]
  name: (value: number) => string
}

const UNITS: readonly [name: string, seconds: number, steps: readonly number[]][] = [
  ['s', 1, [1, 2, 5, 10, 15, 30]],
  ['min', 60, [1, 2, 5, 10, 15, 30]],
  ['h', 3600, [1, 2, 3, 6, 12]],
  ['d', 86_400, [1, 2, 5, 10, 20]],
]

/** The most lines above 0. */
const TICKS = 4

/** @param unit "s" for seconds */
export function scaleOf(most: number, unit: string | undefined): Scale {
  if (unit !== 's') return withStep(Math.ceil(most / TICKS) || 1, most, String)
  for (const [name, seconds, steps] of UNITS) {
    const step = steps.find((one) => one * seconds * TICKS >= most)
    if (step !== undefined)
      return withStep(step * seconds, most, (value) =>
        value === 0 ? '0' : `${value / seconds} ${name}`,
      )
  }
  throw new Error(`${most} s are too many`)
}

function withStep(step: number, most: number, name: Scale['name']): Scale {
  const count = Math.max(1, Math.ceil(most / step))
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step)
  return { top: count * step * 1.05, ticks, name }
}
