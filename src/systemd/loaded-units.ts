import { SentinelError } from '../errors.ts'
import { complaint } from '../host/program.ts'
import { runSystemctl } from './systemctl.ts'
import { quotedWords } from './escape.ts'

/** What health and its comparison over a boot need of a unit. */
export interface LoadedUnit {
  name: string
  /** all its names, aliases included */
  names: string[]
  activeState: string
  subState: string
  /** whether a unit file stands behind it, and not a program's call or the table of mounts */
  hasFile: boolean
  /** "enabled", "static", …; '' for none */
  enabled: string
  /** what it pulls in when it starts */
  wants: string[]
  /** its Condition…= and Assert…= were met when it was started last, or it was not started */
  conditionsMet: boolean
  /** the sockets, timers and paths that start it */
  triggeredBy: string[]
  hasJob: boolean
  /** automatic restarts since its last start by hand or by a boot */
  restarts: number
}

/** Devices, scopes and slices come and go with what happens to run. */
const TYPES = ['service', 'socket', 'mount', 'automount', 'timer', 'path', 'target', 'swap']

/** The kinds of dependencies that a start includes. [systemd, unit-dependency-atom.c] */
const PULLS = ['Requires', 'Wants', 'BindsTo', 'Upholds'] as const

const PROPERTIES = `
  Id Names ActiveState SubState FragmentPath SourcePath Transient UnitFileState ConditionResult
  ConditionTimestampMonotonic AssertResult TriggeredBy Job NRestarts ${PULLS.join(' ')}
`
  .trim()
  .split(/\s+/)

/**
 * All units that systemd has loaded, in one question. A unit that nothing refers to and that is not
 * active is not loaded.
 *
 * @throws SentinelError when systemd gives no answer
 */
export function readLoadedUnits(timeoutMs: number): LoadedUnit[] {
  const patterns = TYPES.map((type) => `*.${type}`)
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', ...patterns]
  const ended = runSystemctl(args, timeoutMs)
  if (ended.exitCode !== 0) {
    throw new SentinelError(`systemd does not tell its units: ${complaint(ended)}`)
  }
  return parseLoadedUnits(ended.stdout.toString())
}

/** Parses `systemctl show`: blocks of `Name=value` between blank lines, one for each unit. */
export function parseLoadedUnits(output: string): LoadedUnit[] {
  return output.split('\n\n').flatMap((block) => {
    const values = new Map(
      block.split('\n').map((line): [string, string] => {
        const at = line.indexOf('=')
        return [line.slice(0, at), line.slice(at + 1)]
      }),
    )
    const text = (name: string) => values.get(name) ?? ''
    const words = (name: string) => quotedWords(text(name))
    const name = text('Id')
    if (name === '') return []
    const wasStarted = text('ConditionTimestampMonotonic') !== '0'
    const isMet = text('ConditionResult') === 'yes' && text('AssertResult') === 'yes'
    return {
      name,
      names: words('Names'),
      activeState: text('ActiveState'),
      subState: text('SubState'),
      hasFile: text('Transient') !== 'yes' && text('FragmentPath') + text('SourcePath') !== '',
      enabled: text('UnitFileState'),
      wants: PULLS.flatMap(words),
      conditionsMet: !wasStarted || isMet,
      triggeredBy: words('TriggeredBy'),
      hasJob: text('Job') !== '' && text('Job') !== '0',
      restarts: Number(text('NRestarts') || 0),
    }
  })
}

/** Whether its processes run, or its mount is there. */
export function isUnitUp({ activeState }: Pick<LoadedUnit, 'activeState'>): boolean {
  return ['active', 'reloading', 'refreshing'].includes(activeState)
}
