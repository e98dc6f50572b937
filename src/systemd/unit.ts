import { type Properties, showUnits } from './systemctl.ts'
import { quotedWords } from './escape.ts'

/** The state of a unit, as far as a restart depends on it. */
export interface UnitState {
  /** its main name, and all its names including aliases */
  name: string
  names: string[]
  /** "loaded", "not-found", "masked", "bad-setting", "error" */
  loadState: string
  /** "active", "reloading", "inactive", "failed", "activating", "deactivating", … */
  activeState: string
  subState: string
  /** result of its last run: "success", "exit-code", "signal", "timeout", … */
  result: string
  /** exit code or signal of the main process */
  execMainStatus: string
  mainPid: number
  type: string
  killMode: string
  /** whether systemd kills what is left when the time to stop is up */
  sendsKill: boolean
  /** RefuseManualStop= or RefuseManualStart=: systemctl cannot restart it. [systemd.unit(5)] */
  refusesRestart: boolean
  /** new at each start */
  invocation: string
  controlGroup: string
  /** whether systemd has a job to start or stop it */
  hasJob: boolean
  /** number of automatic restarts since the last manual start */
  restarts: number
  after: string[]
  before: string[]
  /** what its processes may be allowed at most, and what they are given, such as "cap_net_admin" */
  boundingSet: string[]
  ambientSet: string[]
  /** how often it may be started within how long, as systemd prints it: "3", "30min" */
  startLimit: { burst: string; interval: string }
  /** the directories below /run that are removed when it stops, and made anew at its start */
  runtimeDirectories: string[]
  /** the sockets, timers and paths that start it */
  triggeredBy: string[]
  /** sockets: each connection starts its own instance of the service */
  accepts: boolean
  /** units that systemd restarts together with this one */
  dependents: string[]
}

/**
 * The units that a restart includes: those that require the unit or are part of it.
 * [systemd, src/core/unit-dependency-atom.c, UNIT_ATOM_PROPAGATE_RESTART]
 */
const DEPENDENTS = ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf'] as const

const PROPERTIES = `
  Id Names LoadState ActiveState SubState Result ExecMainStatus MainPID Type KillMode
  SendSIGKILL RefuseManualStop RefuseManualStart InvocationID ControlGroup Job NRestarts After Before
  TriggeredBy Accept CapabilityBoundingSet AmbientCapabilities StartLimitBurst
  StartLimitIntervalUSec RuntimeDirectory RuntimeDirectoryPreserve
  ${DEPENDENTS.join(' ')}
`
  .trim()
  .split(/\s+/)

/** Limit for an answer of systemd. */
const ANSWER_MS = 20_000

/** Reads units from systemd, by the names given. Throws SentinelError when it gives no answer. */
export function readUnits(names: readonly string[]): Map<string, UnitState> {
  const shown = showUnits(names, PROPERTIES, ANSWER_MS)
  return new Map([...shown].map(([name, properties]) => [name, toUnit(name, properties)]))
}

/** @param asked the name to use when systemd gives none */
export function toUnit(asked: string, properties: Properties): UnitState {
  const text = (name: string) => properties.get(name) ?? ''
  const words = (name: string) => quotedWords(text(name))
  return {
    name: text('Id') || asked,
    names: words('Names'),
    loadState: text('LoadState'),
    activeState: text('ActiveState'),
    subState: text('SubState'),
    result: text('Result'),
    execMainStatus: text('ExecMainStatus'),
    mainPid: Number(text('MainPID')),
    type: text('Type'),
    killMode: text('KillMode'),
    sendsKill: text('SendSIGKILL') !== 'no',
    refusesRestart: text('RefuseManualStop') === 'yes' || text('RefuseManualStart') === 'yes',
    invocation: text('InvocationID'),
    controlGroup: text('ControlGroup'),
    hasJob: text('Job') !== '',
    restarts: Number(text('NRestarts')),
    after: words('After'),
    before: words('Before'),
    boundingSet: words('CapabilityBoundingSet'),
    ambientSet: words('AmbientCapabilities'),
    startLimit: { burst: text('StartLimitBurst'), interval: text('StartLimitIntervalUSec') },
    runtimeDirectories: text('RuntimeDirectoryPreserve') === 'no' ? words('RuntimeDirectory') : [],
    triggeredBy: words('TriggeredBy'),
    accepts: text('Accept') === 'yes',
    dependents: DEPENDENTS.flatMap(words),
  }
}

/** Whether the unit is up, so that its processes run. */
export function isUp({ activeState }: UnitState): boolean {
  return activeState === 'active' || activeState === 'reloading' || activeState === 'refreshing'
}
