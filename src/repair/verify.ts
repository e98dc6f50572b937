import { judgeNextBoot } from '../boot/next-boot.ts'
import { errorText } from '../errors.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'

/** pacman at work on a slow board, with all hooks. */
export const TRANSACTION_MS = 12 * 3_600_000

/** What pacman -Dk says of the database, before or after a repair. */
export function askDatabase(pacmanConf: string): string[] {
  return query(pacmanConf, ['-Dk'])
}

/**
 * What is not whole after the transaction: by pacman's own checks, and by the boot image.
 *
 * @param before what askDatabase() said before the repair
 * @param packages what was installed anew
 */
export function verify(
  host: Host,
  pacmanConf: string,
  { dbPath, packages }: { dbPath: string; packages: readonly string[] },
  before: readonly string[],
  deadline: Deadline,
): string[] {
  const problems = [
    ...describe('-Dk', databaseProblems(askDatabase(pacmanConf), before)),
    ...describe('-Qkk', fileProblems(query(pacmanConf, ['-Qkk', '--', ...packages]))),
  ]
  try {
    const boot = judgeNextBoot(host, dbPath, deadline).filter(({ state }) => state === 'wrong')
    problems.push(...boot.map(({ message }) => message))
  } catch (error) {
    problems.push(`the next boot: ${errorText(error)}`)
  }
  return problems
}

/** A dependency that was missing before is no cut's work: -Rdd, --assume-installed. */
export function databaseProblems(after: readonly string[], before: readonly string[]): string[] {
  const isOld = (line: string) =>
    / missing '.*' dependency for '/.test(line) && before.includes(line)
  return after.filter((line) => line.startsWith('error: ') && !isOld(line))
}

/**
 * Of pacman -Qkk, files that are missing or have another content. Owners, permissions and times also
 * change by systemd-tmpfiles and scriptlets, as of /var/log/journal. [pacman, src/pacman/check.c]
 */
export function fileProblems(lines: readonly string[]): string[] {
  return lines.filter(
    (line) =>
      line.startsWith('error: ') ||
      (line.startsWith('warning: ') &&
        !/ \((?:Permissions|UID|GID|Modification time) mismatch\)$/.test(line)),
  )
}

/** Lines of problems that are shown. */
const SHOWN = 5

function describe(asked: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`pacman ${asked}: ${lines.slice(-SHOWN).join('; ')}`]
}

/** The lines of a query; of one that gave no answer, an error. */
function query(pacmanConf: string, args: readonly string[]): string[] {
  const words = ['--config', pacmanConf, '--color', 'never', ...args]
  const ended = runProgram('/usr/bin/pacman', words, { timeoutMs: TRANSACTION_MS })
  const said = `${ended.stdout.toString()}\n${ended.stderr}`.split('\n').filter(Boolean)
  if (ended.timedOut) return ['error: no answer in time']
  const isSilent = ended.exitCode !== 0 && !said.some((line) => /^(?:error|warning): /.test(line))
  return isSilent ? [...said, `error: exit code ${ended.exitCode}`] : said
}
