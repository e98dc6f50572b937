/** Characters that mean something else to pacman than to the person who types them. */
const TRAPS: Record<string, string> = {
  ' ': 'holds a space, where pacman would begin another name',
  '\t': 'holds a tab, which pacman takes for a part of the name',
  ',': 'holds a comma, which pacman takes for a part of the name: put a space between two names',
  '#': 'holds a #, which begins no comment within a line',
  '=': 'holds a =: packages are held by name, without a version',
  '<': 'holds a <: packages are held by name, without a version',
  '>': 'holds a >: packages are held by name, without a version',
  '/': 'holds a /: packages are held by name, without a repository',
}

/** A bracket expression of fnmatch(3); a `]` right at its start is a member. */
const BRACKETS = /\[(?:[!^]|(?![!^]))(?:\[:[a-z]+:\]|[^])(?:\[:[a-z]+:\]|[^\]])*\]/g

/** A package name and its version make up a file name, which cannot be longer. */
const MAX_LENGTH = 255

/**
 * Why a name must not be written into IgnorePkg or IgnoreGroup, to follow the name in a sentence
 * ("a,b holds a comma, …"), or undefined when it may. A name is a package's or a group's, or a
 * pattern of fnmatch(3), which is how pacman matches it. [pacman.conf(5), IgnorePkg]
 */
export function checkName(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name.startsWith('-')) return 'starts with a -, like an option'
  if (name.startsWith('!')) return 'starts with a !, but pacman knows no exceptions here'
  // The one rule of pacman's own on how a name may start, besides the hyphen. [PKGBUILD(5)]
  if (name.startsWith('.')) return 'starts with a dot, which no package does'
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  for (const char of name) {
    const trap = TRAPS[char]
    if (trap !== undefined) return trap
    if (/\p{Cc}/u.test(char)) return 'holds a control character'
  }
  const rest = name.replace(BRACKETS, '')
  if (/[[\]]/.test(rest)) return 'has a bracket without its other half'
  if (rest.endsWith('\\')) return 'ends in a backslash, which quotes nothing'
  const strange = /[^A-Za-z0-9@._+*?\\-]/u.exec(rest)?.[0]
  return strange === undefined ? undefined : `holds ${strange}, which no package name does`
}
