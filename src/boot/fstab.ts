import { ifThere } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { unescape } from '../proc/mountinfo.ts'

/** A line of /etc/fstab that mounts something. */
export interface FstabEntry {
  mountPoint: string
  type: string
  options: string[]
}

/** The host's /etc/fstab; empty if there is none. */
export function readFstab(host: Host): FstabEntry[] {
  return parseFstab(ifThere(() => host.readText('/etc/fstab')) ?? '')
}

/** Parses /etc/fstab: fields between blanks; a blank in a name is an octal escape. [fstab(5)] */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const [source = '#', mountPoint = 'none', type = '', options = ''] = line.trim().split(/\s+/)
    if (source === '' || source.startsWith('#') || !mountPoint.startsWith('/')) return []
    const path = unescape(mountPoint).replace(/(.)\/+$/, '$1')
    return [{ mountPoint: path, type, options: options.split(',') }]
  })
}
