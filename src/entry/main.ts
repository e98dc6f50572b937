import { CommanderError } from 'commander'
import { commandOf, createProgram, pathOf, refuseKured } from '../cli/program.ts'
import type { CommandOutcome } from '../envelope/envelope.ts'
import { type Failure, failureOf, usageFailure } from '../envelope/failure.ts'
import { printEnvelope } from '../envelope/print.ts'
import { Exit } from '../errors.ts'
import { Host } from '../host/host.ts'

/** commander's error codes when it has only printed the help or the version. */
const PRINTED = ['commander.helpDisplayed', 'commander.version']

/** Commands whose exit code 0 means "reboot" to Kured. */
const ANSWERS = ['check', 'reboot']

/** What was asked, as far as it is known. */
interface Asked {
  command: string
  json: boolean
  root: string | undefined
}

/** What came of it; undefined where commander has printed the help or the version. */
type Come = CommandOutcome<string, object, object> | Failure | number

/**
 * Runs the command on the command line. With --json its outcome is printed here, once, as the
 * envelope, whatever happened.
 *
 * @param failed the exit code of a failure
 * @returns the exit code
 * @throws SentinelError when a command fails
 */
export async function run(words: readonly string[], failed: number): Promise<number> {
  const asked: Asked = { command: '', json: words.includes('--json'), root: undefined }
  let come: Come
  try {
    come = await runCommand(words, asked, failed)
  } catch (error) {
    if (asked.json) print(asked, failureOf(error, failed))
    throw error
  }
  if (typeof come === 'number') return come
  if (asked.json) print(asked, come)
  return come.exitCode
}

function print({ command, root }: Asked, outcome: Exclude<Come, number>): void {
  printEnvelope(new Host(root), command, outcome)
}

/** @param asked is filled in */
async function runCommand(words: readonly string[], asked: Asked, failed: number): Promise<Come> {
  let come: Come = failed
  let isAnswer = false
  const program = createProgram((_: string, outcome: Come) => {
    come = outcome
  }).hook('preAction', (_, command) => {
    const { json, root, dryRun } = command.optsWithGlobals()
    Object.assign(asked, { command: pathOf(command), json: json === true, root })
    // Kured must not take a dry run for an answer: it would wait for the reboot for ever.
    isAnswer = ANSWERS.includes(command.name()) && dryRun !== true
    if (!ANSWERS.includes(command.name())) refuseKured()
  })
  const full = withCommand(words)
  asked.command = pathOf(commandOf(program, full))
  try {
    await program.parseAsync(full, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // commander has printed the help, the version or a usage error (its own exit code 1). For its
    // `help` command and for a missing subcommand the error is the same: only the words differ.
    const isHelp = error.code === 'commander.help' && words.includes('help')
    if (isHelp || PRINTED.includes(error.code)) come = Exit.ok
    else come = usageFailure(error.message, failed)
  }
  if (exitCodeOf(come) === Exit.ok && !isAnswer) refuseKured()
  return come
}

function exitCodeOf(come: Come): number {
  return typeof come === 'number' ? come : come.exitCode
}

/** Inserts `check` when no command is given, unless the first word is the program's own option. */
function withCommand(words: readonly string[]): readonly string[] {
  const [first, ...named] = words
  // commander's own `help` knows no subcommands of commands.
  if (first === 'help' && named.length > 1) return [...named, '--help']
  const own = first !== undefined && ['-h', '--help', '-V', '--version'].includes(first)
  return first === undefined || (first.startsWith('-') && !own) ? ['check', ...words] : words
}
