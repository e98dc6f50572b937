import { awaitProgram } from '../host/program.ts'
import type { DatabaseContext } from './context.ts'

/** A package that the upgrade would install. */
export interface Target {
  name: string
  version: string
  /** of the package file, in bytes, from the database; 0 if unknown */
  size: number
  file: string
}

/**
 * Asks pacman for the packages of the upgrade. With an empty cache, the size to download is the size
 * of the whole file. [libalpm/sync.c]
 */
export async function askTargets({
  asItIs,
  deadline,
}: DatabaseContext): Promise<{ targets: Target[] } | { problem: string }> {
  const format = ['--print-format', '%n %v %s %l']
  const args = ['-Sup', '--noconfirm', '--color', 'never', '--config', asItIs, ...format]
  const ended = await awaitProgram('/usr/bin/pacman', args, { timeoutMs: deadline.left() })
  if (ended.timedOut) return { problem: 'no answer in time' }
  const lines = ended.stdout.toString().split('\n').slice(0, -1)
  if (ended.exitCode === 0) return { targets: lines.flatMap(parseTarget) }
  // stderr says that it failed, stdout which dependency cannot be satisfied.
  const said = [...ended.stderr.trim().split('\n'), ...lines]
  return { problem: said.map((line) => line.replace(/^(?:error|::):? /, '')).join('; ') }
}

/** "kubelet 1.31.0-1 24000000 https://mirror/extra/kubelet-1.31.0-1-x86_64.pkg.tar.zst" */
export function parseTarget(line: string): Target[] {
  const [, name, version, size, place] = /^(\S+) (\S+) (\d+) (.+)$/.exec(line) ?? []
  if (name === undefined || version === undefined || place === undefined) return []
  return [{ name, version, size: Number(size), file: place.slice(place.lastIndexOf('/') + 1) }]
}
