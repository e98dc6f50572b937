import { SentinelError } from '../errors.ts'
import { Host } from '../host/host.ts'
import { listOption } from '../pacman/conf/conf.ts'
import type { ConfEntry, PacmanConf } from '../pacman/conf/model.ts'
import { unifiedDiff } from '../text/diff.ts'
import { addEntries, type ListKey, removeEntries } from './edit.ts'
import { stillIgnored } from './still.ts'
import { askDirective } from '../pacman/conf/pacman-conf.ts'
import { describeConfProblem, readValidConf } from '../pacman/conf/valid-conf.ts'

export interface ChangeRequest {
  action: 'add' | 'remove'
  /** a path of this machine */
  pacmanConf: string
  key: ListKey
  names: readonly string[]
  /** only show the change, and write nothing */
  dryRun: boolean
}

/** A file, and the names that it gets or loses. */
export interface ConfFileChange {
  file: string
  names: string[]
  before: Buffer
  after: Buffer
  diff: string
}

export interface ChangePlan {
  files: ConfFileChange[]
  /** names to add that are already there, or to remove that are not */
  unchanged: string[]
  /** the list that pacman must read afterwards, in any order */
  expected: string[]
  /** what pacman-conf warned of before */
  known: readonly string[]
  /** the same and more, with the lines, and what still ignores a removed name; for a person */
  warnings: string[]
}

/**
 * Works out a change; writes nothing.
 *
 * @throws SentinelError if pacman reads the files differently than they look
 */
export function planChange({ action, pacmanConf, key, names }: ChangeRequest): ChangePlan {
  const host = new Host()
  const conf = readValidConf(host, pacmanConf)
  const entries = listOption(conf, key)
  const current = entries.map(({ name }) => name)
  // Before the edit, so that an old warning is not blamed on it.
  const { values, warnings: known } = askDirective(pacmanConf, key)
  mustBeSame(pacmanConf, key, values, current)
  const adding = action === 'add'
  const wanted = [...new Set(names)]
  const concerned = wanted.filter((name) => current.includes(name) !== adding)
  const places = adding
    ? concerned.map((name) => ({ name, file: optionsFile(conf, pacmanConf) }))
    : entries.filter(({ name }) => concerned.includes(name))
  return {
    files: [...new Set(places.map(({ file }) => file))].map((file) =>
      edited(host, file, places, adding ? addEntries : removeEntries, key),
    ),
    unchanged: wanted.filter((name) => !concerned.includes(name)),
    expected: adding
      ? [...current, ...concerned]
      : current.filter((name) => !concerned.includes(name)),
    known,
    warnings: [...describeWarnings(conf, known), ...(adding ? [] : stillIgnored(wanted, entries))],
  }
}

/**
 * @param known the warnings before the edit
 * @throws SentinelError if pacman-conf reads anything else from the file, or warns of more
 */
export function mustRead(
  file: string,
  key: ListKey,
  { expected, known }: Pick<ChangePlan, 'expected' | 'known'>,
): void {
  const { values, warnings } = askDirective(file, key)
  mustBeSame(file, key, values, expected)
  const [more] = newWarnings(known, warnings)
  if (more !== undefined) throw new SentinelError(`pacman-conf would warn of ${file}: ${more}`)
}

/** The place that pacman names in a warning; an edit moves lines, and is tried in another file. */
const PLACE = /^config file (.*), line (\d+): /

/** The warnings that were not there before, wherever they stand. */
export function newWarnings(before: readonly string[], after: readonly string[]): string[] {
  const left = before.map((line) => line.replace(PLACE, ''))
  return after.filter((line) => {
    const at = left.indexOf(line.replace(PLACE, ''))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

/** Our own reading says more than pacman of a line that both name. */
function describeWarnings({ problems }: PacmanConf, known: readonly string[]): string[] {
  const ours = problems.map(describeConfProblem)
  const others = known
    .map((line) => line.replace(PLACE, '$1:$2: '))
    .filter((line) => !problems.some(({ file, line: at }) => line.startsWith(`${file}:${at}: `)))
  return [...ours, ...others]
}

function mustBeSame(
  file: string,
  key: ListKey,
  read: readonly string[],
  expected: readonly string[],
): void {
  if (read.toSorted().join('\n') === expected.toSorted().join('\n')) return
  throw new SentinelError(
    `pacman-conf reads ${key} = ${read.join(' ')} in ${file}, and not ${expected.join(' ')}`,
  )
}

function edited(
  host: Host,
  file: string,
  places: Pick<ConfEntry, 'name' | 'file'>[],
  edit: typeof addEntries,
  key: ListKey,
): ConfFileChange {
  const own = places.filter((place) => place.file === file)
  const names = [...new Set(own.map(({ name }) => name))]
  const before = host.readBytes(file)
  const after = Buffer.from(edit(before.toString('latin1'), key, names), 'latin1')
  const diff = unifiedDiff(before.toString(), after.toString(), file)
  return { file, names, before, after, diff }
}

function optionsFile({ sections }: PacmanConf, pacmanConf: string): string {
  const first = sections.find(({ name }) => name === 'options')
  if (first === undefined) {
    throw new SentinelError(`${pacmanConf} has no [options] section; add the line [options] to it`)
  }
  return first.file
}
