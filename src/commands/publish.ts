import { readConfig } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { errorText, Exit } from '../errors.ts'
import { mustBeRoot, systemdInvocation } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { awaitAlone } from '../host/flock.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { databasePath } from '../pacman/conf/conf.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import { takeOver } from '../publish/publisher.ts'
import { publish, type Publication } from '../publish/publish.ts'
import { prepareStaging } from '../pacman/database/staging.ts'
import { type PublicationState, readPublication, writePublication } from '../record/publication.ts'
import { withProgress } from '../terminal/progress.ts'
import { countPackages, listed } from '../text/listed.ts'
import { printableLines } from '../text/printable.ts'
import { sizeText } from '../text/size.ts'

interface PublishFlags {
  json: boolean
  dryRun: boolean
  prepare: boolean
  takeOver: boolean
  pacmanConf: string
  config: string | undefined
}

/** Just below the unit's TimeoutStartSec=, so that what is missing is said. In ms. */
const LIMIT_MS = 115 * 60_000

/** Another run may be fetching; the unit's next attempt comes later. In ms. */
const ALONE_MS = 2000

const PREPARE_MS = 60_000

/**
 * `publish`: gives all hosts new databases, once all that they want by them is in the cache.
 *
 * Its exit codes: 0 published, or hosts have it all already; 1 not all of it can be had now.
 *
 * @throws SentinelError where it cannot begin
 */
export async function runPublish(flags: PublishFlags): Promise<Answer<'publish'>> {
  mustBeRoot('to publish')
  // pacman's DownloadUser and nobody are to read what is made here.
  process.umask(0o022)
  const host = new Host()
  const invocationId = systemdInvocation() ?? ''
  const keep = (state: Partial<PublicationState>) => {
    if (flags.dryRun) return
    const { wanted = [] } = readPublication(host) ?? {}
    const nothing = { reason: '', problems: [], distrusted: [], refused: [], wanted }
    writePublication(host, { ...nothing, outcome: 'begun', invocationId, ...state })
  }
  let isAlone = false
  try {
    return await awaitAlone('publish', ALONE_MS, () => {
      isAlone = true
      return flags.prepare || flags.takeOver ? prepare(host, flags) : publishNow(host, flags, keep)
    })
  } catch (error) {
    // What a person starts beside another run says nothing of that one.
    if (isAlone || invocationId !== '') keep({ outcome: 'failed', reason: errorText(error) })
    throw error
  }
}

/** What pacman -Sy needs, which comes next; or what it takes that this host may publish. */
async function prepare(host: Host, flags: PublishFlags): Promise<Answer<'publish'>> {
  const deadline = new Deadline(PREPARE_MS)
  const dbPath = databasePath(readValidConf(host, flags.pacmanConf))
  const done = { exitCode: Exit.ok, findings: [], details: {} }
  if (!flags.takeOver) {
    prepareStaging(host, dbPath, deadline)
    return { verdict: 'prepared', ...done }
  }
  await takeOver(host, dbPath, deadline)
  const line = 'this host publishes from now on: systemctl start pacman-cache-update'
  if (!flags.json) write(1, printableLines([line]))
  return { verdict: 'taken-over', ...done }
}

async function publishNow(
  host: Host,
  { json, dryRun, pacmanConf, config }: PublishFlags,
  keep: (state: Partial<PublicationState>) => void,
): Promise<Answer<'publish'>> {
  const wantedBefore = readPublication(host)?.wanted ?? []
  keep({})
  const done = await withProgress('publishing', () =>
    publish(
      host,
      readConfig(host, config),
      { pacmanConf, dryRun, wantedBefore },
      new Deadline(LIMIT_MS),
    ),
  )
  const exitCode =
    done.outcome === 'published' || done.outcome === 'unchanged' ? Exit.ok : Exit.none
  const { outcome, distrusted, refused, wanted } = done
  const reason = outcome === 'published' ? describePublished(done) : done.reason
  const kept = exitCode === Exit.ok ? { wanted } : {}
  keep({ outcome, reason, problems: problemsOf(done), distrusted, refused, ...kept })
  if (!json) write(1, renderPublication(done, dryRun))
  const { outcome: verdict, ...details } = done
  return {
    verdict,
    exitCode,
    findings: [
      ...problemsOf(done).map((problem) => plainFinding('warning', 'host', problem)),
      ...(exitCode === Exit.ok ? [] : [plainFinding('wrong', 'publish', reason)]),
    ],
    details: { ...details, dryRun },
  }
}

/** What a record says of it. */
function describePublished({ hosts }: Publication): string {
  const there = hosts.filter(({ problem }) => problem === '').length
  return `the packages are in the cache${hosts.length > 1 ? `, for ${there} of ${hosts.length} hosts` : ''}`
}

function problemsOf({ hosts }: Publication): string[] {
  return hosts.flatMap(({ name, problem }) => (problem === '' ? [] : [`${name} ${problem}`]))
}

/** Files that are named. */
const NAMED = 5

/** For a person, and for the journal. */
function renderPublication(done: Publication, dryRun: boolean): string {
  const { outcome, reason, hosts, fetched, wanted, pruned, kept } = done
  const lines = hosts.map(({ name, packages: count, problem }) =>
    problem === '' ? `${name} wants ${countPackages(count)}` : `${name} ${problem}`,
  )
  const some = fetched.length > 0 ? `: ${listed(fetched, NAMED)}` : ''
  const size = sizeText(pruned.reduce((sum, one) => sum + one.size, 0))
  const going = `${listed(
    pruned.map(({ file }) => file),
    NAMED,
  )} (${size})`
  const [fetchedWord, publishedWord, prunedWord] = dryRun
    ? ['to fetch', 'would be published', 'would go from the cache']
    : ['fetched', 'published', 'removed from the cache']
  const gone = pruned.length > 0 ? [`${prunedWord}: ${going}`] : []
  if (outcome === 'failed' || outcome === 'stopped') {
    const failed = `not published, hosts have what they had: ${reason}`
    return printableLines([...lines, ...gone, failed])
  }
  return printableLines([
    ...lines,
    `${countPackages(wanted.length)} wanted, ${fetched.length} ${fetchedWord}${some}`,
    outcome === 'unchanged' ? 'the databases are published already' : publishedWord,
    ...gone,
    ...(kept === '' ? [] : [`nothing is removed from the cache: ${kept}`]),
  ])
}
