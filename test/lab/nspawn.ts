/** systemd-nspawn is the node's hardware: it starts PID 1 and ends with the node. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './cache.ts'
import { inCgroups } from './cgroup.ts'

export interface NspawnOptions {
  /** Paths in the node with their own tmpfs: `--tmpfs=`. */
  tmpfs?: string[]
  /** `SOURCE:TARGET`, directories of this machine mounted in the node: `--bind=`. */
  binds?: string[]
  /** The node has a disk of its own, made anew (true), or as saveDisk() kept it in that file. */
  disk?: true | string
  /** Further options of systemd-nspawn. */
  nspawn?: string[]
}

/** Needs neither machined nor systemd on this machine, and shares nothing with it. */
const standalone = `
  --register=no --keep-unit --private-network --hostname=lab --settings=no
  --link-journal=no --resolv-conf=off --timezone=off --console=pipe
`
  .trim()
  .split(/\s+/)

export function startNspawn(
  id: string,
  directory: string,
  cgroups: string[],
  { tmpfs = [], binds = [], nspawn = [] }: NspawnOptions,
): ChildProcess {
  const mounts = [...tmpfs.map((path) => `--tmpfs=${path}`), ...binds.map((to) => `--bind=${to}`)]
  const options = [...standalone, `--machine=lab-${id}`, ...mounts, ...nspawn, '--boot']
  const program = findProgram('systemd-nspawn') ?? 'systemd-nspawn'
  // On SIGTERM nspawn shuts the node down: so the node does not outlive a killed test run.
  const bound = ['setpriv', '--pdeathsig', 'TERM', program]
  const argv = inCgroups(cgroups, [...bound, `--directory=${join(directory, 'root')}`, ...options])
  const console = openSync(join(directory, 'console.log'), 'a')
  try {
    return spawn(argv[0]!, argv.slice(1), {
      cwd: '/',
      detached: true,
      // The node has only cgroup v2, as on Arch, even if this machine has v1 too.
      env: { PATH: process.env['PATH'], UNIFIED_CGROUP_HIERARCHY: '1', TERM: 'dumb' },
      stdio: ['ignore', console, console],
    })
  } finally {
    closeSync(console)
  }
}

/**
 * nspawn's child that is PID 1 of its own PID namespace, as soon as it runs systemd: before that it
 * runs nspawn, and its root may be this machine's.
 */
export function leaderOf(nspawn: ChildProcess): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, 'utf8')
    return children
      .split(' ')
      .map(Number)
      .find((pid) => pid > 0 && isSystemd(pid))
  } catch {
    return undefined
  }
}

function isSystemd(pid: number): boolean {
  const namespaced = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^NSpid:.*\t(\d+)$/m)
  return namespaced?.[1] === '1' && readlinkSync(`/proc/${pid}/exe`) === '/usr/lib/systemd/systemd'
}
