import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is anything but undefined or false. @throws after `limitMs`, naming `what` */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`)
    await sleep(100)
  }
}
