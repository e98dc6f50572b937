import { createHash } from 'node:crypto'
import { shape, text, whole } from '../../text/guard.ts'
import { printable } from '../../text/printable.ts'

/**
 * Beside the sync databases: which of them belong together. The cache host writes it when all
 * packages that they name and that a host wants are in the cache. pacman reads no such file.
 * [libalpm/db.c: only NAME.db of a configured repository]
 */
export const MANIFEST = 'kured-sentinel.json'

/** A manifest is no larger, in bytes. */
export const LARGEST_MANIFEST = 64 * 1024

export interface DatabaseManifest {
  format: 1
  /** who has published: its name in the fleet, and the digest of its machine ID */
  host: string
  machine: string
  /** by its clock, ISO 8601 */
  at: string
  /** "core.db", "core.db.sig" → SHA-256 in hexadecimal digits */
  databases: Record<string, string>
}

const isManifest = shape({
  format: whole,
  host: text,
  machine: text,
  at: text,
  databases: (value: unknown): value is Record<string, string> =>
    typeof value === 'object' && value !== null && Object.values(value).every(text),
})

/** @returns undefined for anything but a manifest that this program can read */
export function parseManifest(said: string): DatabaseManifest | undefined {
  try {
    const value: unknown = JSON.parse(said)
    if (!isManifest(value) || value.format !== 1) return undefined
    const { host, machine, at, databases } = value
    const entries = Object.entries(databases).map(([name, digest]) => [printable(name), digest])
    return {
      format: 1,
      host: printable(host),
      machine,
      at: printable(at),
      databases: Object.fromEntries(entries),
    }
  } catch {
    return undefined
  }
}

export function manifestText(manifest: DatabaseManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Why databases are not those that were published together.
 *
 * @param said the manifest's text; undefined where there is none
 * @param wanted the names of the configured repositories
 * @param digests of the files that are there, by name
 */
export function judgeSet(
  said: string | undefined,
  wanted: readonly string[],
  digests: ReadonlyMap<string, string>,
): string | undefined {
  if (said === undefined) return undefined
  const manifest = parseManifest(said)
  if (manifest === undefined) return `${MANIFEST} beside the sync databases cannot be read`
  const { host, at, databases } = manifest
  const names = wanted.flatMap((name) => [`${name}.db`, `${name}.db.sig`])
  const others = names.filter((name) => databases[name] !== digests.get(name))
  // A repository of this host alone is not in it.
  const [other] = others.filter((name) => databases[name.replace(/\.sig$/, '')] !== undefined)
  if (other === undefined) return undefined
  return `${other} is not the one that ${host} published at ${at}: it is publishing, or pacman -Sy has replaced it`
}
