import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROGRAM_ENVIRONMENT } from './program.ts'

/** Waits for the end of its input, which comes however the other end of the pipe ends. */
const WATCH = `trap '' INT TERM HUP; read -r _; exec rm -rf -- "$1"`

/**
 * Gives `body` an empty directory in the temporary one, which is removed afterwards, also when this
 * process is killed: by a shell that outlives us. withPrivateDirectory() leaves it to a later run.
 */
export async function withFleetingDirectory<T>(body: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'kured-sentinel-demo-'))
  const watch = spawn('/bin/sh', ['-c', WATCH, 'sh', path], {
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const gone = new Promise((resolve) => watch.once('close', resolve))
  try {
    return await body(path)
  } finally {
    watch.stdin.end()
    await gone
  }
}
