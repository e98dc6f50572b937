import type { Deadline } from '../host/deadline.ts'
import { awaitProgram } from '../host/program.ts'
import { parseTar } from './tar.ts'

/**
 * Reads files of the share. tar opens no link, waits for no FIFO, and stops where a file is longer than
 * it was.
 *
 * @param path of the share, on this machine
 * @param names below it
 * @param largest a file is no larger, in bytes
 * @returns content by name; what could not be read is missing
 */
export async function readSharedFiles(
  path: string,
  names: readonly string[],
  largest: number,
  deadline: Deadline,
): Promise<Map<string, Buffer>> {
  if (names.length === 0) return new Map()
  const args = ['--create', '--format=ustar', '--no-recursion', '--numeric-owner', '--sort=none']
  const files = names.map((name) => `./${name}`)
  const from = [`--directory=${path}`, '--ignore-failed-read', '--', ...files]
  const maxBytes = (names.length + 1) * (largest + 1024) + 10_240
  const limits = { timeoutMs: deadline.left(), maxBytes }
  const ended = await awaitProgram('/usr/bin/tar', [...args, ...from], limits)
  const found = parseTar(ended.timedOut ? Buffer.alloc(0) : ended.stdout)
  return new Map([...found].map(([name, content]) => [name.replace(/^\.\//, ''), content]))
}
