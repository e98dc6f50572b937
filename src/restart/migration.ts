import type { Upgrade } from '../pacman/log/upgrades.ts'
import type { Occupant } from '../proc/occupants.ts'
import type { UnitState } from '../systemd/unit.ts'
import { isOneOf, matching, words } from './denylist.ts'

/** A database whose files another major version does not read, or not before a person's work. */
interface Database {
  /** names of its units, of its programs and of its packages, as shell patterns */
  units: string
  programs: string
  packages: string
  /** how many numbers of its version are the major one: of 14.2 one, of 10.11.6 two */
  numbers: 1 | 2
}

const DATABASES: readonly Database[] = [
  { units: 'postgresql*', programs: 'postgres', packages: 'postgresql', numbers: 1 },
  {
    units: 'mariadb* mysql* percona*',
    programs: 'mariadbd mysqld',
    packages: 'mariadb mariadb-lts mysql mysql-* percona-server*',
    numbers: 2,
  },
  { units: 'mongod*', programs: 'mongod', packages: 'mongodb*', numbers: 2 },
  { units: 'slapd* openldap*', programs: 'slapd', packages: 'openldap', numbers: 2 },
  { units: 'rabbitmq*', programs: 'rabbitmq*', packages: 'rabbitmq', numbers: 2 },
  { units: 'elasticsearch*', programs: 'elasticsearch', packages: 'elasticsearch*', numbers: 1 },
  { units: 'opensearch*', programs: 'opensearch', packages: 'opensearch*', numbers: 1 },
  { units: 'influxd*', programs: 'influxd', packages: 'influxdb*', numbers: 1 },
  { units: 'neo4j*', programs: 'neo4j', packages: 'neo4j*', numbers: 1 },
  { units: 'cassandra*', programs: 'cassandra', packages: 'cassandra*', numbers: 1 },
]

/**
 * Why a database is left alone after an upgrade to another major version: its restart would start a
 * program that refuses its files, and take down what still works.
 *
 * @param upgrades a package's changes of version since an uptime in seconds
 * @returns undefined for all other units, and where the major version is still the same
 */
export function whyMigration(
  { name, names }: UnitState,
  occupants: readonly Occupant[],
  upgrades: (isMeant: (name: string) => boolean, since: number) => Upgrade[],
): string | undefined {
  const isRunBy = (programs: string) => occupants.filter(isOneOf(words(programs)))
  const database = DATABASES.find(({ units, programs }) => {
    const patterns = words(units).map((word) => `${word}.service`)
    return matching(patterns, names) !== undefined || isRunBy(programs).length > 0
  })
  if (database === undefined || occupants.length === 0) return undefined
  const own = isRunBy(database.programs)
  // The program that runs is the one that is installed.
  if (own.length > 0 && own.every(({ replaced }) => !replaced)) return undefined
  const since = Math.min(...(own.length > 0 ? own : occupants).map(({ startedAt }) => startedAt))
  const changes = upgrades(
    (each) => matching(words(database.packages), [each]) !== undefined,
    since,
  )
  const [first, last] = [changes.at(0), changes.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const major = (version: string) =>
    version.replace(/^\d+:/, '').split(/[.-]/).slice(0, database.numbers).join('.')
  if (major(first.from) === major(last.to)) return undefined
  return `${last.package} ${first.from} became ${last.to}, which may not read its data: migrate them (see ${last.package}’s release notes), then systemctl restart ${name}`
}
