import { awaitProgram } from '../host/program.ts'
import { askSizes } from '../host/directory.ts'
import { listed } from '../text/listed.ts'
import { type PreflightFinding, stops } from './check.ts'
import type { DatabaseContext } from './context.ts'
import { checkKubernetes } from './kubernetes.ts'
import { type CachedFile, checkContents } from './rehearsal.ts'

/** A package that the upgrade would install. */
export interface Target {
  name: string
  version: string
  /** of the package file, in bytes, from the database; 0 if unknown */
  size: number
  file: string
}

/** Missing packages that are named. */
const NAMED = 3

/**
 * Checks that the cache has every package of the upgrade, in full size: with a shared cache, hosts
 * should not download by themselves, all at once. pacman works out the packages; their files are
 * looked up here, since pacman would begin to download what is missing. If all are there, pacman
 * says whether it accepts them.
 */
export async function checkPackages(context: DatabaseContext): Promise<PreflightFinding[]> {
  const found = await askTargets(context)
  if ('problem' in found) {
    const message = `pacman cannot work out the upgrade: ${found.problem}`
    return [{ check: 'packages', result: 'skip', message }]
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
    return [{ check: 'packages', result: 'skip', message }]
  }
  const judged = judgePackages(targets, cacheDirs, sizes)
  if (!stops(judged)) {
    const refused = await checkContents(context, findCached(targets, cacheDirs, sizes))
    return [{ ...judged, packages }, refused]
  }
  if (!allowDownload && !config.allowDownload) return [{ ...judged, packages }]
  const message = `${targets.length} to upgrade; those that the cache lacks are downloaded`
  return [{ check: 'packages', result: 'ok', message, packages }]
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

/** @param sizes the sizes of the files that exist, by path */
export function judgePackages(
  targets: readonly Target[],
  cacheDirs: readonly string[],
  sizes: ReadonlyMap<string, number>,
): PreflightFinding {
  const missing = targets.flatMap(({ name, version, size, file }) => {
    // pacman uses the first one. [libalpm/util.c, _alpm_filecache_find]
    const found = cacheDirs.map((directory) => sizes.get(`${directory}/${file}`))
    const first = found.find((bytes) => bytes !== undefined)
    if (first === undefined) return [`${name} ${version}`]
    if (size === 0 || first === size) return []
    return [`${name} ${version} (${first} of ${size} bytes)`]
  })
  const total = `${targets.length} package${targets.length === 1 ? '' : 's'}`
  if (missing.length === 0) {
    return { check: 'packages', result: 'ok', message: `${total} to upgrade, all in the cache` }
  }
  const message = `${missing.length} of ${total} not in the cache, or incomplete: ${listed(missing, NAMED)}`
  return { check: 'packages', result: 'skip', message }
}

/** With an empty cache, the size to download is the size of the whole file. [libalpm/sync.c] */
async function askTargets({
  asItIs,
  deadline,
}: DatabaseContext): Promise<{ targets: Target[] } | { problem: string }> {
  const format = ['--print-format', '%n %v %s %l']
  const args = ['-Sup', '--noconfirm', '--color', 'never', '--config', asItIs, ...format]
  const ended = await awaitProgram('/usr/bin/pacman', args, { timeoutMs: deadline.left() })
  if (ended.timedOut) return { problem: 'no answer in time' }
  const lines = ended.stdout.toString().split('\n').slice(0, -1)
  if (ended.exitCode === 0) return { targets: lines.flatMap(parseTarget) }
  // stderr says that it failed, stdout which dependency cannot be satisfied.
  const said = [...ended.stderr.trim().split('\n'), ...lines]
  return { problem: said.map((line) => line.replace(/^(?:error|::):? /, '')).join('; ') }
}

/** "kubelet 1.31.0-1 24000000 https://mirror/extra/kubelet-1.31.0-1-x86_64.pkg.tar.zst" */
export function parseTarget(line: string): Target[] {
  const [, name, version, size, place] = /^(\S+) (\S+) (\d+) (.+)$/.exec(line) ?? []
  if (name === undefined || version === undefined || place === undefined) return []
  return [{ name, version, size: Number(size), file: place.slice(place.lastIndexOf('/') + 1) }]
}
