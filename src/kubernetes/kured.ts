import { field, list, text, texts } from './json.ts'

/** One container of Kured, as a pod or the template of its DaemonSet has it. */
export interface KuredContainer {
  name: string
  image: string
  args: string[]
  /** undefined: a value that comes from elsewhere, such as a ConfigMap */
  env: ReadonlyMap<string, string | undefined>
  /** where more of its environment comes from: "ConfigMap kured" */
  envFrom: string[]
}

/**
 * Kured's containers in a pod's spec. Kured is told by its program or an option, because anybody may
 * choose the names of pods and images.
 *
 * @param spec a PodSpec of the API
 */
export function kuredContainers(spec: unknown): KuredContainer[] {
  return list(field(spec, 'containers')).map(readContainer).filter(isKured)
}

function isKured({ args }: KuredContainer): boolean {
  return args.some((arg) => /(^|\/)kured$/.test(arg) || arg.startsWith('--reboot-sentinel'))
}

function readContainer(container: unknown): KuredContainer {
  const env = list(field(container, 'env')).map((one): [string, string | undefined] => {
    const elsewhere = field(one, 'valueFrom') !== undefined
    return [text(field(one, 'name')), elsewhere ? undefined : text(field(one, 'value'))]
  })
  return {
    name: text(field(container, 'name')),
    image: text(field(container, 'image')),
    args: [...texts(field(container, 'command')), ...texts(field(container, 'args'))],
    env: new Map(env),
    envFrom: list(field(container, 'envFrom')).flatMap((one) => [
      ...named('ConfigMap', field(one, 'configMapRef')),
      ...named('Secret', field(one, 'secretRef')),
    ]),
  }
}

function named(kind: string, reference: unknown): string[] {
  return reference === undefined ? [] : [`${kind} ${text(field(reference, 'name'))}`]
}

/** The value of an option, or the variable whose value cannot be seen. */
type KuredOption = { value: string | undefined } | { unseen: string }

/**
 * What Kured takes for an option. Up to 1.16 an argument is stronger than its variable
 * [cmd/kured/main.go, bindFlags]; since 1.17.0 the variable is [tested on 1.23.0]. An image that
 * does not say its version is taken for a newer one.
 *
 * @param name without its dashes: "drain-timeout"
 */
export function kuredOption(container: KuredContainer, name: string): KuredOption {
  const { args, env } = container
  const variable = `KURED_${name.toUpperCase().replaceAll('-', '_')}`
  const at = args.findLastIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  const arg = args[at]
  const argument = arg?.includes('=') ? arg.slice(arg.indexOf('=') + 1) : args[at + 1]
  const isSet = env.has(variable)
  if (arg !== undefined && (!isSet || !isVariableStronger(container))) return { value: argument }
  const value = env.get(variable)
  return isSet && value === undefined ? { unseen: variable } : { value }
}

function isVariableStronger({ image }: KuredContainer): boolean {
  const [, major, minor] = /:v?(\d+)\.(\d+)(?:[.@-][^/]*)?$/.exec(image) ?? []
  return major === undefined || Number(major) > 1 || Number(minor) >= 17
}
