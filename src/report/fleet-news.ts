import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { tryTellFleet } from './tell-fleet.ts'

/** Others wait for the word of a host that has booted: where the share is not there yet, it is tried again. */
export class FleetNews {
  readonly #host: Host
  readonly #read: () => Config
  readonly #warn: (problem: string) => void
  #isTold = true

  constructor(host: Host, read: () => Config, warn: (problem: string) => void) {
    this.#host = host
    this.#read = read
    this.#warn = warn
  }

  /** Tells the fleet how this host is now. @returns whether it was told, or there is no fleet */
  async tell(): Promise<boolean> {
    const problem = await tryTellFleet(this.#host, this.#read, { withPackages: false })
    if (problem !== '') this.#warn(problem)
    this.#isTold = problem === ''
    return this.#isTold
  }

  /** tell(), if the last one has failed. */
  async again(): Promise<boolean> {
    return this.#isTold || this.tell()
  }
}
