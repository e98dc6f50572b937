import { judgeCluster, type Fitness } from '../cluster/check.ts'
import { collectCluster } from '../cluster/collect.ts'
import type { ClusterFinding, ClusterLevel } from '../cluster/finding.ts'
import { groupBy } from '../cluster/group.ts'
import type { Answer } from '../envelope/commands.ts'
import type { State } from '../envelope/envelope.ts'
import { SentinelError } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { adminUser } from '../kubernetes/admin.ts'
import { chalk } from '../terminal/colours.ts'
import { showProgress } from '../terminal/progress.ts'
import { wrapWords } from '../text/wrap.ts'
import { durationText } from '../text/duration.ts'
import { printable } from '../text/printable.ts'

interface ClusterOptions {
  json: true | undefined
  kubeconfig: string | undefined
}

/** 5,000 pods take some 20 answers of the API. */
const LIMIT_MS = 120_000

/** `cluster`: what blocks or hurts drains and reboots. Its exit codes: 0 fit, 1 warnings, 2 blocked. */
export async function cluster({ json, kubeconfig }: ClusterOptions): Promise<Answer<'cluster'>> {
  const host = new Host()
  const deadline = new Deadline(LIMIT_MS)
  const user = adminUser(host, kubeconfig)
  const view = await collectCluster(host, user, deadline, (what) =>
    showProgress(`reading ${what}`),
  ).finally(() => showProgress(undefined))
  const fitness = judgeCluster(view, () => {
    if (deadline.left() === 0)
      throw new SentinelError('the cluster is too large to be judged in time')
  })
  if (!json) write(1, renderFitness(fitness))
  const { verdict, exitCode, findings, nodes, pods, round } = fitness
  return {
    verdict,
    exitCode,
    findings: findings.map(({ level, area, object, message, advice }) => {
      const fields = { level, object }
      return { kind: area, state: STATES[level], message: `${object} ${message}`, advice, fields }
    }),
    details: { nodes, pods, round, durationMs: Math.round(deadline.elapsed()) },
    at: new Date(view.now).toISOString(),
  }
}

const STATES: Record<ClusterLevel, State> = { blocks: 'wrong', warning: 'warning', hint: 'note' }

const COLOURS: Record<ClusterLevel, (text: string) => string> = {
  blocks: chalk.red.bold,
  warning: chalk.yellow,
  hint: chalk.dim,
}

/** Objects of one kind of finding that are shown; --json has all. */
const SHOWN = 5
const WIDTH = 80
const INDENT = ' '.repeat('warning  '.length)

/** A line for each finding with its advice below it, the round, and the totals. */
function renderFitness({ findings, round, nodes, pods, verdict }: Fitness): string {
  const alike = groupBy(findings, (one) => `${one.level} ${one.area} ${adviceForAll(one)}`)
  const rows = [...alike.values()].flatMap(renderAlike)
  if (round !== undefined) {
    const nights = round.nights === 1 ? 'one night' : `${round.nights} nights`
    const window = durationText(round.windowMinutes * 60_000)
    rows.push(`a round of ${nodes} nodes takes ${nights} of ${window}, about`)
  }
  const count = (level: ClusterLevel) => findings.filter((one) => one.level === level).length
  const sum = (['blocks', 'warning', 'hint'] as const)
    .map((level) => ({ level, many: count(level) }))
    .filter(({ many }) => many > 0)
    .map(({ level, many }) => COLOURS[level](`${many} ${NAMES[level](many)}`))
  const totals = [VERDICTS[verdict], ...(sum.length > 0 ? [sum.join(', ')] : [])].join(': ')
  return `${[...rows, `${totals} (${nodes} nodes, ${pods} pods)`].join('\n')}\n`
}

const NAMES: Record<ClusterLevel, (many: number) => string> = {
  blocks: () => 'blocking',
  warning: (many) => (many === 1 ? 'warning' : 'warnings'),
  hint: (many) => (many === 1 ? 'hint' : 'hints'),
}

const VERDICTS: Record<Fitness['verdict'], string> = {
  fit: 'fit for drains and reboots',
  warnings: 'fit, but not without harm',
  blocked: 'drains or reboots are blocked',
}

/** The advice with NAME for the object's own name, as in "kubectl uncordon NAME". */
function adviceForAll({ object, advice }: ClusterFinding): string {
  const name = object.split(/[ /]/).at(-1)
  const words = advice.split(' ')
  return words.map((word) => (word === name ? 'NAME' : word)).join(' ')
}

/** Findings that differ in their objects alone, with what to do below the last. */
function renderAlike(findings: ClusterFinding[]): string[] {
  const shown = findings.length > SHOWN ? findings.slice(0, SHOWN - 1) : findings
  const rest = findings.length - shown.length
  const [first] = findings
  if (first === undefined) return []
  const said = shown.flatMap(({ level, object, message }) => {
    const [line = '', ...more] = wrapWords(printable(`${object} ${message}`), WIDTH - INDENT.length)
    const word = COLOURS[level](level.padEnd('warning'.length))
    return [`${word}  ${line}`, ...more.map((text) => INDENT + text)]
  })
  const advice = findings.length === 1 ? first.advice : adviceForAll(first)
  const [todo, ...further] = wrapWords(printable(advice), WIDTH - INDENT.length - 4)
  return [
    ...said,
    ...(rest > 0 ? [`${INDENT}… and ${rest} more like these (--json has all)`] : []),
    `${INDENT}${chalk.dim('do:')} ${todo ?? ''}`,
    ...further.map((text) => `${INDENT}    ${text}`),
  ]
}
