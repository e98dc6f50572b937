import { mustBeRoot } from '../host/caller.ts'
import type { Config } from '../config/config.ts'
import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import { databasePath } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import type { Available } from '../pacman/database/available.ts'
import type { DatabaseCopy } from '../pacman/database/copy.ts'
import type { FlatConfs } from '../pacman/conf/pacman-conf.ts'
import { plainPath } from '../pacman/conf/conf.ts'
import type { Job } from '../systemd/jobs.ts'
import type { JobOptions } from '../units/job-options.ts'

/** As the job's service gives them; directories that are not named are those of pacman.conf. */
export interface PreflightOptions extends JobOptions {
  /** a path of the host */
  pacmanConf: string
}

/** What the checks look at. Paths have no slash at their end. */
export interface Context extends PreflightOptions {
  job: Job
  host: Host
  config: Config
  deadline: Deadline
  conf: PacmanConf
  dbPath: string
  syncDir: string
  /** the cache that must be mounted, and that a download writes to */
  cacheDir: string
  /** all of pacman's caches, in its order */
  cacheDirs: string[]
}

/** What a check of the databases needs in addition. */
export interface DatabaseContext extends Context, FlatConfs {
  copy: DatabaseCopy
  available: Available
}

/**
 * Reads pacman's configuration for the checks.
 *
 * @throws SentinelError for a problem that stops every run until a person fixes it
 */
export function prepare(
  job: Job,
  host: Host,
  config: Config,
  options: PreflightOptions,
  deadline: Deadline,
): Context {
  mustBeRoot('a preflight')
  const { pacmanConf } = options
  const conf = readValidConf(host, pacmanConf)
  const dbPath = databasePath(conf)
  const cacheDirs = askCacheDirs(pacmanConf, deadline).map(plainPath)
  const syncDir = plainPath(options.syncDir ?? `${dbPath}/sync`)
  const cacheDir = plainPath(options.cacheDir ?? cacheDirs[0] ?? '')
  const unused = (path: string, instead: string) =>
    new SentinelError(`pacman does not use ${path}: by ${pacmanConf} it uses ${instead}`)
  if (syncDir !== `${dbPath}/sync`) throw unused(syncDir, `${dbPath}/sync`)
  if (!cacheDirs.includes(cacheDir)) throw unused(cacheDir, cacheDirs.join(' and '))
  return { ...options, job, host, config, deadline, conf, dbPath, syncDir, cacheDir, cacheDirs }
}

/** pacman itself must accept its configuration; its warnings do not matter here. */
function askCacheDirs(pacmanConf: string, deadline: Deadline): string[] {
  const timeoutMs = Math.min(10_000, deadline.left())
  const args = ['--config', pacmanConf, 'CacheDir']
  const ended = runProgram('/usr/bin/pacman-conf', args, { timeoutMs })
  if (ended.exitCode === 0) return ended.stdout.toString().split('\n').slice(0, -1)
  const said = ended.timedOut ? 'no answer' : ended.stderr.trim()
  throw new SentinelError(`pacman-conf does not accept ${pacmanConf}: ${said}`)
}
