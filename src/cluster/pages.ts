import { SentinelError } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { isMemoryShort } from '../host/memory.ts'
import { isTooMuch } from '../host/program.ts'
import { field, text } from '../kubernetes/json.ts'
import { type ApiUser, askApi, itemsOf } from '../kubernetes/kubectl.ts'

/** Objects of one answer, and its size: 500 pods have 2 to 5 MB. */
const PAGE = 500
const PAGE_BYTES = 32 * 2 ** 20
/** 1.5 MiB is the most that etcd takes for an object; of large ones fewer are asked for. */
const SMALLEST_PAGE = 5

/** More objects of one list are more than this was made for. */
const MOST_OBJECTS = 100_000

/** A list of the API, and what is kept of each object. */
export interface WantedList<T> {
  what: string
  path: string
  take: (object: unknown) => T | undefined
}

/**
 * All objects of a list, as they were when its first page was asked for. [API, limit and continue]
 *
 * @throws SentinelError when a page does not come, is no list, or was there already
 */
export async function readPages<T>(
  host: Host,
  user: ApiUser,
  deadline: Deadline,
  { what, path, take }: WantedList<T>,
): Promise<T[]> {
  const found: T[] = []
  const seen = new Set<string>()
  const failure = `the ${what} cannot be listed`
  let [rest, size, objects] = ['', PAGE, 0]
  while (objects <= MOST_OBJECTS) {
    if (deadline.left() === 0) throw new SentinelError(`${failure}: there was no time left for all`)
    const query = `${path}?limit=${size}${rest && `&continue=${encodeURIComponent(rest)}`}`
    const page = await askPage(host, user, deadline, { failure, query })
    if (page === undefined) {
      if (size <= SMALLEST_PAGE) throw new SentinelError(`${failure}: they are too large`)
      size = Math.ceil(size / 10)
      continue
    }
    for (const object of page.items) {
      const one = take(object)
      if (one !== undefined) found.push(one)
    }
    objects += page.items.length
    if (page.more === '') return found
    if (seen.has(page.more)) throw new SentinelError(`${failure}: the API repeats itself`)
    if (isMemoryShort()) throw new SentinelError(`${failure}: they do not fit into the memory`)
    seen.add(page.more)
    rest = page.more
  }
  throw new SentinelError(`${failure}: there are more than ${MOST_OBJECTS}, too many to look at`)
}

/** @returns undefined for an answer that is too large */
async function askPage(
  host: Host,
  user: ApiUser,
  deadline: Deadline,
  { failure, query }: { failure: string; query: string },
): Promise<{ items: unknown[]; more: string } | undefined> {
  try {
    const limits = { timeoutMs: Math.min(30_000, deadline.left()), maxBytes: PAGE_BYTES }
    const answer = await askApi(host, user, failure, query, limits)
    return {
      items: itemsOf(answer, failure),
      more: text(field(answer, 'metadata', 'continue')),
    }
  } catch (error) {
    if (isTooMuch(error)) return undefined
    throw error
  }
}
