/** Node turns a timer of 2^31 ms or more into 1 ms; callers may add a little to this limit. */
const LONGEST_MS = 2_000_000_000

/** A time limit, passed to every call that may wait. Monotonic: clock steps do not move it. */
export class Deadline {
  readonly limitMs: number
  // Not performance.now(): its first use loads another module of Node, on every start.
  readonly #start = process.hrtime.bigint()

  constructor(limitMs: number) {
    this.limitMs = limitMs
  }

  /** ms since the start */
  elapsed(): number {
    return Number(process.hrtime.bigint() - this.#start) / 1e6
  }

  /** ms left; at least 0, and at most 23 days, the longest timer */
  left(): number {
    return Math.min(LONGEST_MS, Math.max(0, this.limitMs - this.elapsed()))
  }
}
