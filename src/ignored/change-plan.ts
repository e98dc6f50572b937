import { SentinelError } from '../errors.ts'
import { Host } from '../host/host.ts'
import { listOption } from '../pacman/conf/conf.ts'
import type { ConfEntry, PacmanConf } from '../pacman/conf/model.ts'
import { unifiedDiff } from '../text/diff.ts'
import { addEntries, type ListKey, removeEntries } from './edit.ts'
import { askPacmanConf } from '../pacman/conf/pacman-conf.ts'
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
}

/**
 * Works out a change; writes nothing.
 *
 * @throws SentinelError if pacman reads the files differently than they look
 */
export function planChange({ action, pacmanConf, key, names }: ChangeRequest): ChangePlan {
  const host = new Host()
  const conf = readValidConf(host, pacmanConf)
  const [problem] = conf.problems
  if (problem !== undefined) {
    throw new SentinelError(`${describeConfProblem(problem)}; nothing was changed, fix this first`)
  }
  const entries = listOption(conf, key)
  const current = entries.map(({ name }) => name)
  // Before the edit, so that an old warning is not blamed on it.
  mustRead(pacmanConf, key, current)
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
  }
}

/** @throws SentinelError if pacman-conf reads anything else from the file, or warns */
export function mustRead(file: string, key: ListKey, expected: readonly string[]): void {
  const read = askPacmanConf(file, key)
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
