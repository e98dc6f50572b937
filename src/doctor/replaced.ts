import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { listOption, readHostConf } from '../pacman/conf/conf.ts'
import { readReplaced, REPLACED_FILE, SINCE_BOOT_FILE } from '../pacman/replaced.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

const HOOK = '00-kured-sentinel-replaced.hook'
const SYSTEM_HOOKS = '/usr/share/libalpm/hooks'
const REINSTALL = 'pacman -S kured-sentinel'

/** Whether pacman's hook lists the replaced files, and has done so since the boot. */
export const replaced: DoctorCheck = {
  area: 'replaced',
  look: ({ host }) => [judgeNotingHook(host), judgeList(host)],
}

/** A hook of the same name in a HookDir of pacman.conf replaces ours. [alpm-hooks(5)] */
function judgeNotingHook(host: Host): DoctorFinding {
  const conf = readHostConf(host)
  const named = listOption(conf, 'HookDir').map(({ name }) => name.replace(/\/+$/, ''))
  const directories = named.length > 0 ? named : ['/etc/pacman.d/hooks']
  const other = directories
    .filter((directory) => directory !== SYSTEM_HOOKS)
    .map((directory) => `${directory}/${HOOK}`)
    .find((path) => host.lstat(path) !== undefined)
  const unheard = 'replaced files are not listed, so no stale code is seen'
  if (other !== undefined) return wrong(`${other} is in the way: ${unheard}`, `rm ${other}`)
  const path = `${SYSTEM_HOOKS}/${HOOK}`
  if ((host.stat(path)?.size ?? 0) > 0) return ok('pacman’s hook is active')
  return wrong(`${path} is missing or empty: ${unheard}`, REINSTALL)
}

function judgeList(host: Host): DoctorFinding {
  let many: number
  try {
    many = readReplaced(host).count
  } catch (error) {
    return wrong(errorText(error))
  }
  const what = many === 0 ? 'nothing' : many === 1 ? '1 file' : `${many} files`
  if (host.lstat(SINCE_BOOT_FILE) !== undefined) {
    return ok(`pacman has replaced ${what} in this boot (${REPLACED_FILE})`)
  }
  const message = `the program was installed in this boot: what pacman replaced before is unknown; since then ${what}`
  return warning(message, 'if anything was upgraded before, reboot once: kured-sentinel reboot')
}
