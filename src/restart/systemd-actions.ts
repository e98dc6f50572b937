import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from '../host/deadline.ts'
import { orderSystemd, runSystemctl } from '../systemd/systemctl.ts'
import { readUnits } from '../systemd/unit.ts'

const POLL_MS = 200

/**
 * Makes PID 1 re-execute itself, which keeps the state of all units, and waits until it answers
 * again: systemctl returns as soon as the connection is lost. [systemctl(1), daemon-reexec]
 *
 * @returns as orderSystemd()
 */
export async function reexecManager(timeoutMs: number): Promise<string> {
  const deadline = new Deadline(timeoutMs)
  const complaint = orderSystemd(['daemon-reexec'], timeoutMs)
  if (complaint !== '') return complaint
  for (;;) {
    const ended = runSystemctl(['show', '--property=Version'], Math.max(1000, deadline.left()))
    if (ended.exitCode === 0) return ''
    if (deadline.left() === 0) return `no answer after ${timeoutMs / 1000} s`
    await sleep(POLL_MS)
  }
}

/**
 * Waits until systemd has no jobs for these units, or the time is up; at least `leastMs`, because a
 * service that exits right after its start is active for a moment.
 */
export async function settle(
  units: readonly string[],
  leastMs: number,
  mostMs: number,
): Promise<void> {
  const deadline = new Deadline(mostMs)
  for (;;) {
    const busy = [...readUnits(units).values()].some(({ hasJob }) => hasJob)
    if ((!busy && deadline.elapsed() >= leastMs) || deadline.left() === 0) return
    await sleep(POLL_MS)
  }
}
