/** The emulator's own control: stop, continue, save. [qemu, docs/interop/qmp-spec.rst] */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../cluster/until.ts'
import { connectLines } from './lines.ts'

interface QmpMessage {
  id?: number
  event?: string
  return?: unknown
  error?: { desc: string }
}

const ANSWER_MS = 120_000

export class Qmp {
  #socket: Socket | undefined
  #last = 0
  readonly #waiting = new Map<number, (message: QmpMessage) => void>()

  static async connect(path: string): Promise<Qmp> {
    const qmp = new Qmp()
    qmp.#socket = await connectLines(path, (line) => qmp.#take(JSON.parse(line)))
    await qmp.execute('qmp_capabilities')
    return qmp
  }

  /** @throws with the emulator's words */
  async execute(command: string, args: object = {}): Promise<unknown> {
    const id = (this.#last += 1)
    const answer = new Promise<QmpMessage>((resolve) => this.#waiting.set(id, resolve))
    this.#socket?.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    const late = sleep(ANSWER_MS, { error: { desc: 'no answer' } }, { ref: false })
    const { error, return: value } = await Promise.race<QmpMessage>([answer, late])
    if (error !== undefined) throw new Error(`${command}: ${error.desc}`)
    return value
  }

  /** Waits until the field `status` of a query's answer is one of these. */
  async untilStatus(query: string, ...wanted: string[]): Promise<void> {
    await until(
      `${query}: ${wanted.join(' or ')}`,
      async () => {
        const answer = await this.execute(query)
        const status: unknown = Reflect.get(Object(answer), 'status')
        if (status === 'failed') throw new Error(`${query}: ${JSON.stringify(answer)}`)
        return wanted.some((each) => each === status)
      },
      300_000,
    )
  }

  #take(message: QmpMessage): void {
    if (message.id === undefined) return
    this.#waiting.get(message.id)?.(message)
    this.#waiting.delete(message.id)
  }
}
