import type { Host } from '../host/host.ts'
import { fnmatch } from '../text/fnmatch.ts'
import { listOption } from './conf/conf.ts'
import type { PacmanConf } from './conf/model.ts'

export const SYSTEM_HOOKS = '/usr/share/libalpm/hooks'

/** In bytes: hooks and their scripts are short texts. */
const LARGEST = 2 ** 18

/**
 * The directories that may replace the system's hooks: a hook there has precedence over one of the
 * same name in SYSTEM_HOOKS. [alpm-hooks(5); pacman.conf(5), HookDir]
 */
export function ownHookDirectories(conf: PacmanConf): string[] {
  const named = listOption(conf, 'HookDir').map(({ name }) => name.replace(/\/+$/, ''))
  const directories = named.length > 0 ? named : ['/etc/pacman.d/hooks']
  return directories.filter((directory) => directory !== SYSTEM_HOOKS)
}

/** Whether a hook is disabled: a link to /dev/null is in its way. [alpm-hooks(5)] */
export function isMasked(host: Host, conf: PacmanConf, name: string): boolean {
  return ownHookDirectories(conf).some(
    (directory) => host.stat(`${directory}/${name}`)?.isCharacterDevice() === true,
  )
}

/**
 * By NoExtract, whether pacman leaves a package's file out; it keeps the path in the package's list.
 *
 * @returns a function of a path without leading slash
 */
export function notExtracted(conf: PacmanConf): (path: string) => boolean {
  return matcher(listOption(conf, 'NoExtract').map(({ name }) => name))
}

/** Our hooks, which list unfinished packages: bin/note-unfinished. */
const UNFINISHED_HOOKS = ['zzz-kured-sentinel-begun.hook', 'zzz-kured-sentinel-finished.hook']

/** Whether pacman runs both of them: they are there, and nothing is in their way. */
export function areHooksActive(host: Host, conf: PacmanConf): boolean {
  const directories = ownHookDirectories(conf)
  return UNFINISHED_HOOKS.every(
    (name) =>
      (host.stat(`${SYSTEM_HOOKS}/${name}`)?.size ?? 0) > 0 &&
      directories.every((directory) => host.lstat(`${directory}/${name}`) === undefined),
  )
}

/** A hook of pacman, as far as it matters which packages it is for and what it does. */
export interface PacmanHook {
  /** the patterns of its triggers, of paths and of packages' names */
  paths: string[]
  packages: string[]
  /** the text of the hook and, if it is a script, of the program that it runs */
  text: string
}

/**
 * Reads the hook that pacman uses under that file name.
 *
 * @returns undefined if there is none, or it cannot be read
 */
export function readHook(host: Host, conf: PacmanConf, name: string): PacmanHook | undefined {
  for (const directory of [...ownHookDirectories(conf), SYSTEM_HOOKS]) {
    const text = shortText(host, `${directory}/${name}`)
    if (text !== undefined) return parseHook(text, (path) => shortText(host, path))
  }
  return undefined
}

/** @param readScript gives a program's text if it is a script */
export function parseHook(
  text: string,
  readScript: (path: string) => string | undefined,
): PacmanHook {
  const hook: PacmanHook = { paths: [], packages: [], text }
  let targets: string[] = []
  let isPath = false
  const closeTrigger = () => {
    for (const target of targets) (isPath ? hook.paths : hook.packages).push(target)
    targets = []
  }
  for (const line of text.split('\n')) {
    const [, section] = /^\s*\[(.*)\]\s*$/.exec(line) ?? []
    const [, key, value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (section !== undefined) closeTrigger()
    else if (key === 'Type') isPath = value === 'Path' || value === 'File'
    else if (key === 'Target') targets.push(value)
    else if (key === 'Exec') {
      const words = value.split(/\s+/).filter((word) => word.startsWith('/'))
      for (const word of words) hook.text += `\n${readScript(word) ?? ''}`
    }
  }
  closeTrigger()
  return hook
}

/** Whether a hook is for that package. @param paths what the package owns, without leading slash */
export function triggers(hook: PacmanHook, name: string, paths: readonly string[]): boolean {
  return matcher(hook.packages)(name) || paths.some(matcher(hook.paths))
}

/** The last matching pattern counts; "!" negates. [libalpm/util.c, _alpm_fnmatch_patterns] */
function matcher(patterns: readonly string[]): (text: string) => boolean {
  const known = patterns.map((pattern) => {
    return { matches: fnmatch(pattern.replace(/^!/, '')), counts: !pattern.startsWith('!') }
  })
  return (text) => known.findLast(({ matches }) => matches(text))?.counts === true
}

/** Programs that write what the next boot starts, and the names of what they write. */
const WRITES_BOOT_FILES =
  /\b(?:mkinitcpio|mkinitramfs|dracut|booster|kernel-install|depmod|dkms|bootctl|grub-\w+|limine|refind|ukify|sbctl|efibootmgr|extlinux|mkimage|initramfs|initrd|vmlinuz|zImage)\b|\/(?:boot|efi|esp)\/|^Target *= *(?:boot|usr\/lib\/modules)\//m

/** Whether a hook takes part in writing what the next boot starts: by what it says and runs. */
export function writesBootFiles({ text }: PacmanHook): boolean {
  return WRITES_BOOT_FILES.test(text)
}

/** A text file; undefined if it is missing, a program in machine code, or cannot be read. */
function shortText(host: Host, path: string): string | undefined {
  try {
    const text = host.readText(path, LARGEST)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
