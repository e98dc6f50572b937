import { field, list, number, scalar, text } from '../kubernetes/json.ts'
import { type LabelRule, labelSelector } from './selector.ts'

/** A PodDisruptionBudget, with what the API's disruption controller has counted. */
export interface Budget {
  namespace: string
  name: string
  selects: LabelRule
  /** "maxUnavailable 0" */
  rule: string
  /** whether pods that are not ready may always be evicted */
  letsUnhealthyGo: boolean
  /** whether the counts are those of this budget as it is now */
  isCounted: boolean
  expected: number
  healthy: number
  desired: number
  allowed: number
  /** why the controller could not count, in its words; '' if it could */
  failure: string
}

export function readBudget(budget: unknown): Budget {
  const spec = field(budget, 'spec')
  const status = field(budget, 'status')
  const count = (name: string) => number(field(status, name), 0)
  const rules = ['minAvailable', 'maxUnavailable'].filter((name) => field(spec, name) !== undefined)
  const failed = list(field(status, 'conditions')).find(
    (one) => field(one, 'reason') === 'SyncFailed',
  )
  return {
    namespace: text(field(budget, 'metadata', 'namespace')),
    name: text(field(budget, 'metadata', 'name')),
    selects: labelSelector(field(spec, 'selector')),
    rule: rules.map((name) => `${name} ${scalar(field(spec, name))}`).join() || 'no rule',
    letsUnhealthyGo: field(spec, 'unhealthyPodEvictionPolicy') === 'AlwaysAllow',
    isCounted: count('observedGeneration') >= number(field(budget, 'metadata', 'generation'), 1),
    expected: count('expectedPods'),
    healthy: count('currentHealthy'),
    desired: count('desiredHealthy'),
    allowed: count('disruptionsAllowed'),
    failure: text(field(failed, 'message')),
  }
}
