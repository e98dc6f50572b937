import { dirname } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { UnitChange } from './plan.ts'

type FileChange = Pick<UnitChange, 'path' | 'text'>

/**
 * Makes all changes or none: each is atomic, and if one fails, the earlier ones are undone.
 *
 * @throws SentinelError that says what failed, and what could not be undone
 */
export function writeUnits(host: Host, changes: readonly FileChange[]): void {
  const undo: (() => void)[] = []
  for (const { path, text } of changes) {
    try {
      const before = remember(host, path)
      change(host, path, text)
      undo.unshift(before)
    } catch (cause) {
      const left = takeBack(undo)
      const state = left.length === 0 ? 'no file was changed' : left.join('; ')
      throw new SentinelError(
        `${path} could not be ${text === undefined ? 'removed' : 'written'}; ${state}`,
        { cause },
      )
    }
  }
}

function change(host: Host, path: string, text: string | undefined): void {
  if (text === undefined) {
    host.remove(path)
    return
  }
  host.makeDirectory(dirname(path))
  host.write(path, text)
}

/** @returns a function that restores the present file */
function remember(host: Host, path: string): () => void {
  const found = host.lstat(path)
  if (found === undefined) return () => void host.remove(path)
  if (found.isSymbolicLink()) {
    const target = host.readLink(path)
    return () => {
      host.remove(path)
      host.makeLink(path, target)
    }
  }
  const bytes = host.readBytes(path)
  return () => host.write(path, bytes, found.mode & 0o7777)
}

/** @returns what could not be undone */
function takeBack(undo: readonly (() => void)[]): string[] {
  return undo.flatMap((step) => {
    try {
      step()
      return []
    } catch (error) {
      return [`an earlier change could not be undone: ${errorText(error)}`]
    }
  })
}
