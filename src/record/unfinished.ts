import type { Host } from '../host/host.ts'
import { databasePath } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { listInstalled, ownedPaths } from '../pacman/database/local.ts'
import { areHooksActive, readHook, triggers, writesBootFiles } from '../pacman/hooks.ts'
import { fnmatch } from '../text/fnmatch.ts'
import { type RunOutcome, wasCutOff } from './run-outcome.ts'

interface Ended {
  host: Host
  conf: PacmanConf
  end: Pick<RunOutcome, 'outcome' | 'changed' | 'failures'>
  /** the packages that the run was to change */
  plan: readonly string[]
  /** [reboot] blocking-hooks */
  blockingHooks: readonly string[]
}

/**
 * The packages to list as unfinished after a run, beyond those that pacman's hooks list: a hook that
 * writes boot files failed for them, or pacman was cut off while those hooks are not active.
 */
export function findUnfinished(ended: Ended): string[] {
  const { end, plan, host, conf } = ended
  // A lost end of pacman.log is no witness: without the hooks, an interrupted run changed its plan.
  if (wasCutOff(end) && !areHooksActive(host, conf)) return [...end.changed, ...plan]
  return end.failures.flatMap((failure) => ofFailure(ended, failure))
}

/** The packages that a failed hook or scriptlet leaves without their boot files. */
function ofFailure(
  { host, conf, end, blockingHooks }: Ended,
  { of, name }: RunOutcome['failures'][number],
): string[] {
  const dbPath = databasePath(conf)
  const paths = (packageName: string) => {
    const entry = listInstalled(host, dbPath).find((one) => one.name === packageName)
    return entry === undefined ? [] : ownedPaths(host, dbPath, entry)
  }
  if (of === 'scriptlet') {
    const hasBootFiles = paths(name).some((path) => /^(boot|efi|usr\/lib\/modules)\/./.test(path))
    return hasBootFiles ? [name] : []
  }
  const hook = readHook(host, conf, name)
  const isNamed = blockingHooks.some((pattern) => fnmatch(pattern)(name))
  // A hook that cannot be read may be one that counts.
  if (hook === undefined) return end.changed
  if (!isNamed && !writesBootFiles(hook)) return []
  const its = end.changed.filter((one) => triggers(hook, one, paths(one)))
  return its.length > 0 ? its : end.changed
}
