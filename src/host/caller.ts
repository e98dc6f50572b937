import { SentinelError } from '../errors.ts'

/** Whether this program may do everything. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** @throws SentinelError where it may not: `what` needs root */
export function mustBeRoot(what: string): void {
  if (!isRoot()) throw new SentinelError(`${what} needs root: run it with sudo`)
}

/** Whether it is Kured that runs us: it gives its variables to whatever it runs. */
export function isRunByKured(): boolean {
  return process.env['KURED_NODE_ID'] !== undefined
}

/**
 * The run that systemd has started this very process for. A person's shell below a service has an
 * INVOCATION_ID as well; only for what systemd itself has executed does SYSTEMD_EXEC_PID match.
 * [systemd.exec(5), since 248]
 *
 * @returns the run's ID, or undefined when a person, or another program, has started us
 */
export function systemdInvocation({ env, pid }: Pick<NodeJS.Process, 'env' | 'pid'> = process):
  string | undefined {
  const id = env['INVOCATION_ID'] ?? ''
  if (Number(env['SYSTEMD_EXEC_PID']) !== pid || !/^[0-9a-f]{32}$/.test(id)) return undefined
  return id
}
