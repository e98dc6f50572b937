import { errorCode, errorText, SentinelError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { authorship, type Authorship } from './unit.ts'

/** The administrator's units. This program writes only here. */
export const UNIT_DIRECTORY = '/etc/systemd/system'

/** The next directories of the load path, in order. [systemd.unit(5), "Unit File Load Path"] */
const BELOW = ['/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system']

/** A unit file of the host. */
export interface HostUnitFile {
  name: string
  path: string
  text: string
  /** masked: a link to /dev/null; linked: a link to another path. A person made both. */
  author: Authorship | 'masked' | 'linked'
}

/** The file in /etc/systemd/system, if there is one. Throws SentinelError when it is unreadable. */
export function inEtc(host: Host, name: string): HostUnitFile | undefined {
  return readUnit(host, UNIT_DIRECTORY, name)
}

/** The file in effect when there is none in /etc: usually the package's. */
export function below(host: Host, name: string): HostUnitFile | undefined {
  for (const directory of BELOW) {
    const found = readUnit(host, directory, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether this program wrote the file, edited since or not. */
export function isOurs(unit: HostUnitFile | undefined): boolean {
  return unit?.author === 'generated' || unit?.author === 'edited'
}

/** Whether a file has what a person wrote. */
export function isPersons({ author }: HostUnitFile): boolean {
  return author === 'foreign' || author === 'edited'
}

export function isMountUnit(name: string): boolean {
  return /\.(auto)?mount$/.test(name)
}

/** The names of units in /etc/systemd/system that this program wrote, edited since or not. */
export function writtenNames(host: Host): string[] {
  return list(host, UNIT_DIRECTORY)
    .filter((name) => /\.(service|timer|path|mount|automount)$/.test(name))
    .filter((name) => isOurs(inEtc(host, name)))
    .toSorted()
}

/** The paths of a unit's drop-ins: a person's files that change it. */
export function dropIns(host: Host, name: string): string[] {
  return [UNIT_DIRECTORY, ...BELOW].flatMap((directory) =>
    list(host, `${directory}/${name}.d`)
      .filter((file) => file.endsWith('.conf'))
      .toSorted()
      .map((file) => `${directory}/${name}.d/${file}`),
  )
}

/** The paths of what a person wrote in a unit's place, and this program has put aside. */
export function savedUnits(host: Host, name: string): string[] {
  return list(host, UNIT_DIRECTORY)
    .filter((file) => file.startsWith(`${name}.pacsave`))
    .toSorted()
    .map((file) => `${UNIT_DIRECTORY}/${file}`)
}

function readUnit(host: Host, directory: string, name: string): HostUnitFile | undefined {
  const path = `${directory}/${name}`
  try {
    const found = host.lstat(path)
    if (found === undefined) return undefined
    if (!found.isSymbolicLink()) {
      const text = host.readText(path)
      return { name, path, text, author: authorship(text) }
    }
    const target = host.readLink(path)
    const author = target === '/dev/null' ? 'masked' : 'linked'
    return { name, path, text: `a link to ${target}\n`, author }
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined
    throw new SentinelError(`${path} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

function list(host: Host, directory: string): string[] {
  try {
    return host.list(directory)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return []
    throw new SentinelError(`${directory} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

/**
 * Refuses an image whose unit directory is a link out of the image: the author of the image could
 * choose which files of this machine are written and removed.
 *
 * @throws SentinelError with the link's path
 */
export function mustBeInside(host: Host): void {
  if (host.root === '') return
  const steps = UNIT_DIRECTORY.split('/').slice(1)
  const ways = steps.map((_, index) => `/${steps.slice(0, index + 1).join('/')}`)
  for (const way of ways.filter((path) => host.lstat(path) !== undefined)) {
    if (leadsOut(host, way)) {
      throw new SentinelError(`${host.path(way)} leads out of ${host.root}: nothing was changed`)
    }
  }
}

function leadsOut(host: Host, path: string): boolean {
  try {
    return host.isOutside(path)
  } catch (error) {
    throw new SentinelError(`${host.path(path)} cannot be followed: ${errorText(error)}`, {
      cause: error,
    })
  }
}
