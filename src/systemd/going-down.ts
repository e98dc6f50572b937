import { runProgram } from '../host/program.ts'
import { runSystemctl } from './systemctl.ts'

/**
 * Whether the host is going down; undefined where nobody answers. Two witnesses are asked, because
 * PID 1 says "stopping" only once the shutdown has begun, and logind lets others delay that.
 * [systemd, InhibitDelayMaxSec=]
 */
export function askGoingDown(timeoutMs: number): boolean | undefined {
  const manager = askManager(timeoutMs)
  if (manager === true) return true
  return askLogind(timeoutMs) ?? manager
}

/** The exit code says only whether the state is "running"; stdout has the state. [systemctl(1)] */
function askManager(timeoutMs: number): boolean | undefined {
  try {
    const state = runSystemctl(['is-system-running'], timeoutMs).stdout.toString().trim()
    // It says "offline" and "unknown" where it could not ask.
    return /^(initializing|starting|running|degraded|maintenance|stopping)$/.test(state)
      ? state === 'stopping'
      : undefined
  } catch {
    return undefined
  }
}

/** [org.freedesktop.login1(5), PreparingForShutdown] */
function askLogind(timeoutMs: number): boolean | undefined {
  const logind = [
    'org.freedesktop.login1',
    '/org/freedesktop/login1',
    'org.freedesktop.login1.Manager',
  ]
  // Without logind: do not start it for the question.
  const args = ['--auto-start=no', 'get-property', ...logind, 'PreparingForShutdown']
  try {
    const said = runProgram('/usr/bin/busctl', args, { timeoutMs }).stdout.toString().trim()
    return said === 'b true' ? true : said === 'b false' ? false : undefined
  } catch {
    return undefined
  }
}
