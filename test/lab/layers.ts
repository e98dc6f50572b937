/** A node's files: an overlay over a tree of set-up's, which itself is never written to. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { baseTree, cache } from './cache.ts'
import { cgroupsOf, killCgroups, removeCgroups } from './cgroup.ts'

const nodes = join(cache, 'nodes')
let count = 0

/** Names the owner by PID and start time, as PIDs are used again: `<pid>-<start>-<n>`. */
export function newNodeId(): string {
  count += 1
  return `${process.pid}-${startTime(process.pid) ?? 0}-${count}`
}

export function directoryOf(id: string): string {
  return join(nodes, id)
}

/** Mounts the overlay, new or as an earlier boot left it, if it is not; gives its mount point. */
export function mountLayers(directory: string, tree = baseTree): string {
  const root = join(directory, 'root')
  const upper = join(directory, 'upper')
  const work = join(directory, 'work')
  if (isMounted(root)) return root
  for (const path of [root, upper, work]) mkdirSync(path, { recursive: true })
  // The tree's own mode is that of the upper layer: a private one would lock users out.
  chmodSync(upper, 0o755)
  const layers = `lowerdir=${tree},upperdir=${upper},workdir=${work}`
  execFileSync('mount', ['-t', 'overlay', 'kured-sentinel-lab', '-o', layers, root])
  return root
}

/** Fails while a process still uses the tree. */
export function unmountLayers(directory: string): void {
  execFileSync('umount', [join(directory, 'root')])
}

/** For a node that ended unasked: whatever is there goes, and nothing is an error. */
export function dropLayers(directory: string): void {
  const root = join(directory, 'root')
  // Another test run may be sweeping the same node: whoever comes second finds nothing mounted.
  if (isMounted(root)) spawnSync('umount', ['--lazy', root])
  // Processes that are being killed may write still. By rm(1), which follows a directory of any
  // depth, where Node's own way ends at a path of 4 KiB.
  const script = 'for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$0" && exit; sleep 0.1; done; exit 1'
  execFileSync('/bin/sh', ['-c', script, directory], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `)
}

/** Clears away the nodes of test runs that were killed before they could do it themselves. */
export function sweep(): void {
  mkdirSync(nodes, { recursive: true })
  for (const id of readdirSync(nodes)) {
    const [pid = '', start] = id.split('-')
    if (startTime(Number(pid)) === start) continue
    killCgroups(cgroupsOf(id))
    removeCgroups(cgroupsOf(id))
    dropLayers(directoryOf(id))
  }
}

/** A process's start in clock ticks since boot: field 22 of /proc/PID/stat, see proc(5). */
function startTime(pid: number): string | undefined {
  try {
    // The second field, the command's name in parentheses, may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  } catch {
    return undefined
  }
}
