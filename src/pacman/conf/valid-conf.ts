import { errorText, SentinelError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { readPacmanConf } from './conf.ts'
import type { PacmanConf, ConfProblem } from './model.ts'

/**
 * Reads a pacman.conf, and refuses one that pacman itself would refuse.
 *
 * @returns the configuration, with the problems that do not stop pacman
 * @throws SentinelError that names the file, and the line if there is one
 */
export function readValidConf(host: Host, path: string): PacmanConf {
  let conf: PacmanConf
  try {
    conf = readPacmanConf(host, path)
  } catch (error) {
    throw new SentinelError(`${path} cannot be read: ${errorText(error)}`, { cause: error })
  }
  const fatal = conf.problems.find((problem) => problem.fatal)
  // The first problem may cause the fatal one: a byte order mark hides a section.
  if (fatal !== undefined) throw new SentinelError(describeConfProblem(conf.problems[0] ?? fatal))
  return conf
}

/** "/etc/pacman.conf:3: …" */
export function describeConfProblem({ file, line, message }: ConfProblem): string {
  return `${file}:${line}: ${message}`
}
