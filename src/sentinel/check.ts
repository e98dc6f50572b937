import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { databasePath, logPath, NO_CONF, readHostConf } from '../pacman/conf/conf.ts'
import {
  describeLock,
  readLock,
  readLockState,
  STALE_LOCK_ADVICE,
  type Lock,
  type LockState,
} from '../pacman/lock.ts'
import type { UnitProcess } from '../proc/process.ts'
import { readReplaced, type ReplacedFiles } from '../pacman/replaced.ts'
import { collectUnhealthy } from './unhealthy.ts'
import { ignore, unreadable, type Finding } from './finding.ts'
import { collectKernel, judgeKernel } from './kernel.ts'
import { collectMicrocode } from './microcode.ts'
import { collectModules } from './modules.ts'
import { collectRequest } from './request.ts'
import { scanProc } from './scan-proc.ts'
import { collectStaleCode } from './stale-code.ts'
import { decide, type Verdict } from './verdict.ts'

/** The verdict on a host, and how it was formed. */
export interface CheckReport extends Verdict {
  /** by the host's clock, ISO 8601 */
  checkedAt: string
  bootId: string
  durationMs: number
  /**
   * whether everything was seen and nothing is due: the answer then stays until pacman or an
   * administrator changes something
   */
  clean: boolean
  /** the processes that run what pacman replaced: a restart may clear them */
  stale: UnitProcess[]
}

/**
 * Looks at the host and decides, within the deadline. A source that cannot be read becomes a finding.
 *
 * @param all whether findings that cannot count are collected as well
 */
export async function checkHost(
  host: Host,
  config: Config,
  deadline: Deadline,
  all: boolean,
): Promise<CheckReport> {
  const checkedAt = new Date(host.now()).toISOString()
  const findings: Finding[] = []
  const collect = async (what: string, look: () => Finding[] | Promise<Finding[]>) => {
    try {
      for (const finding of await look()) findings.push(finding)
    } catch (error) {
      findings.push(unreadable(`${what}: ${errorText(error)}`))
    }
  }
  let dbPath = databasePath(NO_CONF)
  let log = logPath(NO_CONF)
  let before: Lock | undefined
  let bootId = ''
  let replaced: ReplacedFiles | undefined
  let clean = true
  let stale: UnitProcess[] = []
  await collect('pacman.conf', () => {
    const conf = readHostConf(host)
    dbPath = databasePath(conf)
    log = logPath(conf)
    const fatal = conf.problems.filter((problem) => problem.fatal)
    return fatal.map(({ file, line, message }) => unreadable(`${file}:${line}: ${message}`))
  })
  await collect('lock', () => {
    before = readLock(host, dbPath)
    return []
  })
  await collect('boot', () => {
    bootId = host.bootId()
    return []
  })
  await collect('replaced files', () => {
    replaced = readReplaced(host)
    return []
  })
  await collect('kernel', () => [
    judgeKernel(collectKernel({ host, dbPath, log, replaced, deadline })),
  ])
  const collectOptional = (
    key: 'modules' | 'microcode',
    look: (replaced: ReplacedFiles) => Finding[],
  ) =>
    collect(key, () => {
      if (replaced === undefined || (!config[key] && !all)) return []
      const found = look(replaced)
      return config[key] ? found : found.map((finding) => ignore(finding, `${key} = no`))
    })
  await collectOptional('modules', (files) => collectModules(host, files, deadline))
  await collectOptional('microcode', (files) => collectMicrocode(host, files))
  await collect('request', () => collectRequest(host, bootId))
  await collect('health', () => collectUnhealthy(host))
  await collect('processes', async () => {
    // Only replaced files count: without any, no process is read.
    if (replaced === undefined) return []
    if (!all && config.count === 'replaced' && replaced.count === 0) return []
    const scanner = config.scanner === 'lsof' ? (await import('./scan-lsof.ts')).scanLsof : scanProc
    const found = await collectStaleCode({ host, config, replaced, scanner, deadline, all })
    clean = found.clean && config.count === 'replaced'
    stale = found.stale
    return found.findings
  })
  await collect('lock', () => lockFindings(host, dbPath, before, config, deadline))
  const verdict = decide(findings)
  clean &&= findings.every(({ effect }) => effect === 'none')
  return { ...verdict, checkedAt, bootId, durationMs: Math.round(deadline.elapsed()), clean, stale }
}

/**
 * The lock at the end of the check. `pacman -Syuw` releases it for a moment between its two stages, so
 * a lock that was there at the start, or disappears meanwhile, counts as well.
 */
function lockFindings(
  host: Host,
  dbPath: string,
  before: Lock | undefined,
  config: Config,
  deadline: Deadline,
): Finding[] {
  const lock = readLock(host, dbPath)
  const state = lock && readLockState(host, lock, config.staleLockAge, deadline)
  if (state !== undefined && readLock(host, dbPath) !== undefined) return [lockFinding(state)]
  const path = (lock ?? before)?.path
  if (path === undefined) return []
  return [{ kind: 'lock', effect: 'busy', message: `pacman was at work: ${path} was there`, path }]
}

function lockFinding(lock: LockState): Finding {
  const { path, holder } = lock
  const message = describeLock(lock)
  if (lock.state === 'stale') {
    return unreadable(message, { kind: 'lock', path, remedy: STALE_LOCK_ADVICE })
  }
  return {
    kind: 'lock',
    effect: 'busy',
    message,
    path,
    ...(holder !== undefined && { pid: holder }),
  }
}
