import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig, type Config } from '../config/config.ts'
import type { Answer } from '../envelope/commands.ts'
import { plainFinding } from '../envelope/envelope.ts'
import { printEnvelope } from '../envelope/print.ts'
import { Exit, SentinelError } from '../errors.ts'
import { isHostName } from '../fleet/name.ts'
import { readFleet } from '../fleet/read.ts'
import { findShare, shareDeadline } from '../fleet/share.ts'
import { removeHost } from '../fleet/write.ts'
import { mustBeRoot } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../host/write.ts'
import { tellFleet } from '../report/tell-fleet.ts'
import { withProgress } from '../terminal/progress.ts'
import { printableLines } from '../text/printable.ts'
import { fleetAnswer } from './fleet-answer.ts'
import { overlook, renderFleet, type FleetOverview } from './fleet-table.ts'

interface FleetOptions {
  json: boolean
  watch: boolean
  /** of a night's reboots, in ms */
  window: number | undefined
  configFile: string | undefined
}

const LIMIT_MS = 30_000
const WATCH_MS = 5_000

/**
 * `fleet`: how all hosts are, by what each says of itself. With `watch` it goes on until it is ended.
 *
 * Its exit codes: 0 all well; 1 a host is hurt, cannot be seen, or was not heard of for long.
 *
 * @throws SentinelError where there is no fleet directory, or it cannot be seen
 */
export async function showFleet({
  json,
  watch,
  window,
  configFile,
}: FleetOptions): Promise<Answer<'fleet'>> {
  for (;;) {
    const host = new Host()
    const config = readConfig(host, configFile)
    const seen = await withProgress('reading the fleet', () => look(host, config, window))
    const answer = fleetAnswer(seen)
    const clear = watch && process.stdout.isTTY ? '\u001b[H\u001b[2J' : ''
    if (!json) write(1, clear + renderFleet(seen))
    if (!watch) return answer
    if (json) printEnvelope(host, 'fleet', answer)
    await sleep(WATCH_MS)
  }
}

async function look(
  host: Host,
  config: Config,
  window: number | undefined,
): Promise<FleetOverview> {
  const view = await readFleet(host, config, new Deadline(LIMIT_MS))
  if (view.state === 'none') throw noFleet()
  if (view.state === 'silent') throw new SentinelError(view.problem)
  return overlook(view, config, window, new Date(host.now()).toISOString())
}

function noFleet(): SentinelError {
  return new SentinelError(
    'there is no fleet directory: mount one, as kured-sentinel units install does with a third --nfs',
  )
}

/** `fleet forget`: removes what is left of a host. Its exit code is 0, also when there was nothing. */
export async function forgetHost(
  name: string,
  { json, configFile }: { json: boolean; configFile: string | undefined },
): Promise<Answer<'fleet forget'>> {
  mustBeRoot('to forget a host')
  if (!isHostName(name)) throw new SentinelError(`${JSON.stringify(name)} is no host’s name`)
  const host = new Host()
  const deadline = shareDeadline(new Deadline(LIMIT_MS))
  const share = await findShare(host, readConfig(host, configFile), deadline)
  if (share.state === 'none') throw noFleet()
  if (share.state === 'silent') throw new SentinelError(share.problem)
  const line = (await removeHost(share.path, name, deadline))
    ? `${name} is forgotten; it comes back with its next report`
    : `nothing is there of ${name}; kured-sentinel fleet shows the hosts`
  if (!json) write(1, printableLines([line]))
  const findings = [plainFinding('ok', 'fleet', line)]
  return { verdict: 'forgotten', exitCode: Exit.ok, findings, details: { forgotten: name } }
}

/** `fleet report`: tells the fleet how this host is, now. */
export async function reportToFleet({
  json,
  configFile,
}: {
  json: boolean
  configFile: string | undefined
}): Promise<Answer<'fleet report'>> {
  mustBeRoot('a report')
  const host = new Host()
  const config = readConfig(host, configFile)
  const { name } = await withProgress('telling the fleet', () =>
    tellFleet(host, config, { withPackages: true }),
  )
  if (name === undefined) throw noFleet()
  const line = `the fleet knows of ${name}`
  if (!json) write(1, printableLines([line]))
  const findings = [plainFinding('ok', 'fleet', line)]
  return { verdict: 'told', exitCode: Exit.ok, findings, details: { told: name } }
}
