/**
 * A shell pattern as fnmatch(3) without flags reads it, which is what pacman does with its lists:
 * `*` and `?` also match `/`, a bracket without its end is itself, a backslash quotes.
 *
 * @returns a function that tells whether a whole string matches
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
    return () => false // a range that ends before it begins, such as [z-a], matches nothing
  }
  return (text) => expression.test(text)
}

/** Whether a name holds anything that fnmatch(3) does not take literally. */
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

/** The bracket expression at `start`, or undefined where it has no end and so is a plain `[`. */
function readBracket(pattern: string, start: number): { source: string; end: number } | undefined {
  let i = start + 1
  let set = '['
  if (pattern[i] === '!' || pattern[i] === '^') {
    set += '^'
    i++
  }
  // A `]` right at the start is a member, not the end.
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
