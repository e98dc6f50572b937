import { errorText } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import type { Host } from '../../host/host.ts'
import { runProgram } from '../../host/program.ts'
import { repositories } from '../conf/conf.ts'
import type { PacmanConf } from '../conf/model.ts'

/** What the sync databases offer. */
export interface Available {
  /** a package's name → its version in the first repository that has it, as pacman chooses */
  versions: ReadonlyMap<string, string>
  /** why it may be incomplete: a missing, empty, broken or unreachable database */
  problems: string[]
}

/**
 * Asks pacman for all packages of the sync databases, without a lock.
 *
 * If a database is missing or empty, pacman still exits with 0, sometimes silently; so every
 * repository must offer something. [pacman 6.0.2, 7.0.0]
 *
 * @param wanted the names of the configured repositories
 */
export function askAvailable(
  pacmanConf: string,
  wanted: readonly string[],
  deadline: Deadline,
): Available {
  const versions = new Map<string, string>()
  try {
    const { lines, problems } = query(['-Sl', '--config', pacmanConf], deadline)
    const offering = new Set<string>()
    for (const line of lines) {
      const [repository = '', name = '', version = ''] = line.split(' ')
      offering.add(repository)
      if (!versions.has(name)) versions.set(name, version)
    }
    const silent = wanted.filter((name) => !offering.has(name))
    const empty = silent.map(
      (name) =>
        `the repository ${name} offers nothing: have it downloaded anew, or remove it if it is meant to be empty`,
    )
    return { versions, problems: [...problems, ...empty] }
  } catch (error) {
    return { versions, problems: [errorText(error)] }
  }
}

/** askAvailable() for the host's own databases; a Snapshot asks once. */
export function readAvailable(
  host: Host,
  pacmanConf: string,
  conf: PacmanConf,
  deadline: Deadline,
): Available {
  return host.once(`what the databases of ${pacmanConf} offer`, () =>
    askAvailable(pacmanConf, repositories(conf), deadline),
  )
}

/**
 * A group's name → its packages, in the local database and the sync databases. askAvailable() says
 * why some may be missing.
 */
export function askGroups(pacmanConf: string, deadline: Deadline): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>()
  try {
    for (const operation of ['-Qg', '-Sgg']) {
      for (const line of query([operation, '--config', pacmanConf], deadline).lines) {
        const [group = '', name = ''] = line.split(' ')
        groups.set(group, (groups.get(group) ?? new Set()).add(name))
      }
    }
  } catch {
    // pacman cannot be run.
  }
  return groups
}

function query(args: string[], deadline: Deadline): { lines: string[]; problems: string[] } {
  const timeoutMs = deadline.left()
  const ended = runProgram('/usr/bin/pacman', [...args, '--color', 'never'], { timeoutMs })
  // Warnings about the configuration say nothing about the databases.
  const problems = ended.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('warning: config file '))
  if (ended.timedOut) problems.push(`pacman ${args[0]} gave no answer in time`)
  return { lines: ended.stdout.toString().split('\n').slice(0, -1), problems }
}
