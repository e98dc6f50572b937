import { printable } from '../text/printable.ts'

/** Unified diffs that patch(1) takes: a tab, and a CR before the line's end, stay as they are. */
export function renderDiff(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      const [, text = '', end = ''] = /^(.*?)(\r?)$/s.exec(line) ?? []
      return text.split('\t').map(printable).join('\t') + end
    })
    .join('\n')
}
