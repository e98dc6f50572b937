/** Node takes a timer of 2^31 ms or more for one of 1 ms; some are set a little later than this. */
const LONGEST_MS = 2_000_000_000

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

  /** ms that are left, never below zero; no more than a timer can wait, which is 23 days */
  left(): number {
    return Math.min(LONGEST_MS, Math.max(0, this.limitMs - this.elapsed()))
  }
}
