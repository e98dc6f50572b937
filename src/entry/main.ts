import { CommanderError } from 'commander'
import { createProgram } from '../cli/program.ts'
import { Exit } from '../errors.ts'
import { refuseKured } from '../cli/program.ts'

/** commander's error codes when it has only printed the help or the version. */
const PRINTED = ['commander.helpDisplayed', 'commander.version']

/** Commands whose exit code 0 means "reboot" to Kured. */
const ANSWERS = ['check', 'reboot']

/**
 * Runs the command on the command line.
 *
 * @returns the exit code
 * @throws SentinelError when a command fails
 */
export async function run(words: readonly string[]): Promise<number> {
  let code: number = Exit.attention
  let ran = ''
  const program = createProgram((command, exitCode) => {
    ran = command
    code = exitCode
  }).hook('preAction', (_, command) => {
    if (!ANSWERS.includes(command.name())) refuseKured()
  })
  try {
    await program.parseAsync(withCommand(words), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // commander has printed the help, the version or a usage error (its own exit code 1). For its
    // `help` command and for a missing subcommand the error is the same: only the words differ.
    const asked = error.code === 'commander.help' && words.includes('help')
    code = asked || PRINTED.includes(error.code) ? Exit.ok : Exit.attention
  }
  if (code === Exit.ok && !ANSWERS.includes(ran)) refuseKured()
  return code
}

/** Inserts `check` when no command is given, unless the first word is the program's own option. */
function withCommand(words: readonly string[]): readonly string[] {
  const [first, ...named] = words
  // commander's own `help` knows no subcommands of commands.
  if (first === 'help' && named.length > 1) return [...named, '--help']
  const own = first !== undefined && ['-h', '--help', '-V', '--version'].includes(first)
  return first === undefined || (first.startsWith('-') && !own) ? ['check', ...words] : words
}
