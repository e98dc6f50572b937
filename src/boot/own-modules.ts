import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Kernel } from '../pacman/database/kernels.ts'
import { type Diagnosis, warning, wrong } from '../text/diagnosis.ts'
import { listed } from '../text/listed.ts'

/**
 * Loaded modules that are not the kernel's own, such as those that DKMS builds, have to be there for
 * the next kernel too. DKMS' hook of pacman only warns where a build has failed, and ends with 0; so
 * a host whose disks or network need zfs, drbd or the like would boot without.
 *
 * @param kernels the installed ones. The running one is no longer among them if it was upgraded;
 *   which of several boots next is not known
 */
export function judgeOwnModules(host: Host, kernels: readonly Kernel[]): Diagnosis[] {
  const loaded = ownModules(ifThere(() => host.readText('/proc/modules')) ?? '')
  if (loaded.length === 0) return []
  const running = host.readText('/proc/sys/kernel/osrelease').trim()
  const others = kernels.filter(({ release }) => release !== running)
  const lacking = others.flatMap((kernel) => {
    const names = lackingModules(host, kernel, loaded)
    return names.length === 0 ? [] : [{ ...kernel, names }]
  })
  const everyKernel = lacking.length === kernels.length
  return lacking.map(({ release, package: name, names }) => {
    const say = everyKernel ? wrong : warning
    const message = `${name} ${release} has no module ${listed(names, 5)}, which is loaded now`
    return say(message, `dkms autoinstall -k ${release}, or see the package of ${names[0]}`)
  })
}

/** The names of loaded modules that were built out of the kernel's tree. [proc_modules(5), taint O] */
function ownModules(modules: string): string[] {
  return modules
    .split('\n')
    .filter((line) => /\([A-Z]*O[A-Z]*\)$/.test(line.trimEnd()))
    .map((line) => line.split(' ')[0] ?? '')
}

/** By the list that depmod makes; none are said to lack where there is no such list. */
function lackingModules(host: Host, { release }: Kernel, wanted: readonly string[]): string[] {
  const directory = `/usr/lib/modules/${release}`
  const list = ifThere(() => host.readText(`${directory}/modules.dep`))
  if (list === undefined) return []
  const builtIn = ifThere(() => host.readText(`${directory}/modules.builtin`)) ?? ''
  const paths = `${list}\n${builtIn}`.matchAll(/^(?:[^:\s]*\/)?([^:\s/]+?)\.ko(?:\.\w+)?(?=:|$)/gm)
  const names = new Set(Array.from(paths, ([, name = '']) => name.replaceAll('-', '_')))
  return wanted.filter((name) => !names.has(name))
}
