import { dirname } from 'node:path'
import { SentinelError } from '../errors.ts'
import { isOnlyOwners } from '../host/owner.ts'
import type { Host } from '../host/host.ts'
import { printable } from '../text/printable.ts'

/** A person's wish for a drained reboot, as /run/reboot-required is elsewhere. */
export interface PersonsRequest {
  reason: string
  /** by name */
  by: string
  /** by the host's clock, ISO 8601 */
  at: string
  /** it ends with this boot */
  bootId: string
}

/**
 * In /run, which ends with the boot: by itself a request never asks for a second reboot. Where /run
 * outlives a boot, as in a container, the boot ID in it says so. Anybody may read it, for `status`.
 */
export const REQUEST_FILE = '/run/kured-sentinel/request'

/** In bytes; and the longest reason, in characters. */
const LARGEST = 4096
const LONGEST_REASON = 200

/**
 * The request, of whichever boot; undefined where there is none.
 *
 * @throws SentinelError when it is no request that root wrote; or the system error
 */
export function readPersonsRequest(host: Host): PersonsRequest | undefined {
  const found = host.lstat(REQUEST_FILE)
  if (found === undefined) return undefined
  const directory = host.lstat(dirname(REQUEST_FILE))
  const isRoots = directory !== undefined && isOnlyOwners(directory) && isOnlyOwners(found)
  if (!found.isFile() || !isRoots) throw unusable('not only root can write to it')
  return parseRequest(host.readText(REQUEST_FILE, LARGEST))
}

function parseRequest(text: string): PersonsRequest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unusable('it is damaged')
  }
  if (!isPersonsRequest(value)) throw unusable('it is damaged')
  return value
}

function isPersonsRequest(value: unknown): value is PersonsRequest {
  if (typeof value !== 'object' || value === null) return false
  const { reason, by, at, bootId }: Partial<Record<keyof PersonsRequest, unknown>> = value
  if (typeof reason !== 'string' || refuseReason(reason) !== undefined) return false
  return [by, at, bootId].every((field) => typeof field === 'string' && field === printable(field))
}

function unusable(why: string): SentinelError {
  return new SentinelError(`${REQUEST_FILE} is no request: ${why}`)
}

/** Why a text is no reason, and what to do; undefined if it is one. */
export function refuseReason(reason: string): string | undefined {
  if (reason.trim() === '') return 'say what the reboot is for, as in --reason "a new disk"'
  if (reason.length > LONGEST_REASON) return `a reason has ${LONGEST_REASON} characters at most`
  return reason === printable(reason)
    ? undefined
    : 'a reason is one line, without control characters'
}

/** Writes the request, in place of an earlier one. Throws the system error; the earlier one stays. */
export function writePersonsRequest(host: Host, request: PersonsRequest): void {
  host.makeDirectory(dirname(REQUEST_FILE))
  host.write(REQUEST_FILE, `${JSON.stringify(request)}\n`)
}

/** Removes it, whatever it is. @returns whether there was one. Throws the system error. */
export function removePersonsRequest(host: Host): boolean {
  if (host.lstat(REQUEST_FILE)?.isDirectory() !== true) return host.remove(REQUEST_FILE)
  host.removeTree(REQUEST_FILE)
  return true
}
