import { getHeapStatistics } from 'node:v8'

/** Half: what is read next needs room beside what is there, and V8 keeps garbage for a while. */
const MOST_SHARE = 0.5

/** Whether so much of this process's heap is used that it soon ends: V8 aborts, with code 134. */
export function isMemoryShort(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used > limit * MOST_SHARE
}
