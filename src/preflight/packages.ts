import { askSizes } from '../host/directory.ts'
import { countPackages, listed } from '../text/listed.ts'
import { type PreflightFinding, SERVER_ADVICE, stops } from './check.ts'
import { CONFIG_FILE } from '../config/config.ts'
import { planAdvice } from './plan.ts'
import { refetchAdvice, refreshAdvice } from './refresh.ts'
import type { DatabaseContext } from './context.ts'
import { checkKubernetes } from './kubernetes.ts'
import { checkKeyring, lastDistrusted } from './keyring.ts'
import { type CachedFile, rehearse } from './rehearsal.ts'
import { askTargets, findLacking, type Target } from '../pacman/targets.ts'

/** Missing packages that are named. */
const NAMED = 3

/**
 * Checks that the cache has every package of the upgrade, in full size: with a shared cache, hosts
 * should not download by themselves, all at once. pacman works out the packages; their files are
 * looked up here, since pacman would begin to download what is missing. If all are there, pacman
 * says whether it accepts them.
 */
export async function checkPackages(context: DatabaseContext): Promise<PreflightFinding[]> {
  const found = await askTargets(context.asItIs, context.deadline)
  if ('problem' in found) {
    const message = `pacman cannot work out the upgrade: ${found.problem}`
    return [{ check: 'packages', result: 'skip', message, advice: planAdvice(context) }]
  }
  const { targets } = found
  if (targets.length === 0) {
    return [{ check: 'packages', result: 'ok', message: 'there is nothing to upgrade' }]
  }
  const versions = await checkKubernetes(context, targets)
  return versions.some(stops) ? versions : [...versions, ...(await checkCache(context, targets))]
}

async function checkCache(
  context: DatabaseContext,
  targets: readonly Target[],
): Promise<PreflightFinding[]> {
  const { allowDownload, config, cacheDirs, deadline } = context
  const packages = targets.map(({ name }) => name)
  const names = targets.flatMap(({ file }) => [file, `${file}.sig`])
  const files = names.flatMap((file) => cacheDirs.map((directory) => `${directory}/${file}`))
  const sizes = await askSizes(files, deadline)
  if ('problem' in sizes) {
    const message = `${cacheDirs.join(' and ')}: ${sizes.problem}`
    return [{ check: 'packages', result: 'skip', message, advice: SERVER_ADVICE }]
  }
  const judged = judgePackages(targets, cacheDirs, sizes, context)
  if (!stops(judged)) {
    const contents = await checkContents(context, targets, findCached(targets, cacheDirs, sizes))
    return [{ ...judged, packages }, ...contents]
  }
  if (!allowDownload && !config.allowDownload) return [{ ...judged, packages }]
  const message = `${targets.length} to upgrade; those that the cache lacks are downloaded`
  const distrusted = lastDistrusted(context, 'upgrade')
  const keyring = await checkKeyring(context, distrusted, targets, undefined)
  return [{ check: 'packages', result: 'ok', message, packages }, ...keyring]
}

/** Whether pacman accepts the packages; if not for a signature, whether a keyring must go first. */
async function checkContents(
  context: DatabaseContext,
  targets: readonly Target[],
  cached: readonly CachedFile[],
): Promise<PreflightFinding[]> {
  const check = 'packages'
  const reasons = await rehearse(context, cached)
  if (reasons.length === 0) return [{ check, result: 'ok', message: 'pacman accepts the packages' }]
  if (context.deadline.left() === 0) {
    const message = 'pacman had no time to check all packages: give --timeout more'
    const advice = 'systemctl edit pacman-upgrade.service: a longer --timeout of its preflight'
    return [{ check, result: 'skip', message, advice }]
  }
  const keyring = await checkKeyring(context, reasons, targets, cached)
  if (keyring.length > 0) return keyring
  const message = `pacman refuses the packages: ${reasons.join('; ')}`
  return [{ check, result: 'skip', message, advice: refetchAdvice(context) }]
}

/** The file of each package that pacman takes, and the signature beside it. */
function findCached(
  targets: readonly Target[],
  cacheDirs: readonly string[],
  sizes: ReadonlyMap<string, number>,
): CachedFile[] {
  return targets.flatMap(({ file }) => {
    const directory = cacheDirs.find((one) => sizes.has(`${one}/${file}`))
    if (directory === undefined) return []
    return [file, `${file}.sig`]
      .filter((name) => sizes.has(`${directory}/${name}`))
      .map((name) => ({ directory, file: name }))
  })
}

/**
 * @param sizes the sizes of the files that exist, by path
 * @param context whether the cache is this host's own
 */
export function judgePackages(
  targets: readonly Target[],
  cacheDirs: readonly string[],
  sizes: ReadonlyMap<string, number>,
  context: Pick<DatabaseContext, 'local'>,
): PreflightFinding {
  const lacking = findLacking(targets, cacheDirs, sizes)
  const missing = lacking.map(({ told }) => told)
  const total = countPackages(targets.length)
  if (missing.length === 0) {
    return { check: 'packages', result: 'ok', message: `${total} to upgrade, all in the cache` }
  }
  const message = `${missing.length} of ${total} not in the cache, or incomplete: ${listed(missing, NAMED)}`
  return {
    check: 'packages',
    result: 'skip',
    message,
    advice: lackAdvice(
      lacking.map(({ target }) => target.name),
      context,
    ),
  }
}

/** The cache host fetches what the fleet has told it, and without a fleet what it has itself. */
function lackAdvice(names: readonly string[], context: Pick<DatabaseContext, 'local'>): string {
  const few = names.length <= NAMED ? names.join(' ') : 'NAME…'
  const refresh = refreshAdvice(context)
  const first = `kured-sentinel fleet report here, or where there is no fleet directory pacman -S ${few} there`
  const bring = context.local ? refresh : `${refresh}, after ${first}`
  return `${bring}; or here kured-sentinel ignore add ${few}, or allow-download = yes in ${CONFIG_FILE}`
}
