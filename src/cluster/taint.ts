import { field, list, text } from '../kubernetes/json.ts'

export interface Taint {
  key: string
  value: string
  effect: string
  /** when it came, ISO 8601; '' where that is not known */
  since: string
}

export interface Toleration {
  /** '' for all */
  key: string
  /** undefined for any */
  value: string | undefined
  /** '' for all */
  effect: string
}

export function readTaints(taints: unknown): Taint[] {
  return list(taints).map((one) => ({
    key: text(field(one, 'key')),
    value: text(field(one, 'value')),
    effect: text(field(one, 'effect')),
    since: text(field(one, 'timeAdded')),
  }))
}

export function readTolerations(tolerations: unknown): Toleration[] {
  return list(tolerations).map((one) => ({
    key: text(field(one, 'key')),
    value: field(one, 'operator') === 'Exists' ? undefined : text(field(one, 'value')),
    effect: text(field(one, 'effect')),
  }))
}

/** Whether a pod may come to a node with such taints; PreferNoSchedule keeps nobody away. */
export function tolerates(tolerations: readonly Toleration[], taints: readonly Taint[]): boolean {
  return taints
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .every((taint) =>
      tolerations.some(
        ({ key, value, effect }) =>
          (key === '' || key === taint.key) &&
          (value === undefined || value === taint.value) &&
          (effect === '' || effect === taint.effect),
      ),
    )
}
