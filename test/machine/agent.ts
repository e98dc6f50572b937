/** The tests' end of the line to guest/agent, which runs scripts as root in the machine. */
import type { Socket } from 'node:net'
import type { Run } from '../lab/run.ts'
import { connectLines } from './lines.ts'

interface Waiting {
  resolve: (run: Run) => void
  reject: (error: Error) => void
}

export class Agent {
  #socket: Socket | undefined
  #last = 0
  #hellos = 0
  readonly #waiting = new Map<string, Waiting>()
  readonly #awaited = new Set<() => void>()

  static async connect(path: string): Promise<Agent> {
    const agent = new Agent()
    agent.#socket = await connectLines(path, (line) => agent.#take(line))
    return agent
  }

  /** The number of boots so far, in which the agent has said hello. */
  get boots(): number {
    return this.#hellos
  }

  /** Runs a script; after the time limit it goes on in the machine, and nobody hears of it. */
  async run(script: string, timeoutMs: number): Promise<Run> {
    const id = this.#newId()
    const answer = new Promise<Run>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    const late = { exitCode: undefined, stdout: '', stderr: '', timedOut: true }
    const timer = setTimeout(() => this.#waiting.get(id)?.resolve(late), timeoutMs)
    this.#send(id, script)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** Sends a script whose answer nobody waits for: it may end the machine. */
  send(script: string): void {
    this.#send(this.#newId(), script)
  }

  /** Waits until the agent has said hello in more boots than `boots`. */
  async untilBoot(boots: number, timeoutMs: number): Promise<void> {
    if (this.#hellos > boots) return
    await new Promise<void>((resolve, reject) => {
      const fail = () => reject(new Error(`the machine did not boot within ${timeoutMs / 1000} s`))
      const timer = setTimeout(fail, timeoutMs)
      this.#awaited.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** The power is cut: nothing will answer. */
  close(): void {
    this.#socket?.destroy()
    this.#rejectAll('the machine has no power')
  }

  /** Not a number alone: a machine that was saved and restored may still answer an earlier test. */
  #newId(): string {
    this.#last += 1
    return `${process.pid}-${this.#last}`
  }

  #send(id: string, script: string): void {
    this.#socket?.write(`${id} ${Buffer.from(script).toString('base64')}\n`)
  }

  #take(line: string): void {
    const [id = '', code = '', ...texts] = line.split(' ')
    if (id === 'hello') {
      this.#hellos += 1
      this.#rejectAll('the machine was restarted')
      for (const wake of this.#awaited) wake()
      this.#awaited.clear()
      return
    }
    const [stdout = '', stderr = ''] = texts.map((text) => Buffer.from(text, 'base64').toString())
    this.#waiting.get(id)?.resolve({ exitCode: Number(code), stdout, stderr, timedOut: false })
  }

  #rejectAll(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why))
  }
}
