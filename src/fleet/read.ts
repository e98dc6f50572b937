import { errorText } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { askListing, type ListedEntry } from '../host/listing.ts'
import { readSharedFiles } from './files.ts'
import { isHostName } from './name.ts'
import { LARGEST_ROW, parseRow, type FleetRow } from './row.ts'
import { findShare, shareDeadline, type FleetSettings } from './share.ts'

/** A host of the fleet, by its row. */
export interface FleetEntry {
  host: string
  /** since its row was written, by the server's clock; below 0 if the row is of the future */
  ageMs: number
  /** or why its row cannot be read */
  row: FleetRow | { problem: string }
}

export type FleetView =
  | { state: 'none' }
  | { state: 'silent'; problem: string }
  | {
      state: 'seen'
      /** of the share, on this machine */
      path: string
      entries: FleetEntry[]
      /** server: the ages are its own. own: nothing could be written there to compare with */
      clock: 'server' | 'own'
    }

/** More hosts are not read, nor is a longer list of what is there, in bytes. */
const MOST_HOSTS = 2000
const LONGEST_LIST = 4 * 2 ** 20

/** What is there, one level down status.json alone. */
const TESTS = ['-maxdepth', '2', '(', '!', '-path', './*/*', '-o', '-name', 'status.json', ')']

/**
 * Reads all rows. What is on the share is anybody's: nothing of it is opened by this process, no link
 * is followed, and a server that is gone costs a bounded time.
 */
export function readFleet(
  host: Host,
  settings: FleetSettings,
  limit: Deadline,
): Promise<FleetView> {
  return host.once('the fleet', () => askFleet(host, settings, limit))
}

async function askFleet(host: Host, settings: FleetSettings, limit: Deadline): Promise<FleetView> {
  const deadline = shareDeadline(limit)
  try {
    const share = await findShare(host, settings, deadline)
    return share.state === 'there' ? await readShare(host, share.path, deadline) : share
  } catch (error) {
    return { state: 'silent', problem: `the fleet cannot be read: ${errorText(error)}` }
  }
}

async function readShare(host: Host, path: string, deadline: Deadline): Promise<FleetView> {
  const limits = { timeoutMs: deadline.left() / 2, maxBytes: LONGEST_LIST }
  const listing = await askListing(path, { tests: TESTS, time: 'changed' }, limits)
  if ('problem' in listing) return { state: 'silent', ...listing }
  const { entries: found, now } = listing
  const places = placesOf(found)
  if (places.length > MOST_HOSTS) {
    return { state: 'silent', problem: `${path} has more than ${MOST_HOSTS} hosts` }
  }
  const readable = places.flatMap(({ name, problem }) => (problem === undefined ? [name] : []))
  const files = await readSharedFiles(path, readable.map(rowFile), LARGEST_ROW, deadline)
  const clock = now ?? host.now()
  return {
    state: 'seen',
    path,
    clock: now === undefined ? 'own' : 'server',
    entries: places.map(({ name, problem, time }) => ({
      host: name,
      ageMs: Math.round(clock - time),
      row:
        problem === undefined
          ? (parseRow(files.get(rowFile(name)) ?? Buffer.alloc(0), name) ?? {
              problem: 'its row is torn, or none of this program',
            })
          : { problem },
    })),
  }
}

/** Each host's place. What has no host's name, such as lost+found, is none. */
function placesOf(found: readonly ListedEntry[]) {
  const rows = new Map(found.map((one) => [one.path, one]))
  return found
    .filter(({ path }) => isHostName(path))
    .map((place) => {
      const row = rows.get(rowFile(place.path))
      return { name: place.path, time: (row ?? place).time, problem: whyNot(place, row) }
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

function whyNot(place: ListedEntry, row: ListedEntry | undefined): string | undefined {
  if (place.type !== 'd') return 'it is no directory'
  if (row === undefined) return 'it has no status.json'
  if (row.type !== 'f') return 'its status.json is no regular file'
  return row.size > LARGEST_ROW ? `its status.json has more than ${LARGEST_ROW} bytes` : undefined
}

const rowFile = (name: string) => `${name}/status.json`
