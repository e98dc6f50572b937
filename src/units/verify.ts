import { SentinelError } from '../errors.ts'
import { Host } from '../host/host.ts'
import { withPrivateDirectory } from '../host/private-directory.ts'
import { checkCalendar, checkTimespan, verifyUnits } from '../systemd/analyze.ts'
import { printable } from '../text/printable.ts'
import { generate } from './generate.ts'
import { checkOptions, type UnitOptions } from './options.ts'
import type { UnitFile } from './unit.ts'

/** Programs that the units run. This machine may lack them: the units may be for an image. */
const PROGRAMS = ['pacman', 'kured-sentinel', 'sh']

/**
 * Generates the units for these options, and has systemd verify them.
 *
 * @returns them, and the options with paths in their normal form
 * @throws SentinelError with the option or the line, and the reason
 */
export async function verifiedUnits(
  asked: UnitOptions,
): Promise<{ options: UnitOptions; units: UnitFile[] }> {
  const options = checkOptions(asked)
  for (const [option, text] of [
    ['--cache-calendar', options.cacheCalendar],
    ['--upgrade-calendar', options.upgradeCalendar],
    ['--spread', options.spread],
  ] as const) {
    if (printable(text) !== text) throw new SentinelError(`${option} contains a control character`)
    if (option === '--spread') checkTimespan(text, option)
    else checkCalendar(text, option)
  }
  const units = generate(options)
  await withPrivateDirectory((root) => verifyUnits(root, writeTree(new Host(root), units)))
  return { options, units }
}

/** A minimal host: systemd requires the programs, and the mounts beside the services. */
function writeTree(host: Host, units: UnitFile[]): string[] {
  host.makeDirectory('/usr/bin')
  host.makeDirectory('/etc/systemd/system')
  for (const program of PROGRAMS) host.write(`/usr/bin/${program}`, '', 0o755)
  return units.map(({ name, text }) => {
    const path = `/etc/systemd/system/${name}`
    host.write(path, text)
    return host.path(path)
  })
}
