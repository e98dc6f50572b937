/** A program that runs beside the test, with what it says in a file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

export class Daemon {
  readonly #name: string
  readonly #log: string
  readonly #child: ChildProcess

  constructor(name: string, argv: string[], log: string) {
    this.#name = name
    this.#log = log
    const output = openSync(log, 'a')
    // It is killed with the test, however that ends.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      cwd: '/',
      env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    this.#child.unref()
  }

  /** @throws with the end of its log, where it has ended by itself */
  check(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return
    const end = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-10).join('\n')
    throw new Error(`${this.#name} ended with ${this.#child.exitCode ?? 'a signal'}:\n${end}`)
  }

  /** Nothing that it keeps is needed any more, so it gets no time to tidy up. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.ref()
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

/** Ports of the loopback address that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}
