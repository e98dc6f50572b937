import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SentinelError } from '../errors.ts'
import { checkCalendar, checkTimespan, verifyUnits } from '../systemd/analyze.ts'
import { printable } from '../text/printable.ts'
import { generate } from './generate.ts'
import { checkOptions, type UnitOptions } from './options.ts'
import type { UnitFile } from './unit.ts'

/** What the units run. The host they are for may be an image of another machine's. */
const PROGRAMS = ['pacman', 'kured-sentinel', 'sh']

/**
 * The units for these options, after systemd itself has read them.
 *
 * @throws SentinelError with the option, or the line, and the reason
 */
export function verifiedUnits(asked: UnitOptions): UnitFile[] {
  const options = checkOptions(asked)
  for (const [option, text] of [
    ['--cache-calendar', options.cacheCalendar],
    ['--upgrade-calendar', options.upgradeCalendar],
    ['--spread', options.spread],
  ] as const) {
    if (printable(text) !== text) throw new SentinelError(`${option} holds a control character`)
    if (option === '--spread') checkTimespan(text, option)
    else checkCalendar(text, option)
  }
  const units = generate(options)
  inPrivate((root) => verifyUnits(root, writeTree(root, units)))
  return units
}

/** A host in small: systemd wants the programs to be there, and the mounts beside the services. */
function writeTree(root: string, units: UnitFile[]): string[] {
  const [bin, directory] = [join(root, 'usr/bin'), join(root, 'etc/systemd/system')]
  mkdirSync(bin, { recursive: true })
  mkdirSync(directory, { recursive: true })
  for (const program of PROGRAMS) writeFileSync(join(bin, program), '', { mode: 0o755 })
  return units.map(({ name, text }) => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  })
}

function inPrivate(body: (directory: string) => void): void {
  // For root not /tmp, which may be mounted noexec: systemd would take no program there for one.
  const base = process.getuid?.() === 0 ? '/run' : tmpdir()
  const directory = mkdtempSync(join(base, 'kured-sentinel-units-'))
  try {
    body(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
