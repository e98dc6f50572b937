/** A node's files: an overlay over a tree built by set-up, which stays unchanged. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { baseTree, cache } from './cache.ts'
import { cgroupsOf, killCgroups, removeCgroups } from './cgroup.ts'

const nodes = join(cache, 'nodes')
let count = 0

/** Contains the owner's PID and its start time, because PIDs are reused: `<pid>-<start>-<n>`. */
export function newNodeId(): string {
  count += 1
  return `${process.pid}-${startTime(process.pid) ?? 0}-${count}`
}

export function directoryOf(id: string): string {
  return join(nodes, id)
}

/** Mounts the overlay, new or as an earlier boot left it, if necessary. @returns its mount point */
export function mountLayers(directory: string, tree = baseTree): string {
  const root = join(directory, 'root')
  const upper = join(directory, 'upper')
  const work = join(directory, 'work')
  if (isMounted(root)) return root
  for (const path of [root, upper, work]) mkdirSync(path, { recursive: true })
  // The root directory gets the mode of the upper layer: a private one would lock users out.
  chmodSync(upper, 0o755)
  const layers = `lowerdir=${tree},upperdir=${upper},workdir=${work}`
  execFileSync('mount', ['-t', 'overlay', 'kured-sentinel-lab', '-o', layers, root])
  return root
}

/** Unmounts the overlay. Fails while a process uses it. */
export function unmountLayers(directory: string): void {
  execFileSync('umount', [join(directory, 'root')])
}

/** Removes all files of a node that ended unexpectedly; missing ones are no error. */
export function dropLayers(directory: string): void {
  const root = join(directory, 'root')
  // Another test run may sweep the same node: the second one then finds nothing mounted.
  if (isMounted(root)) spawnSync('umount', ['--lazy', root])
  // A disk of its own; see disk.ts.
  if (isMounted(directory)) spawnSync('umount', ['--lazy', directory])
  // Not rmSync(): a test may leave a tree that is deeper than PATH_MAX. Processes that are being
  // killed may still write.
  const remove =
    'for i in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$1" "$1.disk" && exit; sleep 0.1; done; exit 1'
  execFileSync('sh', ['-c', remove, 'sh', directory])
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `)
}

/** Removes the nodes of killed test runs. */
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

/** A process's start in clock ticks since boot: field 22 of /proc/PID/stat. [proc(5)] */
function startTime(pid: number): string | undefined {
  try {
    // The second field, the command's name in parentheses, may contain spaces.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  } catch {
    return undefined
  }
}
