import { dirname } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { UnitChange } from './plan.ts'

type FileChange = Pick<UnitChange, 'path' | 'text' | 'saved'>

/**
 * Makes all changes or none: each is atomic, and if one fails, the earlier ones are undone. What is
 * to be saved is saved first.
 *
 * @throws SentinelError that says what failed, and what could not be undone
 */
export function writeUnits(host: Host, changes: readonly FileChange[]): void {
  const undo: (() => void)[] = []
  for (const { path, text, saved } of changes) {
    try {
      if (saved !== undefined) undo.unshift(save(host, path, saved))
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

/** @returns a function that takes the copy away, unless it was there before */
function save(host: Host, path: string, saved: string): () => void {
  const isNew = host.lstat(saved) === undefined
  const mode = host.lstat(path)?.mode ?? 0o644
  if (isNew) host.write(saved, host.readBytes(path), mode & 0o7777)
  return () => void (isNew && host.remove(saved))
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
