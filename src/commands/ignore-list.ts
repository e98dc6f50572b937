import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { renderHeld } from './ignore-list-output.ts'
import { printableJson } from '../text/printable.ts'
import { write } from '../host/write.ts'
import type { ListKey } from '../ignored/edit.ts'
import { listIgnored } from '../ignored/list.ts'

interface IgnoreListOptions {
  json: true | undefined
  pacmanConf: string
  key: ListKey
}

/** `ignore list`: shows what is held back. @returns 0 */
export function ignoreList({ json, pacmanConf, key }: IgnoreListOptions): number {
  const held = listIgnored(new Host(), pacmanConf, key, new Deadline(30_000))
  write(1, json ? printableJson(held) : renderHeld(held, pacmanConf))
  return 0
}
