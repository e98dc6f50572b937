import type { Answer } from '../envelope/commands.ts'
import { Exit } from '../errors.ts'
import { NOTIFY_DIRECTORY } from '../history/untold.ts'
import { mustBeRoot } from '../host/caller.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { listUntold, takeUntold, testNotice } from '../notify/spool.ts'
import { listNotifyPrograms, type Telling, tellPrograms } from '../notify/tell.ts'
import { printableLines } from '../text/printable.ts'

interface NotifyOptions {
  json: boolean
  dryRun: boolean
  test: boolean
  root: string | undefined
}

/** What was told to whom. */
interface NotifyOutcome {
  /** each as JSON in one line */
  events: string[]
  tellings: Telling[]
}

/**
 * `notify`: tells the programs in notify.d what waits to be told, or with `test` an event of its own.
 *
 * Its exit code is 0, also where a program fails, for the unit; with `test` 1 where one fails, is
 * refused, or none is there.
 */
export async function notify({
  json,
  dryRun,
  test,
  root,
}: NotifyOptions): Promise<Answer<'notify'>> {
  const host = new Host(root)
  if (root === undefined) mustBeRoot('telling the programs')
  const outcome = dryRun ? preview(host, test) : await (test ? tellTest(host) : tellAll(host))
  if (!json) write(1, render(outcome, dryRun))
  const { events, tellings } = outcome
  const isIdle = events.length === 0 || tellings.length === 0
  const isWell = tellings.length > 0 && tellings.every(({ problem }) => !problem)
  return {
    verdict: isIdle ? 'none' : isWell ? 'told' : 'failed',
    exitCode: test && !isWell ? Exit.none : Exit.ok,
    findings: tellings.map(({ path, problem }) => ({
      kind: 'program',
      state: problem ? 'wrong' : dryRun ? 'due' : 'ok',
      message: problem ?? (dryRun ? 'would be told' : 'was told'),
      advice: null,
      fields: { path },
    })),
    details: { events: events.map((event): object => JSON.parse(event)), tellings, dryRun },
  }
}

/** Until none waits: what comes meanwhile is told as well. */
async function tellAll(host: Host): Promise<NotifyOutcome> {
  const outcome: NotifyOutcome = { events: [], tellings: [] }
  for (let [name] = listUntold(host); name !== undefined; [name] = listUntold(host)) {
    const event = takeUntold(host, name)
    if (event === undefined) continue
    outcome.events.push(event)
    outcome.tellings.push(...(await tellPrograms(host, event)))
  }
  return outcome
}

/** Where the package has programs to copy. */
const EXAMPLES = '/usr/share/kured-sentinel/examples'

const TEST = 'this is a test of kured-sentinel: nothing has happened'

async function tellTest(host: Host): Promise<NotifyOutcome> {
  const event = JSON.stringify(testNotice(host, TEST))
  return { events: [event], tellings: await tellPrograms(host, event) }
}

function preview(host: Host, test: boolean): NotifyOutcome {
  const names = test ? [] : listUntold(host)
  const tellings = listNotifyPrograms(host).map(({ path, refused }) => ({
    path,
    ...(refused !== undefined && { problem: refused }),
  }))
  const events = test
    ? [JSON.stringify(testNotice(host, TEST))]
    : names.map((name) => JSON.stringify({ waits: name }))
  return { events, tellings }
}

function render({ events, tellings }: NotifyOutcome, dryRun: boolean): string {
  if (events.length === 0) return 'nothing is to be told\n'
  if (tellings.length === 0) {
    return `there is no program in ${NOTIFY_DIRECTORY}; ${EXAMPLES} has two to begin with\n`
  }
  const done = dryRun ? 'would be told' : 'was told'
  return printableLines(
    tellings.map(({ path, problem }) => `${path}${problem ? `: ${problem}` : ` ${done}`}`),
  )
}
