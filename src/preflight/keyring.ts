import { SentinelError, errorText } from '../errors.ts'
import { awaitProgram } from '../host/program.ts'
import { repositories } from '../pacman/conf/conf.ts'
import { writeFlatConfs } from '../pacman/conf/pacman-conf.ts'
import { askAvailable } from '../pacman/database/available.ts'
import { withDatabaseCopy } from '../pacman/database/copy.ts'
import { newestDatabases } from '../pacman/database/staging.ts'
import type { InstalledPackage } from '../pacman/database/local.ts'
import { askOfferedKeyrings, listKeyrings } from '../pacman/keyrings.ts'
import { isDistrust } from '../pacman/signatures.ts'
import { readRunRecord } from '../record/run-record.ts'
import { type Job, UNITS } from '../systemd/jobs.ts'
import { listed } from '../text/listed.ts'
import type { Obstacle, PreflightFinding } from './check.ts'
import type { Context, DatabaseContext } from './context.ts'
import { refetchAdvice } from './refresh.ts'
import { type CachedFile, rehearse } from './rehearsal.ts'
import { askTargets, type Target } from '../pacman/targets.ts'

const CHECK = 'keyring'

/**
 * Whether a newer keyring is to be installed before anything else, as pacman does not trust the
 * signatures with the one that is there.
 *
 * @param reasons why pacman refuses the packages, in its words
 * @param targets the packages of the upgrade
 * @param cached the files of the cache that pacman would take; undefined: it may download
 * @returns nothing where a keyring would not help
 */
export async function checkKeyring(
  context: DatabaseContext,
  reasons: readonly string[],
  targets: readonly Target[],
  cached: readonly CachedFile[] | undefined,
): Promise<PreflightFinding[]> {
  const distrusted = reasons.filter(isDistrust)
  if (distrusted.length === 0) return []
  const why = `pacman does not trust all signatures: ${listed(distrusted, 3)}`
  const { host, dbPath, deadline } = context
  const keyrings = listKeyrings(host, dbPath, deadline)
  const first = targets.filter(({ name }) => keyrings.some((keyring) => keyring.name === name))
  if (first.length === 0) return judgeIgnored(context, keyrings, why)
  const names = first.map(({ name }) => name)
  const versions = first.map(({ name, version }) => `${name} ${version}`)
  const obstacle = await findObstacle(context, names, cached)
  if (obstacle !== undefined) {
    return [{ ...obstacle, message: `${why}; ${listed(versions, 3)} ${obstacle.message}` }]
  }
  const message = `${listed(versions, 3)} must be installed first, and its service does so: ${why}`
  const advice = `systemctl start ${UNITS[context.job]}, or by hand pacman -S ${names.join(' ')}`
  return [{ check: CHECK, result: 'skip', message, advice, first: { names, versions } }]
}

/** A keyring that is ignored stays behind until a person lets it go. */
function judgeIgnored(
  { asItIs, deadline }: DatabaseContext,
  keyrings: readonly InstalledPackage[],
  why: string,
): PreflightFinding[] {
  const offered = askOfferedKeyrings(keyrings, asItIs, deadline)
  const held = offered.filter(({ isIgnored }) => isIgnored).map(({ name }) => name)
  if (held.length === 0) return []
  const names = held.join(' ')
  const message = `${why}; there is a newer ${names}, which is ignored`
  return [{ check: CHECK, result: 'act', message, advice: `kured-sentinel ignore remove ${names}` }]
}

/** Why the keyrings cannot be installed alone. */
async function findObstacle(
  context: DatabaseContext,
  names: readonly string[],
  cached: readonly CachedFile[] | undefined,
): Promise<Obstacle | undefined> {
  const more = await askMore(context, names)
  if (more.length > 0) {
    const message = `cannot be installed first, as it takes ${listed(more, 3)} along`
    return { check: CHECK, result: 'act', message, advice: `pacman -S ${names.join(' ')}` }
  }
  if (cached === undefined) return undefined
  const reasons = await rehearse(context, cached, names)
  if (reasons.length === 0) return undefined
  const told = `cannot be installed first: ${listed(reasons, 3)}`
  if (!reasons.some(isDistrust)) {
    return { check: CHECK, result: 'skip', message: told, advice: refetchAdvice(context) }
  }
  const advice = 'pacman-key --populate, then pacman-key --refresh-keys'
  return { check: CHECK, result: 'act', message: told, advice }
}

/** What else pacman would change: a keyring alone is safe, its dependencies are half an upgrade. */
async function askMore(
  { asItIs, deadline }: DatabaseContext,
  names: readonly string[],
): Promise<string[]> {
  const args = ['-Sp', '--noconfirm', '--print-format', '%n', '--config', asItIs, '--', ...names]
  const ended = await awaitProgram('/usr/bin/pacman', args, { timeoutMs: deadline.left() })
  if (ended.exitCode !== 0) return ['what pacman cannot work out']
  const planned = ended.stdout.toString().split('\n').slice(0, -1)
  return planned.filter((name) => !names.includes(name))
}

/** What pacman did not trust in the last run that did something, in its words. */
export function lastDistrusted({ host }: Context, job: Job): readonly string[] {
  const record = readRunRecord(host, job)
  return (record?.lastEnd ?? record)?.distrusted ?? []
}

/**
 * A download: only pacman itself knows the signatures of what it fetches. So the keyring goes first
 * where the last download has ended because of them. It never stops a download otherwise.
 */
export async function checkDownloadKeyring(context: Context): Promise<PreflightFinding[]> {
  const { host, conf, dbPath, pacmanConf, deadline } = context
  try {
    const reasons = lastDistrusted(context, 'download')
    if (reasons.length === 0) return []
    const names = repositories(conf)
    const newest = await newestDatabases(host, dbPath, names, deadline)
    return await withDatabaseCopy(host.path(newest), names, deadline, async (copy) => {
      const confs = writeFlatConfs(pacmanConf, copy.path, deadline)
      const available = askAvailable(confs.asItIs, names, deadline)
      const databases = { ...context, copy, available, ...confs }
      const found = await askTargets(confs.asItIs, deadline)
      if ('problem' in found) throw new SentinelError(found.problem)
      const findings = await checkKeyring(databases, reasons, found.targets, undefined)
      return findings.map((one) => (one.first ? { ...one, first: { ...one.first, newest } } : one))
    })
  } catch (error) {
    if (!(error instanceof SentinelError)) throw error
    const message = `whether a keyring must go first is not known: ${errorText(error)}`
    return [{ check: CHECK, result: 'warning', message }]
  }
}
