/**
 * Compares two versions as vercmp(8) does: epoch, version, and, where both have one, release.
 *
 * @returns below 0 if the first is older, 0 if they are equal, above 0 if it is newer
 * @source [libalpm/version.c, alpm_pkg_vercmp, parseEVR and rpmvercmp]
 */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [splitVersion(one), splitVersion(other)]
  return (
    compareParts(a.epoch, b.epoch) ||
    compareParts(a.version, b.version) ||
    (a.release === undefined || b.release === undefined ? 0 : compareParts(a.release, b.release))
  )
}

function splitVersion(text: string) {
  const [, epoch, rest = text] = /^(\d*):(.*)$/s.exec(text) ?? []
  const dash = rest.lastIndexOf('-')
  return {
    epoch: epoch || '0',
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? undefined : rest.slice(dash + 1),
  }
}

/** A stretch of digits or of letters, behind the characters that separate it from the last one. */
const PART = /^([^A-Za-z0-9]*)(\d+|[A-Za-z]+)?/

function compareParts(one: string, other: string): number {
  if (one === other) return 0
  let [a, b] = [one, other]
  while (a !== '' && b !== '') {
    const [wholeA = '', separatorA = '', partA = ''] = PART.exec(a) ?? []
    const [wholeB = '', separatorB = '', partB = ''] = PART.exec(b) ?? []
    if (partA === '' || partB === '') {
      return compareEnds(a.slice(separatorA.length), b.slice(separatorB.length))
    }
    const order = separatorA.length - separatorB.length || comparePart(partA, partB)
    if (order !== 0) return order
    ;[a, b] = [a.slice(wholeA.length), b.slice(wholeB.length)]
  }
  return compareEnds(a, b)
}

/** Digits are newer than letters; of two numbers the larger one, of two words the later one. */
function comparePart(one: string, other: string): number {
  const [isNumber, isOtherNumber] = [/^\d/.test(one), /^\d/.test(other)]
  if (isNumber !== isOtherNumber) return isNumber ? 1 : -1
  if (!isNumber) return one < other ? -1 : Number(one > other)
  const [a, b] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')]
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : Number(a > b)
}

/** One of them is empty. Letters, as in 1.0rc, are older than nothing; all else is newer. */
function compareEnds(one: string, other: string): number {
  if (one === other) return 0
  const isOlder = (one === '' && !/^[A-Za-z]/.test(other)) || /^[A-Za-z]/.test(one)
  return isOlder ? -1 : 1
}
