import { showUnits, type Properties } from './systemctl.ts'

/** What systemd says of a unit, as far as a restart depends on it. */
export interface UnitState {
  /** the one that it goes by, and all that it has, aliases among them */
  name: string
  names: string[]
  loaded: boolean
  /** "active", "reloading", "inactive", "failed", "activating", "deactivating", … */
  activeState: string
  subState: string
  /** how it ended last: "success", "exit-code", "signal", "timeout", … */
  result: string
  /** of the main process: its exit code or signal */
  execMainStatus: string
  mainPid: number
  type: string
  killMode: string
  /** RefuseManualStop= or RefuseManualStart=: systemctl restarts neither. [systemd.unit(5)] */
  refusesRestart: boolean
  /** another one for each time it is started */
  invocation: string
  controlGroup: string
  /** whether systemd is about to start or stop it */
  hasJob: boolean
  /** how often systemd has started it again since it was last told to */
  restarts: number
  after: string[]
  /** the sockets, timers and paths that start it */
  triggeredBy: string[]
  /** of a socket: it starts an instance of its service for each connection */
  accepts: boolean
  /** the units that a restart of this one restarts as well */
  dependents: string[]
}

/**
 * What goes along in a restart: what requires the unit, or is a part of it.
 * [systemd, src/core/unit-dependency-atom.c, UNIT_ATOM_PROPAGATE_RESTART]
 */
const DEPENDENTS = ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf'] as const

const PROPERTIES = `
  Id Names LoadState ActiveState SubState Result ExecMainStatus MainPID Type KillMode
  RefuseManualStop RefuseManualStart InvocationID ControlGroup Job NRestarts After
  TriggeredBy Accept
  ${DEPENDENTS.join(' ')}
`
  .trim()
  .split(/\s+/)

/** How long systemd may take to answer. */
const ANSWER_MS = 20_000

/** Asks systemd about units; by the name each was asked for. Throws SentinelError without answer. */
export function readUnits(names: readonly string[]): Map<string, UnitState> {
  const shown = showUnits(names, PROPERTIES, ANSWER_MS)
  return new Map([...shown].map(([name, properties]) => [name, toUnit(name, properties)]))
}

/** @param asked is the name where systemd gives none */
export function toUnit(asked: string, properties: Properties): UnitState {
  const text = (name: string) => properties.get(name) ?? ''
  const words = (name: string) => text(name).split(' ').filter(Boolean)
  return {
    name: text('Id') || asked,
    names: words('Names'),
    loaded: text('LoadState') === 'loaded',
    activeState: text('ActiveState'),
    subState: text('SubState'),
    result: text('Result'),
    execMainStatus: text('ExecMainStatus'),
    mainPid: Number(text('MainPID')),
    type: text('Type'),
    killMode: text('KillMode'),
    refusesRestart: text('RefuseManualStop') === 'yes' || text('RefuseManualStart') === 'yes',
    invocation: text('InvocationID'),
    controlGroup: text('ControlGroup'),
    hasJob: text('Job') !== '',
    restarts: Number(text('NRestarts')),
    after: words('After'),
    triggeredBy: words('TriggeredBy'),
    accepts: text('Accept') === 'yes',
    dependents: DEPENDENTS.flatMap(words),
  }
}

/** Whether the unit's processes run. */
export function isUp({ activeState }: UnitState): boolean {
  return activeState === 'active' || activeState === 'reloading' || activeState === 'refreshing'
}
