import { errorText } from '../../errors.ts'
import type { Deadline } from '../../host/deadline.ts'
import { runProgram } from '../../host/program.ts'

/** What the sync databases offer. */
export interface Available {
  /** a package's name → the version in the first repository that has it, which is pacman's choice */
  versions: ReadonlyMap<string, string>
  /** why it may not be all: a database that is missing, empty, broken, or does not come */
  problems: string[]
}

/**
 * Asks pacman for all packages of the sync databases, without a lock.
 *
 * pacman ends with 0, and at times without a word, where a database is missing or empty; so every
 * repository must offer something. [pacman 6.0.2, 7.0.0]
 *
 * @param repositories the names of those that are configured
 */
export function askAvailable(
  pacmanConf: string,
  repositories: readonly string[],
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
    const silent = repositories.filter((name) => !offering.has(name))
    const empty = silent.map(
      (name) =>
        `nothing from the repository ${name}: run pacman -Sy, or take it out if it is to be empty`,
    )
    return { versions, problems: [...problems, ...empty] }
  } catch (error) {
    return { versions, problems: [errorText(error)] }
  }
}

/**
 * A group's name → its packages, by the local database and by the sync databases. Why some may be
 * missing is for askAvailable() to tell.
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
  // What it thinks of the configuration is no matter of the databases.
  const problems = ended.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('warning: config file '))
  if (ended.timedOut) problems.push(`pacman ${args[0]} gave no answer in time`)
  return { lines: ended.stdout.toString().split('\n').slice(0, -1), problems }
}
