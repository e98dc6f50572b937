import { errorText, ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { databasePath, logPath, readHostConf } from '../pacman/conf/conf.ts'
import { listInstalled, ownedPaths } from '../pacman/database/local.ts'
import { readLog } from '../pacman/log/log.ts'
import { upgradesSince } from '../pacman/log/upgrades.ts'

/** What was upgraded in this boot, and of which nothing tells whether the old is still in use. */
export interface NotSeen {
  /** packages with modules of interpreters, which read a file once and keep no mapping of it */
  scripts: string[]
  /** packages with files that the kernel has loaded into devices */
  firmware: string[]
  /** why that is not known */
  problem?: string
}

const SCRIPTS =
  /^(?:usr\/(?:lib|share)\/(?:python\d[\d.]*|perl5|ruby|node_modules|lua|php)\/|(?:usr|opt)\/.*\.(?:py|pm|pl|rb|js|mjs|cjs)$)/

const FIRMWARE = /^usr\/lib\/firmware\/./

/** By pacman.log since the boot, and the files of the packages that it names. For a person only. */
export function collectNotSeen(host: Host): NotSeen {
  try {
    const conf = readHostConf(host)
    const dbPath = databasePath(conf)
    const names = upgradedSince(host, logPath(conf), host.now() - host.uptime() * 1000)
    const upgraded = listInstalled(host, dbPath)
      .filter(({ name }) => names.has(name))
      .map((entry) => {
        return { name: entry.name, paths: ifThere(() => ownedPaths(host, dbPath, entry)) ?? [] }
      })
    const owning = (pattern: RegExp) =>
      upgraded
        .filter(({ paths }) => paths.some((path) => pattern.test(path)))
        .map(({ name }) => name)
        .toSorted()
    return { scripts: owning(SCRIPTS), firmware: owning(FIRMWARE) }
  } catch (error) {
    return { scripts: [], firmware: [], problem: errorText(error) }
  }
}

/** @param since in ms since 1970 */
function upgradedSince(host: Host, log: string, since: number): Set<string> {
  const { lines } = readLog(host, log)
  if (!lines.some(({ at }) => at !== undefined && at >= since)) return new Set()
  return new Set(upgradesSince(lines, () => true, since).map(({ package: name }) => name))
}
