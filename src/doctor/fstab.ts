import { unescape } from '../proc/mountinfo.ts'

/** A line of /etc/fstab that mounts something. */
export interface FstabEntry {
  mountPoint: string
  type: string
  options: string[]
}

/** Reads /etc/fstab: six fields parted by blanks, with blanks in names as octal escapes. [fstab(5)] */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const [source = '#', mountPoint = 'none', type = '', options = ''] = line.trim().split(/\s+/)
    if (source === '' || source.startsWith('#') || !mountPoint.startsWith('/')) return []
    const path = unescape(mountPoint).replace(/(.)\/+$/, '$1')
    return [{ mountPoint: path, type, options: options.split(',') }]
  })
}
