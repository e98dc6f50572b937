import { field, list, text, texts } from '../kubernetes/json.ts'

export type Labels = ReadonlyMap<string, string>

/** Labels as the API has them. */
export function readLabels(value: unknown): Labels {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return new Map(entries.map(([name, one]) => [name, text(one)]))
}

/** Whether labels have all of these, with these values. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return [...wanted].every(([name, value]) => labels.get(name) === value)
}

/** A rule about labels, and the one for those of a label selector of the API. */
export type LabelRule = (labels: Labels) => boolean

/** A LabelSelector: an empty one selects everything, none at all nothing. [policy/v1] */
export function labelSelector(selector: unknown): LabelRule {
  if (typeof selector !== 'object' || selector === null) return () => false
  const wanted = readLabels(field(selector, 'matchLabels'))
  const rules = list(field(selector, 'matchExpressions')).map(expression)
  return (labels) => hasLabels(labels, wanted) && rules.every((rule) => rule(labels))
}

/** A NodeSelector: any of its terms suffices, and a term without a rule selects nothing. */
export function nodeSelector(selector: unknown): LabelRule {
  const terms = list(field(selector, 'nodeSelectorTerms')).map((term) => {
    // matchFields knows metadata.name alone; readNode() keeps that as a label.
    const rules = [
      ...list(field(term, 'matchExpressions')),
      ...list(field(term, 'matchFields')),
    ].map(expression)
    return (labels: Labels) => rules.length > 0 && rules.every((rule) => rule(labels))
  })
  return (labels) => terms.some((term) => term(labels))
}

/** One rule of a selector; an operator that is not known selects nothing. */
function expression(rule: unknown): LabelRule {
  const key = text(field(rule, 'key'))
  const values = texts(field(rule, 'values'))
  const [limit = ''] = values
  const operators = new Map<string, (value: string | undefined) => boolean>([
    ['In', (value) => value !== undefined && values.includes(value)],
    ['NotIn', (value) => value === undefined || !values.includes(value)],
    ['Exists', (value) => value !== undefined],
    ['DoesNotExist', (value) => value === undefined],
    ['Gt', (value) => Number(value) > Number(limit)],
    ['Lt', (value) => Number(value) < Number(limit)],
  ])
  const operator = operators.get(text(field(rule, 'operator')))
  return (labels) => operator?.(labels.get(key)) ?? false
}
