import { callerName } from '../host/caller.ts'
import { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { awaitProgram } from '../host/program.ts'
import { noteEvent } from '../history/note.ts'
import { databasePath } from '../pacman/conf/conf.ts'
import { askPacmanConf } from '../pacman/conf/pacman-conf.ts'
import { readValidConf } from '../pacman/conf/valid-conf.ts'
import { describeErrors, parsePacmanOutput } from '../pacman/log/pacman-output.ts'
import { readLastInvocation, readRunOutput } from '../systemd/journal.ts'
import { inTransactionUnit } from '../systemd/transaction-unit.ts'
import type { PreflightFinding } from './check.ts'

const UNIT = 'kured-sentinel-keyring'

/** A keyring is small, but its scriptlet signs each key anew on a slow board. In ms. */
const TRANSACTION_MS = 3_600_000

const LOOK_MS = 60_000

/**
 * Installs newer keyrings as a transaction of their own, without any other package. pacman verifies
 * them with the keyring that is there.
 *
 * @returns how that went: it stops the job unless the keyrings are installed
 */
export async function installKeyrings(
  host: Host,
  pacmanConf: string,
  { names, versions, newest }: NonNullable<PreflightFinding['first']>,
): Promise<PreflightFinding> {
  const options = ['--noconfirm', '--noprogressbar', '--config', pacmanConf]
  const dbPath = databasePath(readValidConf(host, pacmanConf))
  const isElsewhere = newest !== undefined && newest !== dbPath
  const files = isElsewhere ? await fetchFiles(newest, options, names) : []
  const [operation, wanted] = isElsewhere ? ['-U', files] : ['-S', names]
  const pacman = ['/usr/bin/pacman', operation, ...options, '--', ...wanted]
  const sync = `${dbPath}/sync`
  const directories = [sync, ...askPacmanConf(pacmanConf, 'CacheDir')]
  const [program = '', ...args] = inTransactionUnit(UNIT, directories, pacman)
  const ended = await awaitProgram(program, args, { timeoutMs: TRANSACTION_MS })
  const done = ended.exitCode === 0
  const problems = readProblems(done)
  const by = callerName()
  const outcome = done ? 'installed' : 'failed'
  noteEvent(host, { kind: 'keyring', outcome, packages: versions, problems, by })
  const check = 'keyring'
  const what = versions.join(', ')
  if (done) {
    const told = [`${what} installed first, for the signatures of the rest`, ...problems]
    return { check, result: problems.length > 0 ? 'warning' : 'ok', message: told.join('; ') }
  }
  const why = problems.join('; ') || ended.stderr.trim()
  const advice = `journalctl -u ${UNIT}, then pacman -S ${names.join(' ')}`
  const message = `${what} could not be installed first: ${why}`
  return { check, result: 'skip', message, advice }
}

/**
 * Fetches packages that only other databases offer, by their checksums and signatures.
 *
 * @returns their files; none if that failed. As addresses: so pacman -U demands a signature as for
 *   what it downloads (RemoteFileSigLevel), and none for a path by Arch's own LocalFileSigLevel; and the
 *   cache may be on a server. [pacman.conf(5); src/pacman/upgrade.c; tested on 6.0.2]
 */
async function fetchFiles(
  dbPath: string,
  options: readonly string[],
  names: readonly string[],
): Promise<string[]> {
  const limits = { timeoutMs: TRANSACTION_MS }
  const ask = (operation: string[]) =>
    awaitProgram(
      '/usr/bin/pacman',
      [...operation, '--dbpath', dbPath, ...options, '--', ...names],
      limits,
    )
  if ((await ask(['-Sw'])).exitCode !== 0) return []
  const found = await ask(['-Sp', '--print-format', '%l'])
  return found.stdout
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('file:///'))
}

/** pacman's errors; after a transaction that was completed, the scriptlets and hooks that failed. */
function readProblems(done: boolean): string[] {
  const deadline = new Deadline(LOOK_MS)
  const invocation = readLastInvocation(`${UNIT}.service`, 'pacman', deadline)
  const output = invocation && readRunOutput(invocation, 'pacman', deadline)
  const said = parsePacmanOutput(output || [], [])
  return done ? said.failed : describeErrors(said.errors, said)
}
