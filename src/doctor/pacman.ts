import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readPacmanConf, repositories } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { listInstalled } from '../pacman/database/local.ts'
import { askDirective } from '../pacman/conf/pacman-conf.ts'
import { describeConfProblem } from '../pacman/conf/valid-conf.ts'
import { judgePacfiles } from './pacfiles.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'
import { countPackages } from '../text/listed.ts'

const CONF = '/etc/pacman.conf'

/** pacman.conf as pacman reads it, and the database of installed packages. */
export const pacman: DoctorCheck = {
  area: 'pacman',
  look({ host, dbPath }) {
    const conf = judgeConf(host)
    if (conf.some(({ state }) => state === 'wrong')) return conf
    const accepted = [...askPacman(dbPath), ...judgePacfiles(host, readPacmanConf(host, CONF))]
    const count = listInstalled(host, dbPath).length
    if (count > 0) return [...conf, ...accepted, ok(`${countPackages(count)} in ${dbPath}/local`)]
    return [...conf, ...accepted, wrong(`${dbPath}/local has no packages`, 'fix DBPath')]
  },
}

/** The problems that our own reading finds, with their lines; pacman-conf names no lines. */
export function judgeConf(host: Host): DoctorFinding[] {
  let conf: PacmanConf
  try {
    conf = readPacmanConf(host, CONF)
  } catch (error) {
    const advice = 'restore it: until then pacman does nothing'
    return [wrong(`${CONF} cannot be read: ${errorText(error)}`, advice)]
  }
  const said = conf.problems.map((problem) => {
    const what = describeConfProblem(problem)
    return problem.fatal
      ? wrong(`pacman stops at ${what}`, 'fix it: until then nothing is upgraded')
      : warning(what, 'fix it: pacman reads it differently than it looks')
  })
  if (said.length > 0) return said
  if (repositories(conf).length > 0) return [ok(`${CONF} is valid`)]
  return [warning(`${CONF} has no repository: nothing is ever upgraded`)]
}

/** pacman itself checks values such as a SigLevel. */
function askPacman(dbPath: string): DoctorFinding[] {
  try {
    const { values, warnings } = askDirective(CONF, 'DBPath')
    const said = warnings.map((text) => warning(`pacman: ${text}`, 'remove it: it has no effect'))
    const [answer = ''] = values
    if (answer.replace(/(.)\/+$/, '$1') === dbPath) return said
    const other = `pacman-conf gives ${answer} for DBPath, but this program reads ${dbPath}`
    return [...said, warning(other)]
  } catch (error) {
    return [wrong(errorText(error), 'fix it: until then nothing is upgraded')]
  }
}
