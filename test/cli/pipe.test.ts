/** A stdout that does not take all at once: a full pipe that whoever shares it made non-blocking. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostTree, mapsLine, processTree } from '../fixture/host.ts'
import { BIN, NODE } from '../fixture/program.ts'
import { makeTree } from '../fixture/tree.ts'
import { readJudged } from '../fixture/envelope.ts'

/** More than any pipe holds that nobody has enlarged: 64 KiB. [pipe(7)] */
const FILES = 2000

/** Starts `status` with such a pipe as its stdout. Only node's own descriptors 0 to 2 would block. */
function startOnPipe(t: TestContext) {
  const maps = Array.from({ length: FILES }, (_, i) => mapsLine(`/opt/${i}.so (deleted)`)).join('')
  const root = makeTree({ ...hostTree(processTree(40, { maps })), pipe: { fifo: true } })
  const fd = openSync(join(root, 'pipe'), constants.O_RDWR | constants.O_NONBLOCK)
  const words = [NODE, BIN, 'status', '--json', '--root', root]
  const child = spawn('/bin/sh', ['-euc', 'exec "$0" "$@" >&3 3>&-', ...words], {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', fd],
  })
  t.after(() => {
    child.kill('SIGKILL')
    closeSync(fd)
  })
  const ended = once(child, 'close').then(([code]: unknown[]) => code)
  return { child, fd, ended }
}

/** What is in the pipe, at most `length` bytes of it; '' where it is empty. */
function readNow(fd: number, length = 2 ** 20): string {
  const bytes = Buffer.alloc(length)
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return ''
    throw error
  }
}

/** The first byte: the kernel gives it when the pipe is full, as all was written in one call. */
async function awaitFull(fd: number): Promise<string> {
  for (;;) {
    const first = readNow(fd, 1)
    if (first !== '') return first
    await sleep(5)
  }
}

test('a reader that is late gets all of it', { timeout: 60_000 }, async (t) => {
  const { child, fd, ended } = startOnPipe(t)
  let text = await awaitFull(fd)
  await sleep(200)
  assert.equal(child.exitCode, null, 'it waits for its reader')
  while (child.exitCode === null) {
    text += readNow(fd)
    await sleep(5)
  }
  text += readNow(fd)
  assert.equal(await ended, 0)
  assert.ok(readJudged(text, 'status').ignored.length >= FILES)
})

test('2: a reader that never comes is not waited for for ever', { timeout: 60_000 }, async (t) => {
  const { child, fd, ended } = startOnPipe(t)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await awaitFull(fd)
  assert.equal(await ended, 2)
  assert.match(said, /EAGAIN/)
})
