/** Helpers for the tests of `restart`: its report, and the services that were restarted. */
import type { LabNode } from './node.ts'

/** State, main process and invocation ID of every service. */
export async function snapshot(node: LabNode): Promise<Map<string, string>> {
  const properties = '--property=Id,MainPID,InvocationID,ActiveState'
  const shown = await node.ok(['systemctl', 'show', properties, '--', '*.service'])
  return new Map(
    shown
      .trim()
      .split('\n\n')
      .map((block) => [/^Id=(.*)$/m.exec(block)?.[1] ?? '', block]),
  )
}

/** The services that have changed since. */
export async function changedSince(node: LabNode, before: Map<string, string>): Promise<string[]> {
  const now = await snapshot(node)
  const names = [...new Set([...before.keys(), ...now.keys()])]
  return names.filter((name) => before.get(name) !== now.get(name)).toSorted()
}

interface Told {
  unit?: string
  why?: string
  clears?: string
  with?: string
  notes?: string[]
  pid?: number
  command?: string
  result?: string
  execMainStatus?: string
  activeState?: string
  message?: string
  processes: { pid: number; command: string }[]
}

export interface Report {
  failed: Told[]
  restarted: Told[]
  refused: Told[]
  gone: Told[]
  stillStale: Told[]
  unseen: Told[]
}

/** Runs `restart --json` as root from a shell. */
export async function restart(node: LabNode, ...args: string[]) {
  const ran = await node.run(['/usr/bin/kured-sentinel', 'restart', '--json', ...args])
  const { exitCode, stdout, stderr } = ran
  return { exitCode, stderr, json: stdout, ...parseReport(stdout) }
}

export function parseReport(json: string): Report {
  return JSON.parse(json).details
}

export const units = (told: Told[]) => told.map(({ unit }) => unit ?? '').toSorted()
