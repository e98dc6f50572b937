import { SentinelError } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import { Host } from '../../host/host.ts'
import { runProgram } from '../../host/program.ts'

/** A directive as pacman reads it, and what pacman warns of in the files. */
export interface DirectiveAnswer {
  values: string[]
  /** pacman carries on after these: "config file F, line N: directive 'X' … not recognized." */
  warnings: string[]
}

/**
 * A directive's values as pacman itself reads them, from the lines that `pacman-conf --config FILE
 * DIRECTIVE` prints. A directive that pacman does not know (any more) is a warning on stderr, with
 * exit code 0. [pacman 6.0.2 and 7.0.0, src/pacman/conf.c, _parse_options]
 *
 * @param file a path of this machine
 * @throws SentinelError with what pacman-conf said, if pacman does not run with the file
 */
export function askDirective(file: string, directive: string): DirectiveAnswer {
  const args = ['--config', file, directive]
  const ended = runProgram('/usr/bin/pacman-conf', args, { timeoutMs: 10_000 })
  const said = ended.stderr.split('\n').filter((line) => line !== '')
  if (ended.exitCode !== 0) {
    const errors = ended.timedOut ? 'no answer within 10 s' : onlyErrors(said).join('\n')
    throw new SentinelError(`pacman-conf does not accept ${file}: ${errors}`)
  }
  const values = ended.stdout.toString().split('\n').slice(0, -1)
  return { values, warnings: said.map((line) => line.replace(/^warning: /, '')) }
}

/** askDirective() where the warnings do not matter: pacman runs with them. */
export function askPacmanConf(file: string, directive: string): string[] {
  return askDirective(file, directive).values
}

/** A warning is not why pacman stops. */
function onlyErrors(said: string[]): string[] {
  const errors = said.filter((line) => !line.startsWith('warning: '))
  return errors.length > 0 ? errors : said
}

/** The user who downloads for pacman 7; undefined without one, and with pacman 6, which knows none. */
export function askDownloadUser(file: string): string | undefined {
  try {
    return askPacmanConf(file, 'DownloadUser')[0]
  } catch {
    return undefined
  }
}

/** Configurations for a copy of the databases, with an empty cache. Paths of this machine. */
export interface FlatConfs {
  asItIs: string
  nothingIgnored: string
  /** as it is, with the cache `packages` beside it, and downloads that do nothing */
  noDownload: string
}

/** The lines to replace for a copy: pacman must not read or write the host's own paths. */
const OWN = /^(?:UseSyslog|(?:DBPath|CacheDir|LogFile|XferCommand) = .*)\n/gm

/** A program takes the place of every download: it ends well, and brings nothing. */
const NO_DOWNLOAD = 'XferCommand = /usr/bin/true %u\n'

const IGNORED = /^Ignore(?:Pkg|Group) = .*\n/gm

/**
 * Writes the configuration as pacman itself reads it, with all Includes resolved, for a copy of the
 * databases: once as it is, once with nothing ignored, and once for a rehearsal without downloads. The cache is empty: a configured one may
 * be on a server that is gone, and pacman's --cachedir would only add to it. [tested, 6.0.2]
 *
 * @param dbPath the copy, where the files are written to
 * @throws SentinelError if pacman does not accept the configuration
 */
export function writeFlatConfs(pacmanConf: string, dbPath: string, deadline: Deadline): FlatConfs {
  const ownLines = (cache: string) =>
    `DBPath = ${dbPath}\nCacheDir = ${dbPath}/${cache}\nLogFile = ${dbPath}/log\n`
  const flat = askFlatConf(pacmanConf, deadline).replace(OWN, '')
  const text = withOptions(flat, ownLines('cache'))
  const noDownload = withOptions(flat, ownLines('packages') + NO_DOWNLOAD)
  const copy = new Host(dbPath)
  copy.write('/pacman.conf', Buffer.from(text, 'latin1'))
  copy.write('/nothing-ignored.conf', Buffer.from(text.replace(IGNORED, ''), 'latin1'))
  copy.write('/no-download.conf', Buffer.from(noDownload, 'latin1'))
  return {
    asItIs: copy.path('/pacman.conf'),
    noDownload: copy.path('/no-download.conf'),
    nothingIgnored: copy.path('/nothing-ignored.conf'),
  }
}

/**
 * Writes the configuration for the databases in `dbPath`, with nothing ignored: once with an empty
 * cache, to plan for hosts that ignore other packages, and once with the host's own, to download.
 *
 * @param dbPath where the files are written to, and the cache is to be
 * @throws SentinelError if pacman does not accept the configuration
 */
export function writeSharedConfs(
  pacmanConf: string,
  dbPath: string,
  deadline: Deadline,
): { plan: string; download: string } {
  const { plan, download } = sharedConfs(askFlatConf(pacmanConf, deadline), dbPath)
  const copy = new Host(dbPath)
  copy.write('/plan.conf', Buffer.from(plan, 'latin1'))
  copy.write('/download.conf', Buffer.from(download, 'latin1'), 0o600)
  return { plan: copy.path('/plan.conf'), download: copy.path('/download.conf') }
}

/**
 * The texts of writeSharedConfs(). Anybody may read the one for plans: it has no address, in which
 * there may be a password, as pacman needs none for them.
 *
 * @param flat see askFlatConf()
 */
export function sharedConfs(flat: string, dbPath: string): { plan: string; download: string } {
  const shared = flat.replace(IGNORED, '')
  const own = `DBPath = ${dbPath}\nCacheDir = ${dbPath}/cache\nLogFile = ${dbPath}/log\n`
  const plan = shared
    .replace(OWN, '')
    .replace(/^CacheServer = .*\n/gm, '')
    .replace(/^Server = .*$/gm, 'Server = file:///')
  const download = shared.replace(/^DBPath = .*\n/gm, '')
  return {
    plan: withOptions(plan, own),
    download: withOptions(download, `DBPath = ${dbPath}\n`),
  }
}

/** The configuration as pacman itself reads it, with all Includes resolved, as latin1. */
function askFlatConf(pacmanConf: string, deadline: Deadline): string {
  const timeoutMs = Math.min(10_000, deadline.left())
  const ended = runProgram('/usr/bin/pacman-conf', ['--config', pacmanConf], { timeoutMs })
  if (ended.exitCode === 0) return ended.stdout.toString('latin1')
  throw new SentinelError(`pacman-conf does not accept ${pacmanConf}: ${ended.stderr.trim()}`)
}

function withOptions(flat: string, lines: string): string {
  return flat.replace('[options]\n', `[options]\n${lines}`)
}
