import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from '../host/deadline.ts'
import { orderSystemd, runSystemctl } from '../systemd/systemctl.ts'
import { readUnits } from '../systemd/unit.ts'

const POLL_MS = 200

/**
 * Has PID 1 execute itself anew, which keeps all units as they are, and waits until it answers
 * again: the call ends as soon as the connection to it does. [systemctl(1), daemon-reexec]
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
 * Waits until systemd has nothing left to do with these units, or the time is up. A service that
 * ends right after its start counts as started for a moment: so no less than `leastMs`.
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
