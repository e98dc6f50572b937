import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'

/** A unified diff for patch(1), with three lines of context; '' when nothing changed. */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return ''
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY }
  return createTwoFilesPatch(path, path, before, after, undefined, undefined, options)
}
