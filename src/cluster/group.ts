import { listed } from '../text/listed.ts'

/** Things by what `key` says of them, in their order. */
export function groupBy<T>(things: readonly T[], key: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const thing of things) {
    const name = key(thing)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [thing])
    else group.push(thing)
  }
  return groups
}

/** Names in a sentence: the first three, and how many more. */
export function someOf(names: readonly string[]): string {
  return listed(names, 3)
}
