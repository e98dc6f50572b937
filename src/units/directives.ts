import { listed } from '../text/listed.ts'

/** A line `Key=value` of a unit file. */
type Directive = [key: string, value: string]

/** The directives of a unit file, in their order; without comments and sections. */
function readDirectives(text: string): Directive[] {
  return text.split('\n').flatMap((line): Directive[] => {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? []
    return key === undefined || value === undefined ? [] : [[key, value]]
  })
}

/** The values of a directive; those above an empty one do not count. [systemd.syntax(7)] */
export function valuesOf(text: string, key: string): string[] {
  const values = readDirectives(text)
    .filter(([name]) => name === key)
    .map(([, value]) => value)
  return values.slice(values.lastIndexOf('') + 1)
}

/** The value of a directive that is there once; undefined if it is there several times or not at all. */
export function valueOf(text: string, key: string): string | undefined {
  const [value, ...more] = valuesOf(text, key)
  return more.length === 0 ? value : undefined
}

const NAMED = 3

/** What a unit does otherwise than it did: "OnCalendar=daily (was Sun 03:00)". */
export function describeDifference(before: string, after: string): string {
  const [old, fresh] = [readDirectives(before), readDirectives(after)]
  const lacks = (others: Directive[]) => {
    const lines = new Set(others.map(([key, value]) => `${key}=${value}`))
    return ([key, value]: Directive) => !lines.has(`${key}=${value}`)
  }
  const gone = old.filter(lacks(fresh))
  const come = fresh.filter(lacks(old))
  const said = come.map(([key, value]) => {
    const at = gone.findIndex(([name]) => name === key)
    const [was] = at < 0 ? [] : gone.splice(at, 1)
    return was === undefined ? `${key}=${value} is new` : `${key}=${value} (was ${was[1]})`
  })
  const all = [...said, ...gone.map(([key, value]) => `${key}=${value} is gone`)]
  return all.length === 0 ? 'its comments alone' : listed(all, NAMED)
}
