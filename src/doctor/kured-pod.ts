import { type DoctorFinding, ok, warning, wrong } from './line.ts'

/** The relevant parts of a pod's container, from the API's JSON: anybody may choose the content. */
interface Container {
  /** "kured-system/kured-x7k2p" */
  pod: string
  running: boolean
  args: string[]
  env: ReadonlyMap<string, string>
}

const HOW = 'helm upgrade … -f /usr/share/kured-sentinel/kured-values.yaml, as in the README'

/**
 * Whether the Kured among a node's pods runs kured-sentinel, to check and to reboot.
 *
 * @param list a PodList of the API
 * @param isThere whether the host has that file
 */
export function judgeKured(list: unknown, isThere: (path: string) => boolean): DoctorFinding[] {
  const found = containersOf(list).filter(isKured)
  if (found.length === 0) return [warning('no Kured runs on this node', HOW)]
  return found.flatMap((one) => {
    const { pod, running } = one
    const said = [judgeSentinel(one, isThere), judgeReboot(one)]
    return running ? said : [warning(`${pod} is not running`, 'see its log'), ...said]
  })
}

/** Tells Kured by its program or an option: anybody may choose names of pods and images. */
function isKured({ args }: Container): boolean {
  return args.some((arg) => /(^|\/)kured$/.test(arg) || arg.startsWith('--reboot-sentinel'))
}

function judgeSentinel(container: Container, isThere: (path: string) => boolean): DoctorFinding {
  const { pod } = container
  const command = option(container, 'reboot-sentinel-command')
  if (command === undefined || command === '' || command === '/sentinel/reboot-required') {
    const file = option(container, 'reboot-sentinel') ?? '/var/run/reboot-required'
    return wrong(
      `${pod} calls no command, but waits for the file ${file}`,
      `set useRebootSentinelHostPath: false beside rebootSentinelCommand: since 5.4.0 the chart drops the command without it`,
    )
  }
  const words = command.split(/\s+/)
  const path = /\/[\w/.-]*\/kured-sentinel(?![\w.-])/.exec(command)?.[0]
  if (path === undefined) return wrong(`${pod} calls ${command}, not kured-sentinel`, HOW)
  if (!isThere(path)) return wrong(`${pod} calls ${path}, which is missing here`, HOW)
  if (/(^|\/)node$/.test(words[0] ?? '')) {
    return wrong(
      `${pod} calls ${command}: ${path} is a script of sh, for which Node always ends with 1`,
      'let it call kured-sentinel alone: this node never reboots',
    )
  }
  const more = words.slice(words.findIndex((word) => word.includes(path)) + 1)
  const [first = 'check'] = more
  if (first === 'check' || first.startsWith('--')) return ok(`${pod} calls ${command}`)
  return wrong(
    `${pod} calls ${command}, which always ends with 2`,
    'let it call kured-sentinel alone',
  )
}

/** A drain may take hours after Kured's check, so the reboot command must look again. */
function judgeReboot(container: Container): DoctorFinding {
  const { pod } = container
  const advice = 'set rebootCommand: /usr/bin/kured-sentinel reboot'
  const method = option(container, 'reboot-method') ?? 'command'
  if (method !== 'command') {
    return warning(`${pod} reboots by a ${method}, which does not wait for upgrades`, advice)
  }
  const command = option(container, 'reboot-command') ?? '/bin/systemctl reboot'
  if (/\/kured-sentinel reboot(\s|$)/.test(command)) return ok(`${pod} reboots by ${command}`)
  return warning(`${pod} reboots by ${command}, which does not wait for upgrades`, advice)
}

/** Kured takes an option from its arguments, or else from its environment. [kured, bindFlags] */
function option({ args, env }: Container, name: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  const arg = args[at]
  if (arg === undefined) return env.get(`KURED_${name.toUpperCase().replaceAll('-', '_')}`)
  return arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : args[at + 1]
}

function containersOf(list: unknown): Container[] {
  return objects(field(list, 'items')).flatMap((item) => {
    const metadata = field(item, 'metadata')
    const pod = `${text(field(metadata, 'namespace'))}/${text(field(metadata, 'name'))}`
    const running = field(field(item, 'status'), 'phase') === 'Running'
    return objects(field(field(item, 'spec'), 'containers')).map((container) => ({
      pod,
      running,
      args: [...strings(field(container, 'command')), ...strings(field(container, 'args'))],
      env: new Map(
        objects(field(container, 'env')).map((one) => [
          text(field(one, 'name')),
          text(field(one, 'value')),
        ]),
      ),
    }))
  })
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined
}

function objects(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function strings(value: unknown): string[] {
  return objects(value).filter((one) => typeof one === 'string')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
