import { type TextLine, textLines } from './lines.ts'

interface DiffStep extends TextLine {
  sign: ' ' | '-' | '+'
}

/** Unchanged lines around a change, as in diff(1). */
const CONTEXT = 3

/**
 * A unified diff as patch(1) takes it, or '' when nothing changed. It is meant for one change or a
 * few close together: what lies between the first and the last of them is compared line by line.
 */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return ''
  const steps = compare(textLines(before), textLines(after))
  return `--- ${path}\n+++ ${path}\n${hunks(steps).join('')}`
}

function compare(before: TextLine[], after: TextLine[]): DiffStep[] {
  let head = 0
  while (head < before.length && same(before[head], after[head])) head++
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && same(before.at(-1 - tail), after.at(-1 - tail))) tail++
  const unchanged = (lines: TextLine[]): DiffStep[] => lines.map((line) => ({ ...line, sign: ' ' }))
  return [
    ...unchanged(before.slice(0, head)),
    ...align(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...unchanged(before.slice(before.length - tail)),
  ]
}

/** The longest common subsequence; removals come before additions. */
function align(before: TextLine[], after: TextLine[]): DiffStep[] {
  const width = after.length + 1
  const common = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const longest = same(before[i], after[j])
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1))
      common[i * width + j] = longest
    }
  }
  const steps: DiffStep[] = []
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [old, now] = [before[i], after[j]]
    if (old !== undefined && same(old, now)) {
      steps.push({ ...old, sign: ' ' })
      i++
      j++
    } else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ ...old, sign: '-' })
      i++
    } else if (now !== undefined) {
      steps.push({ ...now, sign: '+' })
      j++
    }
  }
  return steps
}

function hunks(steps: DiffStep[]): string[] {
  const changed = steps.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]))
  const spans: [start: number, end: number][] = []
  for (const index of changed) {
    const last = spans.at(-1)
    const end = Math.min(steps.length, index + CONTEXT + 1)
    if (last !== undefined && index - CONTEXT <= last[1]) last[1] = end
    else spans.push([Math.max(0, index - CONTEXT), end])
  }
  return spans.map(([start, end]) => {
    const shown = steps.slice(start, end)
    const from = range(steps.slice(0, start), shown, '+')
    const to = range(steps.slice(0, start), shown, '-')
    return `@@ -${from} +${to} @@\n${shown.map(print).join('')}`
  })
}

/** `start,count` of one side, or only the start of a single line; of none, the line before. */
function range(earlier: DiffStep[], shown: DiffStep[], other: '-' | '+'): string {
  const count = shown.filter(({ sign }) => sign !== other).length
  const skipped = earlier.filter(({ sign }) => sign !== other).length
  return count === 1 ? `${skipped + 1}` : `${count === 0 ? skipped : skipped + 1},${count}`
}

function print({ sign, text, end }: DiffStep): string {
  return `${sign}${text}\n${end === '' ? '\\ No newline at end of file\n' : ''}`
}

function same(a: TextLine | undefined, b: TextLine | undefined): boolean {
  return a !== undefined && a.text === b?.text && a.end === b.end
}
