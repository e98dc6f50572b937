import { closeSync, openSync, readFileSync } from 'node:fs'

/**
 * A program of its own (see sentinel/mounts.ts): for each /proc/PID/map_files path on its command
 * line it prints the ID of the mount the mapped file was opened on, or the error's code.
 *
 * O_PATH opens nothing but the link; still, a file of a dead NFS server may make it wait.
 * [open(2), O_PATH; proc_pid_fdinfo(5), mnt_id]
 */
const O_PATH = 0o10000000

for (const path of process.argv.slice(2)) {
  let answer: unknown
  try {
    const fd = openSync(path, O_PATH)
    answer = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
    closeSync(fd)
  } catch (error) {
    answer = error instanceof Error && 'code' in error ? error.code : 'error'
  }
  process.stdout.write(`${String(answer)}\n`)
}
