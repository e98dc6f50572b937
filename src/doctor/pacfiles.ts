import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { logPath } from '../pacman/conf/conf.ts'
import type { PacmanConf } from '../pacman/conf/model.ts'
import { readLog } from '../pacman/log/log.ts'
import { readPacfile } from '../pacman/log/transaction.ts'
import { listed } from '../text/listed.ts'
import { type DoctorFinding, unknown, warning } from './line.ts'

/** Files that are named. */
const NAMED = 5

/**
 * The .pacnew and .pacsave files that pacman made by its log, and that are still there: what runs
 * has an old configuration.
 */
export function judgePacfiles(host: Host, conf: PacmanConf): DoctorFinding[] {
  const path = logPath(conf)
  try {
    const made = readLog(host, path).lines.flatMap(({ source, text }) =>
      source === 'ALPM' ? (readPacfile(text) ?? []) : [],
    )
    const left = [...new Set(made)].filter((file) => host.lstat(file) !== undefined)
    if (left.length === 0) return []
    return [
      warning(`to be merged or removed: ${listed(left, NAMED)}`, 'pacdiff (of pacman-contrib)'),
    ]
  } catch (error) {
    return [unknown(`${path} cannot be read for .pacnew files: ${errorText(error)}`)]
  }
}
