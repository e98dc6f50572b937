import { durationText, parseGoDuration } from '../text/duration.ts'
import { type Diagnosis, ok, warning, wrong } from '../text/diagnosis.ts'
import { kuredOption, type KuredContainer } from './kured.ts'

export const KURED_VALUES =
  'helm upgrade … -f /usr/share/kured-sentinel/kured-values.yaml, as in docs/contract.md'

/**
 * Whether a Kured runs kured-sentinel, to check and to reboot, and lets every node have its turn. Each
 * message goes on after a name of that Kured.
 *
 * @param isThere whether the node has that file; undefined where the node cannot be seen
 */
export function judgeSettings(
  kured: KuredContainer,
  isThere: ((path: string) => boolean) | undefined,
): Diagnosis[] {
  return [
    ...judgeSentinel(kured, isThere),
    ...judgeReboot(kured),
    ...judgeTurns(kured),
    ...kured.envFrom.map((source) =>
      warning(
        `has variables of ${source}, which cannot be seen here: a KURED_… among them is stronger than an argument`,
        `look at it: kubectl describe ${source.toLowerCase()}`,
      ),
    ),
  ]
}

/** Calls `judge` with an option's value, or says why that cannot be seen. */
function withOption(
  kured: KuredContainer,
  name: string,
  judge: (value: string | undefined) => Diagnosis[],
): Diagnosis[] {
  const option = kuredOption(kured, name)
  if ('value' in option) return judge(option.value)
  const message = `takes ${option.unseen} from elsewhere, where it cannot be seen`
  return [warning(message, `set the value itself, beside the others of Kured`)]
}

function judgeSentinel(
  kured: KuredContainer,
  isThere: ((path: string) => boolean) | undefined,
): Diagnosis[] {
  return withOption(kured, 'reboot-sentinel-command', (command) => {
    if (command === undefined || command === '' || command === '/sentinel/reboot-required') {
      return withOption(kured, 'reboot-sentinel', (file = '/var/run/reboot-required') => [
        wrong(
          `calls no command, but waits for the file ${file}`,
          `set useRebootSentinelHostPath: false beside rebootSentinelCommand: since 5.4.0 the chart drops the command without it`,
        ),
      ])
    }
    return [judgeCommand(command, isThere)]
  })
}

function judgeCommand(
  command: string,
  isThere: ((path: string) => boolean) | undefined,
): Diagnosis {
  const words = command.split(/\s+/)
  const path = /\/[\w/.-]*\/kured-sentinel(?![\w.-])/.exec(command)?.[0]
  if (path === undefined) return wrong(`calls ${command}, not kured-sentinel`, KURED_VALUES)
  if (isThere?.(path) === false) {
    return wrong(`calls ${path}, which is missing here`, KURED_VALUES)
  }
  if (/(^|\/)node$/.test(words[0] ?? '')) {
    return wrong(
      `calls ${command}: ${path} is a script of sh, for which Node always ends with 1`,
      'let it call kured-sentinel alone: this node never reboots',
    )
  }
  const more = words.slice(words.findIndex((word) => word.includes(path)) + 1)
  const [first = 'check'] = more
  if (first === 'check' || first.startsWith('--')) return ok(`calls ${command}`)
  return wrong(`calls ${command}, which always ends with 2`, 'let it call kured-sentinel alone')
}

/** A drain may take hours after Kured's check, so the reboot command must look again. */
function judgeReboot(kured: KuredContainer): Diagnosis[] {
  const right = 'rebootCommand: /usr/bin/kured-sentinel reboot'
  return withOption(kured, 'reboot-command', (command = '/bin/systemctl reboot') => {
    const isOurs = /\/kured-sentinel reboot(\s|$)/.test(command)
    return withOption(kured, 'reboot-method', (method = 'command') => {
      if (method !== 'command') {
        const advice = `set rebootMethod: command${isOurs ? '' : `, and ${right}`}`
        return [warning(`reboots by a ${method}, which does not wait for upgrades`, advice)]
      }
      if (isOurs) return [ok(`reboots by ${command}`)]
      const message = `reboots by ${command}, which does not wait for upgrades`
      return [warning(message, `set ${right}`)]
    })
  })
}

/** A third: what one node takes of the period, at most, so that most others have their turn. */
const MOST_SHARE = 1 / 3

const TURNS =
  'period at least three times drainTimeout and lockReleaseDelay together, as in kured-values.yaml: 30m, 8m and 2m'

/** How long a node keeps the lock without a reboot, and how often each asks for it. In ms. */
export interface KuredTurns {
  period: number
  /** 0: no limit */
  drainTimeout: number
  lockReleaseDelay: number
}

/** Undefined where one of the three cannot be seen or read. */
export function readTurns(kured: KuredContainer): KuredTurns | undefined {
  const read = (name: string, otherwise: string) => {
    const option = kuredOption(kured, name)
    return 'value' in option ? parseGoDuration(option.value ?? otherwise) : undefined
  }
  const period = read('period', '1h')
  const drainTimeout = read('drain-timeout', '0')
  const lockReleaseDelay = read('lock-release-delay', '0')
  if (period === undefined || drainTimeout === undefined || lockReleaseDelay === undefined) {
    return undefined
  }
  return { period, drainTimeout, lockReleaseDelay }
}

/**
 * Whether a node that cannot be drained leaves the others their turn. Each node asks for the lock
 * once a period, at a moment of its own that stays the same until its Kured starts anew. [Kured,
 * pkg/delaytick] One that cannot be drained keeps the lock for drainTimeout and lockReleaseDelay, and
 * asks again a period later: whoever asks in between never has its turn. Where both together are
 * longer than the period, its next moment has passed already, and it takes the lock at once again.
 * [tested on 1.23.0]
 */
function judgeTurns(kured: KuredContainer): Diagnosis[] {
  const turns = readTurns(kured)
  if (turns === undefined) {
    const message = `has a period, drainTimeout or lockReleaseDelay that cannot be read`
    return [warning(message, `let the ${TURNS}`)]
  }
  const { period, drainTimeout, lockReleaseDelay } = turns
  if (drainTimeout === 0) {
    const message = `drains without an end: a node that cannot be drained keeps all others from their turn`
    return [warning(message, `set drainTimeout, and let the ${TURNS}`)]
  }
  const held = drainTimeout + lockReleaseDelay
  if (held <= period * MOST_SHARE) return []
  const others =
    held >= period ? 'all others' : `${Math.round((held / period) * 100)} % of the others`
  const message = `lets a node that cannot be drained keep ${others} from their turn: it has the lock for ${durationText(held)} (drainTimeout and lockReleaseDelay), and asks again every ${durationText(period)} (period)`
  return [warning(message, `let the ${TURNS}`)]
}
