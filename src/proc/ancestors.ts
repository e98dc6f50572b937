import type { Host } from '../host/host.ts'

/** A process's parent, that one's, and so on up to PID 1. */
export function ancestors(host: Host, pid: number): number[] {
  const found: number[] = []
  for (let next = parent(host, pid); next > 0 && !found.includes(next);) {
    found.push(next)
    next = parent(host, next)
  }
  return found
}

/** 0 for a process that has none in this PID namespace. [proc_pid_status(5)] */
function parent(host: Host, pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(host.readText(`/proc/${pid}/status`))?.[1])
}
