/** The time a whole check may take, handed down to all that can wait. Monotonic: no clock step moves it. */
export class Deadline {
  readonly limitMs: number
  // Not performance.now(): the first use of it loads a module of Node's, on every start.
  readonly #start = process.hrtime.bigint()

  constructor(limitMs: number) {
    this.limitMs = limitMs
  }

  /** ms since the start */
  elapsed(): number {
    return Number(process.hrtime.bigint() - this.#start) / 1e6
  }

  /** ms that are left, never below zero */
  left(): number {
    return Math.max(0, this.limitMs - this.elapsed())
  }
}
