const BLOCK = 512

/**
 * The regular files of an archive that our own tar has made as ustar: their content by name. Anything
 * else that has taken a file's place meanwhile, and what is behind a damaged header, is left out.
 * [tar(5), "POSIX ustar Archives"]
 */
export function parseTar(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK)
    const size = Number.parseInt(field(header, 124, 12), 8)
    if (header.toString('latin1', 257, 262) !== 'ustar' || !(size >= 0)) break
    const start = at + BLOCK
    const isFile = header[156] === 0x30 || header[156] === 0
    if (isFile && start + size <= archive.length) {
      files.set(nameOf(header), archive.subarray(start, start + size))
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

/** A longer name is in two parts. */
function nameOf(header: Buffer): string {
  const prefix = field(header, 345, 155)
  const name = field(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

function field(header: Buffer, offset: number, length: number): string {
  const bytes = header.subarray(offset, offset + length)
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end === -1 ? length : end)
}
