import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { renderHeld } from '../output/ignore-list.ts'
import { printableJson } from '../text/printable.ts'
import { write } from '../output/write.ts'
import type { ListKey } from '../pacman/edit.ts'
import { listHeld } from '../pacman/held.ts'

interface Options {
  json: true | undefined
  pacmanConf: string
  key: ListKey
}

/** `ignore list`: shows what is held back. @returns 0 */
export function ignoreList({ json, pacmanConf, key }: Options): number {
  const held = listHeld(new Host(), pacmanConf, key, new Deadline(30_000))
  write(1, json ? printableJson(held) : renderHeld(held, pacmanConf))
  return 0
}
