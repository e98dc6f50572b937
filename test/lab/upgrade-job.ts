/** The jobs on a node: the real programs in simple units. */
import assert from 'node:assert/strict'
import { STAGING } from '../../src/pacman/database/staging.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import type { LabNode } from './node.ts'
import type { Run } from './run.ts'

export const SYNC = '/var/lib/pacman/sync'
export const CACHE = '/var/cache/pacman/pkg'
export const LOCK = '/var/lib/pacman/db.lck'

const unit = (lines: string, job: string, options: string) => `[Service]
Type=oneshot
Environment=LC_MESSAGES=C
ExecCondition=/usr/bin/kured-sentinel preflight ${job} ${options}
${lines}
ExecStartPost=-/bin/sh -c 'echo "error: not pacman"; exit 1'
ExecStopPost=/usr/bin/kured-sentinel record ${job}
`

/** Writes both units; `options` are for preflight. */
export async function installJobs(node: LabNode, options = ''): Promise<void> {
  const directory = '/etc/systemd/system'
  const pacman = (words: string) => `ExecStart=/usr/bin/pacman ${words} --noconfirm --noprogressbar`
  const upgrading = unit(pacman('-Su'), 'upgrade', options)
  await node.writeFile(`${directory}/pacman-upgrade.service`, upgrading)
  const publish = '/usr/bin/kured-sentinel publish'
  const lines = [
    `ExecStartPre=${publish} --prepare`,
    pacman(`-Sy --dbpath ${STAGING}`),
    `ExecStart=${publish}`,
  ]
  const download = unit(lines.join('\n'), 'download', options)
  await node.writeFile(`${directory}/pacman-cache-update.service`, download)
  await node.ok(['systemctl', 'daemon-reload'])
}

/** Runs the upgrade unit to its end. @returns the record of the run */
export async function upgrade(node: LabNode): Promise<RunRecord> {
  await node.run(['systemctl', 'start', 'pacman-upgrade.service'])
  return readRun(node)
}

export async function readRun(node: LabNode, job = 'upgrade'): Promise<RunRecord> {
  const state: RunRecord & { version: number } = JSON.parse(
    await node.readFile(`/var/lib/kured-sentinel/run-${job}.json`),
  )
  const { version: _, ...record } = state
  return record
}

/** Runs preflight by hand; `said` is its stdout and stderr. */
export async function preflight(node: LabNode, ...args: string[]): Promise<Run & { said: string }> {
  const ended = await node.run(['kured-sentinel', 'preflight', ...args])
  return { ...ended, said: ended.stdout + ended.stderr }
}

/** Asserts the answer of a preflight. */
export async function expectAnswer(
  node: LabNode,
  args: string[],
  exitCode: number,
  says: RegExp,
): Promise<void> {
  const ended = await preflight(node, ...args)
  assert.match(ended.said, says)
  assert.equal(ended.exitCode, exitCode, ended.said)
}
