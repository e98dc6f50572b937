import { listWord } from './escape.ts'

/** A stop and a shutdown wait for pacman as for the upgrade's: units/services.ts says why. */
const SETTINGS = [
  'Type=oneshot',
  'KillMode=mixed',
  'KillSignal=SIGCONT',
  'TimeoutStopSec=25min',
  'OOMPolicy=continue',
  'Environment=LC_MESSAGES=C',
]

/**
 * A command that runs a transaction of pacman in a unit of its own: if this program is killed,
 * pacman goes on. The output is in the journal: a pipe that breaks would end it.
 *
 * @param name of the unit, without .service; a second one of that name does not begin
 * @param directories whose mounts stay until it has ended
 * @param command absolute path first
 */
export function inTransactionUnit(
  name: string,
  directories: readonly string[],
  command: readonly string[],
): string[] {
  const settings = [...SETTINGS, `RequiresMountsFor=${directories.map(listWord).join(' ')}`]
  return [
    '/usr/bin/systemd-run',
    '--quiet',
    '--wait',
    '--collect',
    `--unit=${name}`,
    ...settings.map((setting) => `--property=${setting}`),
    '--',
    ...command,
  ]
}
