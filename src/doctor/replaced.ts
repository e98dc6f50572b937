import { errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readHostConf } from '../pacman/conf/conf.ts'
import { ownHookDirectories, SYSTEM_HOOKS } from '../pacman/hooks.ts'
import { readReplaced, REPLACED_FILE, SINCE_BOOT_FILE } from '../pacman/replaced.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

/** Our hooks, and what nobody knows without each. */
const HOOKS = {
  '00-kured-sentinel-replaced.hook': 'replaced files are not listed, so no stale code is seen',
  'zzz-kured-sentinel-begun.hook': 'nobody will know if an upgrade is interrupted',
  'zzz-kured-sentinel-finished.hook': 'no upgrade counts as finished',
}
const REINSTALL = 'pacman -S kured-sentinel'

/** Whether pacman's hook lists the replaced files, and has done so since the boot. */
export const replaced: DoctorCheck = {
  area: 'replaced',
  look: ({ host }) => [...judgeHooks(host), judgeList(host)],
}

/** A hook of the same name in a HookDir of pacman.conf replaces ours. [alpm-hooks(5)] */
function judgeHooks(host: Host): DoctorFinding[] {
  const directories = ownHookDirectories(readHostConf(host))
  const said = Object.entries(HOOKS).flatMap(([name, unheard]) => {
    const other = directories
      .map((directory) => `${directory}/${name}`)
      .find((path) => host.lstat(path) !== undefined)
    if (other !== undefined) return [wrong(`${other} is in the way: ${unheard}`, `rm ${other}`)]
    const path = `${SYSTEM_HOOKS}/${name}`
    if ((host.stat(path)?.size ?? 0) > 0) return []
    return [wrong(`${path} is missing or empty: ${unheard}`, REINSTALL)]
  })
  return said.length > 0 ? said : [ok('pacman’s hooks are active')]
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
