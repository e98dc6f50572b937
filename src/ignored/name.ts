/** Characters that mean something else to pacman than to the person who types them. */
const TRAPS: Record<string, string> = {
  ' ': 'contains a space, where pacman would begin another name',
  '\t': 'contains a tab, which pacman takes as part of the name',
  ',': 'contains a comma, which pacman takes as part of the name: put a space between names',
  '#': 'contains a #, which begins a comment only at the start of a line',
  '=': 'contains a =: packages are ignored by name, without a version',
  '<': 'contains a <: packages are ignored by name, without a version',
  '>': 'contains a >: packages are ignored by name, without a version',
  '/': 'contains a /: packages are ignored by name, without a repository',
}

/** A bracket expression of fnmatch(3); a `]` right at its start is a member. */
const BRACKETS = /\[(?:[!^]|(?![!^]))(?:\[:[a-z]+:\]|[^])(?:\[:[a-z]+:\]|[^\]])*\]/g

/** A package name and its version make up a file name, which cannot be longer. */
const MAX_LENGTH = 255

/**
 * Why a name must not be written into IgnorePkg or IgnoreGroup, to follow the name in a sentence
 * ("a,b contains a comma, …"), or undefined when it may. A name is a package's or a group's, or a
 * pattern of fnmatch(3), as pacman matches it. [pacman.conf(5), IgnorePkg]
 */
export function checkName(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name.startsWith('-')) return 'starts with a -, like an option'
  if (name.startsWith('!')) return 'starts with a !, but pacman knows no exceptions here'
  // Besides the hyphen, pacman's only rule for the start of a name. [PKGBUILD(5)]
  if (name.startsWith('.')) return 'starts with a dot, which no package does'
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  for (const char of name) {
    const trap = TRAPS[char]
    if (trap !== undefined) return trap
    if (/\p{Cc}/u.test(char)) return 'contains a control character'
  }
  const rest = name.replace(BRACKETS, '')
  if (/[[\]]/.test(rest)) return 'has an unmatched bracket'
  if (rest.endsWith('\\')) return 'ends in a backslash, which quotes nothing'
  const strange = /[^A-Za-z0-9@._+*?\\-]/u.exec(rest)?.[0]
  return strange === undefined ? undefined : `contains ${strange}, which no package name does`
}
