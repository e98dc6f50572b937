import { nameVersion } from '../pacman/database/local.ts'

/** An ignored package that pacman would otherwise upgrade, replace, or install as a dependency. */
export interface WaitingPackage {
  name: string
  /** undefined if it is not installed */
  installed?: string
  available: string
  /** the package that would replace it, if that is another one */
  replacement?: string
}

/** Why pacman gives up. `package` is the one that needs something, or one of two in conflict. */
export interface UpgradeObstacle {
  kind: 'missing' | 'breaks' | 'conflict'
  package: string
  /** the declared dependency: "x>=2"; or the other package of a conflict */
  needs: string
  /** what breaks it: "installing x (2-1)" */
  by?: string
}

export interface SimulationOutput {
  /** whether pacman got so far that it would begin */
  prepared: boolean
  waiting: WaitingPackage[]
  obstacles: UpgradeObstacle[]
  /** its errors, for a person */
  errors: string[]
}

/** pacman's last question. Both tested versions print it to stderr. */
const PROCEED = ':: Proceed with installation? [Y/n] '

/** pacman's questions. The known ones get their default, as in an upgrade with --noconfirm. */
export const QUESTIONS = {
  any: /(?:\[[Yy]\/[Nn]\]|\(default=\w+\):) $/,
  known: /(?::: Replace \S+ with \S+\? \[Y\/n\]|\(default=\w+\):) $/,
}

/**
 * Reads the output of `pacman -Su` in the C locale, up to the question whether to proceed.
 * [pacman 6.0.2 and 7.0.0: src/pacman/sync.c, src/pacman/callback.c; libalpm: sync.c, deps.c]
 */
export function parseSimulation(
  stdout: string,
  stderr: string,
  exitCode: number | null,
): SimulationOutput {
  // A question that got no answer ends without a newline.
  const lines = `${stderr}\n${stdout}`.split(/\n|(?<=\[[Yy]\/[Nn]\] )/)
  const nothing = exitCode === 0 && stdout.includes('there is nothing to do')
  return {
    prepared: nothing || stderr.endsWith(PROCEED),
    waiting: lines.flatMap(readWaiting),
    obstacles: lines.flatMap(readObstacle),
    errors: lines.filter((line) => /^(?:error: |:: .* (?:breaks|satisfy|conflict))/.test(line)),
  }
}

function readWaiting(line: string): WaitingPackage[] {
  const upgrade = /^warning: (\S+): ignoring package upgrade \((\S+) => (\S+)\)$/.exec(line)
  if (upgrade) {
    const [, name = '', installed = '', available = ''] = upgrade
    return [{ name, installed, available }]
  }
  const other = /^warning: ignoring package replacement \((\S+) => (\S+)\)$/.exec(line)
  if (other) {
    const [{ name, version: installed }, to] = [packageOf(other[1]), packageOf(other[2])]
    return [{ name, installed, available: to.version, replacement: to.name }]
  }
  const dependency = /^warning: ignoring package (\S+)$/.exec(line)
  if (!dependency) return []
  const { name, version } = packageOf(dependency[1])
  return [{ name, available: version }]
}

function readObstacle(line: string): UpgradeObstacle[] {
  const missing = /^:: unable to satisfy dependency '(.+)' required by (\S+)$/.exec(line)
  if (missing) return [{ kind: 'missing', needs: missing[1] ?? '', package: missing[2] ?? '' }]
  const breaks = /^:: ((?:installing|removing) .+) breaks dependency '(.+)' required by (\S+)$/
  const [, by = '', needs = '', owner] = breaks.exec(line) ?? []
  if (owner !== undefined) return [{ kind: 'breaks', package: owner, needs, by }]
  const conflict = /^:: (\S+) and (\S+) are in conflict(?: \(.+\))?$/.exec(line)
  if (!conflict) return []
  return [{ kind: 'conflict', package: conflict[1] ?? '', needs: conflict[2] ?? '' }]
}

/** The name and version in "x-1.0-1"; without a version, the text is the name. */
function packageOf(text = ''): { name: string; version: string } {
  return nameVersion(text) ?? { name: text, version: '' }
}
