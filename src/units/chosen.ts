import { FLEET_DIRECTORY } from '../fleet/share.ts'
import type { Host } from '../host/host.ts'
import { execWords, specifiersExpanded, unitNameOf } from '../systemd/escape.ts'
import { METRICS_SERVICE, UNITS } from '../systemd/jobs.ts'
import { enabledState } from '../systemd/unit-state.ts'
import { valueOf } from './directives.ts'
import { parseJobOptions } from './job-options.ts'
import { DEFAULTS, type Role, type UnitOptions } from './options.ts'
import { below, inEtc, isOurs } from './unit-files.ts'

export const DOWNLOAD_TIMER = UNITS.download.replace(/service$/, 'timer')
const UPGRADE_TIMER = UNITS.upgrade.replace(/service$/, 'timer')

/**
 * The options with which this program wrote the host's units, by the units themselves: a record
 * beside them could say otherwise than what runs. What it did not write, or somebody has made
 * ambiguous, counts as the default.
 *
 * @throws SentinelError if a unit cannot be read
 */
export function readChosen(host: Host): UnitOptions {
  return { role: readRole(host), ...readWritten(host) }
}

/** What the units' texts tell: readChosen() without the role, for which systemctl is asked. */
export function readWritten(host: Host): Omit<UnitOptions, 'role'> {
  const textOf = (name: string) => textByUs(host, name)
  const upgrade = textOf(UPGRADE_TIMER)
  const { local, syncDir, cacheDir } = parseJobOptions('upgrade', textOf(UNITS.upgrade))
  const paths = { syncDir: syncDir ?? DEFAULTS.syncDir, cacheDir: cacheDir ?? DEFAULTS.cacheDir }
  return {
    cacheCalendar: valueOf(textOf(DOWNLOAD_TIMER), 'OnCalendar') ?? DEFAULTS.cacheCalendar,
    upgradeCalendar: valueOf(upgrade, 'OnCalendar') ?? DEFAULTS.upgradeCalendar,
    spread: valueOf(upgrade, 'RandomizedDelaySec') ?? DEFAULTS.spread,
    ...paths,
    ...(local ? { nfs: [], automount: false } : readMounts(textOf, paths)),
    local,
    metrics: execWords(valueOf(textOf(METRICS_SERVICE), 'ExecStart') ?? '')[3],
  }
}

/** The package has both roles' units: of these, which timer is enabled tells. */
function readRole(host: Host): Role {
  const own = [DOWNLOAD_TIMER, UNITS.download].some((name) => isOurs(inEtc(host, name)))
  const isShipped = own || below(host, DOWNLOAD_TIMER) !== undefined
  return own || (isShipped && enabledState(host, DOWNLOAD_TIMER) === 'enabled')
    ? 'cache'
    : DEFAULTS.role
}

function readMounts(
  textOf: (name: string) => string,
  { syncDir, cacheDir }: Pick<UnitOptions, 'syncDir' | 'cacheDir'>,
): Pick<UnitOptions, 'nfs' | 'automount'> {
  const [databases, packages, fleet] = [syncDir, cacheDir, FLEET_DIRECTORY].map((path) => {
    const from = valueOf(textOf(unitNameOf(path, 'mount')), 'What')
    return from === undefined ? undefined : specifiersExpanded(from)
  })
  if (databases === undefined || packages === undefined) return { nfs: [], automount: false }
  return {
    nfs: [databases, packages, ...(fleet === undefined ? [] : [fleet])],
    automount: textOf(unitNameOf(syncDir, 'automount')) !== '',
  }
}

/** The unit that is in effect, if this program wrote it; else ''. */
function textByUs(host: Host, name: string): string {
  const unit = inEtc(host, name) ?? below(host, name)
  return unit !== undefined && isOurs(unit) ? unit.text : ''
}
