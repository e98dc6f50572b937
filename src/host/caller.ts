import { userInfo } from 'node:os'
import { isatty } from 'node:tty'
import { SentinelError } from '../errors.ts'

/** Whether this program runs as root. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** @throws SentinelError "`what` needs root" when this program does not run as root */
export function mustBeRoot(what: string): void {
  if (!isRoot()) throw new SentinelError(`${what} needs root: run it with sudo`)
}

/** Whether Kured runs this program: Kured passes its own environment on to its commands. */
export function isRunByKured(): boolean {
  return process.env['KURED_NODE_ID'] !== undefined
}

/**
 * Whether a person watches: one of the standard streams is a terminal. Kured, systemd and cron give
 * their commands none, and a loop that reboots unattended has none after its first reboot. A person
 * who has no terminal either, as with `ssh node kured-sentinel`, cannot be told from such a loop.
 */
export function isByHand(): boolean {
  return [0, 1, 2].some((fd) => isatty(fd))
}

/**
 * The invocation ID of the unit, if systemd started this process directly. Processes below a
 * service inherit INVOCATION_ID; only a process that systemd itself executed has its own PID in
 * SYSTEMD_EXEC_PID. [systemd.exec(5), since 248]
 *
 * @returns the ID; undefined when a person or another program started this process
 */
export function systemdInvocation({ env, pid }: Pick<NodeJS.Process, 'env' | 'pid'> = process):
  string | undefined {
  const id = env['INVOCATION_ID'] ?? ''
  if (Number(env['SYSTEMD_EXEC_PID']) !== pid || !/^[0-9a-f]{32}$/.test(id)) return undefined
  return id
}

/** Who runs this program, in a word: "kured", "systemd", or a person's name. */
export function callerName(): string {
  if (isRunByKured()) return 'kured'
  if (systemdInvocation() !== undefined) return 'systemd'
  return process.env['SUDO_USER'] || (isRoot() ? 'root' : 'a user')
}

/**
 * The home directory of the user that runs this program, by the user database and not by HOME; "/"
 * for one that it does not know.
 */
export function callerHome(): string {
  try {
    return userInfo().homedir
  } catch {
    return '/'
  }
}

/** The kubeconfig that the caller's environment names, for a command that a person runs. */
export function callerKubeconfig(): string | undefined {
  return process.env['KUBECONFIG'] || undefined
}
