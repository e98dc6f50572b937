import { dirname } from 'node:path'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { checkIgnored } from '../ignored/check.ts'
import { databasePath, PACMAN_CONF, repositories } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import { askNewestDatabase } from '../pacman/database/copy.ts'
import { readLock } from '../pacman/lock.ts'
import type { DatabaseFacts } from './facts.ts'

/** What the last look saw, with the state of the files that it rests on. Only root can write it. */
const KNOWN_FILE = '/run/kured-sentinel/databases.json'

/**
 * For so long a look stands where nothing has changed. An idle automount is so left alone most of the
 * time, and pacman's simulation is run once an hour. In ms.
 */
const STANDS_MS = 3_600_000

/** A server may be gone, and pacman takes seconds on a slow board. In ms. */
const NEWEST_MS = 20_000
const SIMULATION_MS = 90_000

interface KnownDatabases {
  rests: string
  facts: DatabaseFacts
}

/**
 * The age of the sync databases, and whether ignored packages stop an upgrade to what they offer. For
 * this machine itself, and root.
 *
 * @returns what was seen last where nothing has changed, pacman is at work, or a new look fails, which
 * then is the problem; nothing where nothing was ever seen
 * @throws SentinelError, or the system error, where pacman's configuration cannot be read
 */
export async function collectDatabases(
  host: Host,
  keeps: boolean,
): Promise<{ facts?: DatabaseFacts; problem?: unknown }> {
  const conf = readValidConf(host, PACMAN_CONF)
  if (repositories(conf).length === 0) return {}
  const dbPath = databasePath(conf)
  const rests = [...new Set([PACMAN_CONF, ...conf.files, `${dbPath}/local`])]
    .map((path) => `${path} ${host.state(path)}`)
    .join('\n')
  const known = readKnown(host)
  const age = host.now() - (known?.facts.at ?? 0)
  const stands = known?.rests === rests && age >= 0 && age < STANDS_MS
  // While pacman works, the databases are partly old, partly new.
  const before = known === undefined ? {} : { facts: known.facts }
  if (stands || readLock(host, dbPath) !== undefined) return before
  try {
    const facts = await lookAtDatabases(host, conf, dbPath)
    if (keeps) keep(host, { rests, facts })
    return { facts }
  } catch (problem) {
    return { ...before, problem }
  }
}

async function lookAtDatabases(
  host: Host,
  conf: PacmanConf,
  dbPath: string,
): Promise<DatabaseFacts> {
  const at = host.now()
  const newest = await askNewestDatabase(
    host.path(dbPath),
    repositories(conf),
    new Deadline(NEWEST_MS),
  )
  const { verdict, blockers } = await checkIgnored(host, PACMAN_CONF, new Deadline(SIMULATION_MS))
  const blocking = new Set(blockers.map((blocker) => blocker.package)).size
  return { at, newest: newest.getTime(), ignored: verdict, blocking }
}

function readKnown(host: Host): KnownDatabases | undefined {
  try {
    const value: unknown = JSON.parse(host.readText(KNOWN_FILE, 100_000))
    return isKnown(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isKnown(value: unknown): value is KnownDatabases {
  if (typeof value !== 'object' || value === null) return false
  const facts: unknown = Reflect.get(value, 'facts')
  if (typeof facts !== 'object' || facts === null) return false
  return (
    typeof Reflect.get(value, 'rests') === 'string' &&
    typeof Reflect.get(facts, 'ignored') === 'string' &&
    ['at', 'newest', 'blocking'].every((key) => typeof Reflect.get(facts, key) === 'number')
  )
}

/** If that fails, the next look takes as long again. */
function keep(host: Host, known: KnownDatabases): void {
  try {
    host.makeDirectory(dirname(KNOWN_FILE))
    host.write(KNOWN_FILE, JSON.stringify(known), 0o600)
  } catch {
    // Nothing is lost but time.
  }
}
