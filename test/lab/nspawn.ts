/** systemd-nspawn as the node's hardware: it starts PID 1 and ends when the node does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './cache.ts'
import { inCgroups } from './cgroup.ts'

export interface NspawnOptions {
  /** Paths in the node that are a tmpfs of their own: `--tmpfs=`. */
  tmpfs?: string[]
  /** `SOURCE:TARGET`, a directory of this machine mounted in the node: `--bind=`. */
  binds?: string[]
  /** More of systemd-nspawn's own options. */
  nspawn?: string[]
}

/** No machined and no systemd is needed outside, and nothing of this machine gets in. */
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
  // On SIGTERM nspawn shuts the node down, so that it does not outlive a killed test run.
  const bound = ['setpriv', '--pdeathsig', 'TERM', program]
  const argv = inCgroups(cgroups, [...bound, `--directory=${join(directory, 'root')}`, ...options])
  const console = openSync(join(directory, 'console.log'), 'a')
  try {
    return spawn(argv[0]!, argv.slice(1), {
      cwd: '/',
      detached: true,
      // The node has cgroup v2 alone, as on Arch, even where this machine has v1 too.
      env: { PATH: process.env['PATH'], UNIFIED_CGROUP_HIERARCHY: '1', TERM: 'dumb' },
      stdio: ['ignore', console, console],
    })
  } finally {
    closeSync(console)
  }
}

/**
 * nspawn's child that is PID 1 of its own PID namespace, once it runs systemd: until then it is
 * nspawn itself, and its root may still be this machine's.
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
