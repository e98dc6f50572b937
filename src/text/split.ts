/**
 * Splits a list, in its order, so that no part weighs more than `most`, but for one item that does so
 * alone.
 */
export function splitByWeight<T>(
  items: readonly T[],
  weigh: (item: T) => number,
  most: number,
): T[][] {
  const parts: T[][] = []
  let left = 0
  for (const item of items) {
    left -= weigh(item)
    if (parts.length === 0 || left < 0) {
      parts.push([])
      left = most - weigh(item)
    }
    parts.at(-1)?.push(item)
  }
  return parts
}
