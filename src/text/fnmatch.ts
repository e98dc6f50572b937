/**
 * Compiles a shell pattern with the rules of fnmatch(3) without flags, which pacman uses for its
 * lists: `*` and `?` also match `/`, an unclosed bracket is literal, a backslash quotes.
 *
 * @returns a function that says whether a whole string matches
 */
export function fnmatch(pattern: string): (text: string) => boolean {
  let source = ''
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i)
    const bracket = char === '[' ? readBracket(pattern, i) : undefined
    if (bracket !== undefined) {
      source += bracket.source
      i = bracket.end
    } else if (char === '*') source += '.*'
    else if (char === '?') source += '.'
    else if (char === '\\' && i + 1 < pattern.length) source += escape(pattern.charAt(++i))
    else source += escape(char)
  }
  let expression: RegExp
  try {
    expression = new RegExp(`^${source}$`, 's')
  } catch {
    return () => false // a reversed range, such as [z-a], matches nothing
  }
  return (text) => expression.test(text)
}

/** Whether a name contains a character that is special to fnmatch(3). */
export function isPattern(name: string): boolean {
  return /[*?[\\]/.test(name)
}

const CLASSES: Record<string, string> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  xdigit: '0-9a-fA-F',
}

/** The bracket expression at `start`; undefined when it is not closed: `[` is then literal. */
function readBracket(pattern: string, start: number): { source: string; end: number } | undefined {
  let i = start + 1
  let set = '['
  if (pattern[i] === '!' || pattern[i] === '^') {
    set += '^'
    i++
  }
  // A leading `]` is a member, not the end.
  for (const first = i; i < pattern.length; i++) {
    if (pattern[i] === ']' && i > first) return { source: `${set}]`, end: i }
    const name = /^\[:([a-z]+):\]/.exec(pattern.slice(i))?.[1]
    if (name !== undefined && name in CLASSES) {
      set += CLASSES[name]
      i += name.length + 3
    } else if (pattern[i] === '-' && i > first && pattern[i + 1] !== ']') set += '-'
    else if (pattern[i] === '\\' && i + 1 < pattern.length) set += escape(pattern.charAt(++i))
    else set += escape(pattern.charAt(i))
  }
  return undefined
}

function escape(char: string): string {
  return /[a-zA-Z0-9_]/.test(char) ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
