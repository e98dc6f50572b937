import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorText, SentinelError } from '../errors.ts'
import { syncDirectory, writeAtomically } from '../host/atomic.ts'
import type { Host } from '../host/host.ts'
import type { UnitChange } from './plan.ts'

type FileChange = Pick<UnitChange, 'path' | 'text'>

/**
 * Makes all changes, each at once, or none: should one fail, those before it are taken back.
 *
 * @throws SentinelError that says what failed, and what could not be taken back
 */
export function writeUnits(host: Host, changes: readonly FileChange[]): void {
  const undo: (() => void)[] = []
  for (const { path, text } of changes) {
    const file = host.path(path)
    try {
      const before = remember(file)
      change(file, text)
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

function change(file: string, text: string | undefined): void {
  if (text === undefined) {
    rmSync(file)
    syncDirectory(file)
    return
  }
  mkdirSync(dirname(file), { recursive: true })
  writeAtomically(file, text)
}

/** @returns a function that brings back what stands there now */
function remember(file: string): () => void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return () => rmSync(file, { force: true })
  if (found.isSymbolicLink()) {
    const target = readlinkSync(file)
    return () => {
      rmSync(file, { force: true })
      symlinkSync(target, file)
    }
  }
  const bytes = readFileSync(file)
  return () => writeAtomically(file, bytes, found.mode & 0o7777)
}

/** @returns what could not be brought back */
function takeBack(undo: readonly (() => void)[]): string[] {
  return undo.flatMap((step) => {
    try {
      step()
      return []
    } catch (error) {
      return [`a change before it stays: ${errorText(error)}`]
    }
  })
}
