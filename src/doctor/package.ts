import { errorCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import { installedVersions } from '../pacman/database/local.ts'
import {
  type DoctorCheck,
  ok,
  type DoctorContext,
  type DoctorFinding,
  warning,
  wrong,
} from './line.ts'

const NAME = 'kured-sentinel'

/** Whether pacman knows this program, and all of its files are unmodified. */
export const ownPackage: DoctorCheck = {
  area: 'package',
  look: (place) => [judgeInstalled(place), judgeHook(place.host)],
}

function judgeInstalled({ host, dbPath, deadline }: DoctorContext): DoctorFinding {
  const version = installedVersions(host, dbPath).get(NAME)
  if (version === undefined) return ok('not installed by pacman, which therefore never upgrades it')
  const args = ['-Qkk', '--color', 'never', NAME]
  const { stdout, timedOut } = runProgram('/usr/bin/pacman', args, {
    timeoutMs: deadline.left() / 2,
  })
  return timedOut ? wrong('pacman -Qkk does not answer') : judgeFiles(version, stdout.toString())
}

/**
 * @param said the last line of `pacman -Qkk`: "kured-sentinel: 41 total files, 0 altered files". A
 *   changed configuration does not count. [pacman, src/pacman/check.c]
 */
export function judgeFiles(version: string, said: string): DoctorFinding {
  const altered = /, (\d+) altered files?\s*$/.exec(said)?.[1]
  if (altered === '0') return ok(`${NAME} ${version} is unmodified`)
  const many = altered === undefined ? 'some' : altered
  return wrong(`${NAME} ${version}: ${many} of its files modified or missing`, `pacman -S ${NAME}`)
}

const HOOK = '99-kured-sentinel-restart.hook'

/** The hook is optional, for upgrades by hand: the unit restarts services by itself. */
export function judgeHook(host: Host): DoctorFinding {
  const path = `/etc/pacman.d/hooks/${HOOK}`
  if (host.lstat(path) === undefined) return ok('its hook for upgrades by hand is not active')
  try {
    if (host.readText(path).includes(NAME)) return ok('its hook for upgrades by hand is active')
  } catch (error) {
    // pacman skips a hook that is a link to /dev/null. [alpm-hooks(5)]
    if (errorCode(error) === undefined) return ok(`${path} is masked`)
    if (errorCode(error) !== 'ENOENT') throw error
  }
  return warning(
    `${path} is a broken link, or not this program’s hook`,
    'remove it, or link it again',
  )
}
