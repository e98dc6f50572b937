import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache } from '../../test/lab/cache.ts'

export const minuteMs = 60_000

const always = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }

interface LoggedOptions {
  cwd?: string
  env?: Record<string, string>
  /** Default: a quarter of an hour. */
  timeoutMs?: number
}

/** Runs a program with its output in a log; an error shows the end of the log. */
export function logged(program: string, words: string[], options: LoggedOptions = {}): void {
  const log = join(cache, 'setup.log')
  const output = openSync(log, 'w')
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  const { status, error } = spawnSync(program, words, {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, ...always, PATH: path, ...options.env },
    stdio: ['ignore', output, output],
    timeout: options.timeoutMs ?? 15 * minuteMs,
  })
  closeSync(output)
  if (error === undefined && status === 0) return
  const end = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
  throw new Error(`${program} failed: ${error?.message ?? `exit ${status}`}\n${end}\n(${log})`)
}

export function step(text: string): void {
  console.log(`- ${text}`)
}
