/** The time a whole check may take, handed down to all that can wait. Monotonic: no clock step moves it. */
export class Deadline {
  readonly limitMs: number
  readonly #start = performance.now()

  constructor(limitMs: number) {
    this.limitMs = limitMs
  }

  /** ms since the start */
  elapsed(): number {
    return performance.now() - this.#start
  }

  /** ms that are left, never below zero */
  left(): number {
    return Math.max(0, this.limitMs - this.elapsed())
  }
}
