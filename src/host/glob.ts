import { fnmatch, isPattern } from '../text/fnmatch.ts'
import type { Host } from './host.ts'

/**
 * The paths that match a shell pattern, as with glob(3) and GLOB_NOCHECK: sorted by bytes; a
 * wildcard matches no hidden file; an unreadable directory counts as empty; the result is the
 * pattern itself when nothing matches or it has no wildcard.
 */
export function glob(host: Host, pattern: string): string[] {
  if (!isPattern(pattern)) return [pattern]
  const steps = pattern.split(/(?<=\/)(?!\/)/)
  let found = ['']
  for (const step of steps) {
    const [, name = '', slash = ''] = /^([^/]*)(\/*)$/.exec(step) ?? []
    found = found.flatMap((base) => expand(host, base, name)).map((path) => path + slash)
  }
  return found.length === 0 ? [pattern] : found.toSorted(byBytes)
}

/** `base` is '' or ends in a slash. */
function expand(host: Host, base: string, name: string): string[] {
  if (!isPattern(name)) {
    return base + name === '' || exists(host, base + name) ? [base + name] : []
  }
  const matches = fnmatch(name)
  const hidden = /^\\?\./.test(name)
  return entries(host, base === '' ? '.' : base)
    .filter((entry) => (hidden || !entry.startsWith('.')) && matches(entry))
    .map((entry) => base + entry)
}

function entries(host: Host, directory: string): string[] {
  try {
    return host.list(directory)
  } catch {
    return []
  }
}

function exists(host: Host, path: string): boolean {
  try {
    return host.lstat(path) !== undefined
  } catch {
    // ENOTDIR, EACCES: to glob(3) the path does not exist
    return false
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
