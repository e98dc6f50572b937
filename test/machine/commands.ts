/** What the program says in a machine. */
import assert from 'node:assert/strict'
import type { RunRecord } from '../../src/record/run-record.ts'
import { GATE, REACHED } from '../lab/recipes.ts'
import type { Machine } from './machine.ts'

/** What a command may take on a loaded machine, whatever its own limit is. */
export const PATIENCE_MS = 600_000

/** An answer, its lines joined to one. */
export interface Said {
  exitCode: number | undefined
  said: string
}

/** A person's command. */
export function say(machine: Machine, command: string): Promise<Said> {
  return oneLine(machine.run(`kured-sentinel ${command}`, PATIENCE_MS))
}

/** Kured's question, or its reboot command. */
export function askAsKured(machine: Machine, command = ''): Promise<Said> {
  return oneLine(machine.asKured(`/usr/bin/kured-sentinel ${command}`, PATIENCE_MS))
}

/** For a test that does not wait minutes until a machine counts as well after its boot. */
export const SOON_WELL = `printf '[health]\\nafter = 5s\\nevery = 2s\\nstable = 5s\\n' >>/etc/kured-sentinel.conf`

/** Kured's question, again until it is known whether the machine is well: Kured asks each minute. */
export async function askWhenKnown(machine: Machine): Promise<Said> {
  for (;;) {
    const answer = await askAsKured(machine)
    if (!answer.said.includes('not known yet whether the node is well')) return answer
  }
}

/** Starts an upgrade whose gated package waits, and returns when it does; see gated(). */
export async function startGatedUpgrade(machine: Machine): Promise<void> {
  await machine.shell(
    `rm -f ${REACHED}
touch ${GATE}
systemctl start --no-block pacman-upgrade
until [ -e ${REACHED} ]; do sleep 0.2; done`,
    PATIENCE_MS,
  )
}

/** Waits until the upgrade that runs, and its record, have ended. */
export async function untilUpgraded(machine: Machine): Promise<void> {
  const state = 'systemctl is-active pacman-upgrade'
  await machine.shell(`while ${state} | grep -q 'ing$'; do sleep 0.5; done`, PATIENCE_MS)
}

export async function readRun(machine: Machine, job = 'upgrade'): Promise<RunRecord> {
  return JSON.parse(await machine.readFile(`/var/lib/kured-sentinel/run-${job}.json`))
}

async function oneLine(run: ReturnType<Machine['run']>): Promise<Said> {
  const { exitCode, stdout, stderr } = await run
  return { exitCode, said: (stdout + stderr).replaceAll(/\s+/g, ' ').trim() }
}

export type Expected = readonly [
  command: string,
  exitCode: number,
  said: RegExp,
  /** within which it must have ended, with room for a loaded host */
  withinS?: number,
]

/**
 * Asks one after the other, as Kured where no command is named.
 *
 * @returns what each took, as "check 3 s"
 */
export async function assertAnswers(
  machine: Machine,
  expected: readonly Expected[],
): Promise<string> {
  const took: string[] = []
  for (const [command, exitCode, text, withinS = PATIENCE_MS / 1000] of expected) {
    const began = performance.now()
    const answer = await (command === '' ? askAsKured(machine) : say(machine, command))
    const seconds = Math.round((performance.now() - began) / 1000)
    assert.match(answer.said, text, command)
    assert.equal(answer.exitCode, exitCode, `${command}: ${answer.said}`)
    assert.ok(seconds <= withinS, `${command || 'check'} took ${seconds} s`)
    took.push(`${command || 'check'} ${seconds} s`)
  }
  return took.join(', ')
}
