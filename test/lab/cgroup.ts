/** One cgroup per node: it separates nodes, and identifies all processes of a node. */
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The node's directory in each hierarchy in which systemd tracks services: cgroup v2, and on a
 * machine with both versions also the v1 hierarchy `name=systemd`, which nspawn uses too.
 */
export function cgroupsOf(id: string): string[] {
  const own = ownCgroups()
  return mounts().flatMap(({ mountPoint, hierarchy }) => {
    const path = own.get(hierarchy)
    return path === undefined ? [] : [join(mountPoint, path, `kured-sentinel-lab-${id}`)]
  })
}

/** Makes these cgroups. @returns the command line that runs `argv` in them */
export function inCgroups(cgroups: string[], argv: string[]): string[] {
  for (const cgroup of cgroups) mkdirSync(cgroup, { recursive: true })
  const enter = 'until [ "$1" = -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
  return ['/bin/sh', '-euc', enter, 'sh', ...cgroups, '--', ...argv]
}

/** The cgroup v2 directory that nspawn makes for the node's own tree of services. */
export function payload(cgroups: string[]): string {
  const unified = cgroups[0]
  if (unified === undefined) throw new Error('this machine has no cgroup v2 hierarchy')
  return join(unified, 'payload')
}

/** Sends SIGKILL to every process in them and below (Linux 5.14 and later). */
export function killCgroups(cgroups: string[]): void {
  for (const cgroup of cgroups.slice(0, 1)) {
    try {
      writeFileSync(join(cgroup, 'cgroup.kill'), '1')
    } catch {
      // It was never made, or is already removed.
    }
  }
}

/** Removes the cgroups; waits up to 30 s for the end of their last processes. */
export function removeCgroups(cgroups: string[]): void {
  const deadline = Date.now() + 30_000
  while (!cgroups.every(removeTree)) {
    if (Date.now() > deadline) throw new Error(`processes are left in ${cgroups.join(' and ')}`)
    // Synchronous, because it is also called when this process ends.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

/** Removes a cgroup with those below it; false while one of them is in use. */
function removeTree(cgroup: string): boolean {
  try {
    for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeTree(join(cgroup, entry.name))) return false
    }
    rmdirSync(cgroup)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

/** The hierarchies with their names in /proc/PID/cgroup ('' is v2), v2 first. */
function mounts(): { mountPoint: string; hierarchy: string }[] {
  const found = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [mount = '', filesystem = ''] = line.split(' - ')
      const mountPoint = mount.split(' ')[4] ?? ''
      if (filesystem.startsWith('cgroup2 ')) return [{ mountPoint, hierarchy: '' }]
      if (!filesystem.includes('name=systemd')) return []
      return [{ mountPoint, hierarchy: 'name=systemd' }]
    })
  return found.toSorted((a, b) => a.hierarchy.localeCompare(b.hierarchy))
}

function ownCgroups(): Map<string, string> {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const [, hierarchy = '', ...path] = line.split(':')
      return [hierarchy, path.join(':')]
    }),
  )
}
