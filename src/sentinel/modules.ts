import { basename } from 'node:path'
import { ifThere, SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import type { ReplacedFiles } from '../pacman/replaced.ts'
import { ignore, type Finding } from './finding.ts'

/** So many modules are compared: one is reason enough, and nvidia has five. */
const MOST = 16

/**
 * Finds loaded kernel modules whose file pacman replaced below the running release's directory, such
 * as those of nvidia's and zfs's packages.
 *
 * The kernel and the file each have a digest of the module's source: a module that was loaded after
 * the upgrade does not count. [scripts/mod/sumversion.c; /sys/module/NAME/srcversion]
 *
 * @throws SentinelError if modinfo cannot be run; the system error of a file that cannot be read
 */
export function collectModules(host: Host, replaced: ReplacedFiles, deadline: Deadline): Finding[] {
  const release = host.readText('/proc/sys/kernel/osrelease').trim()
  const directory = `/usr/lib/modules/${release}`
  // pacman removes the kernel's own modules with its package: the kernel is the reason then.
  const isGone = (path: string) =>
    path.startsWith(`${directory}/kernel/`) && host.lstat(path) === undefined
  const files = replaced
    .below(directory)
    .filter((path) => /\.ko(\.\w+)?$/.test(path) && !isGone(path))
  if (files.length === 0) return []
  const loaded = new Set(host.readText('/proc/modules').match(/^\S+/gm))
  return files
    .filter((path) => loaded.has(moduleName(path)))
    .slice(0, MOST)
    .flatMap((path) => judgeModule(host, path, deadline))
}

function judgeModule(host: Host, path: string, deadline: Deadline): Finding[] {
  const name = moduleName(path)
  const message = `a replaced kernel module is loaded: ${name} (${path})`
  const finding: Finding = { kind: 'module', effect: 'reboot', message, path }
  if (host.lstat(path) === undefined) return [finding]
  const running = ifThere(() => host.readText(`/sys/module/${name}/srcversion`).trim()) ?? ''
  const installed = sourceVersion(host, path, deadline)
  if (running === '' || installed === '') {
    return [ignore(finding, 'it has no srcversion, so it may be the new one')]
  }
  return running === installed ? [] : [finding]
}

/** The digest in a module's file; '' if it has none. Throws SentinelError if modinfo does not tell. */
function sourceVersion(host: Host, path: string, deadline: Deadline): string {
  const args = [host.path(path)]
  const ended = runProgram('/usr/bin/modinfo', args, { timeoutMs: deadline.left() / 2 })
  const fields = ended.stdout.toString()
  if (ended.timedOut || ended.exitCode !== 0 || !/^filename:/m.test(fields)) {
    throw new SentinelError(`modinfo ${path} failed: ${ended.stderr.trim() || 'no answer'}`)
  }
  return /^srcversion:\s*(\S+)/m.exec(fields)?.[1] ?? ''
}

/** File names may have dashes, the kernel's names have underscores instead. [modprobe(8)] */
function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')
}
