import { CommanderError } from 'commander'
import { createProgram } from '../cli/program.ts'
import { Exit } from '../errors.ts'
import { refuseKured } from '../cli/program.ts'

/** What commander calls an end on which only help or the version was asked for. */
const PRINTED = ['commander.helpDisplayed', 'commander.version']

/** Commands whose exit code 0 is an answer to Kured. */
const ANSWERS = ['check', 'reboot']

/**
 * Runs the command that the words name.
 *
 * @returns the exit code
 * @throws SentinelError where a command fails
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
    // commander has printed the help, the version, or what is wrong, for which its own code is 1.
    // Its `help` command and a missing subcommand end alike, but for what was typed.
    const asked = error.code === 'commander.help' && words.includes('help')
    code = asked || PRINTED.includes(error.code) ? Exit.ok : Exit.attention
  }
  if (code === Exit.ok && !ANSWERS.includes(ran)) refuseKured()
  return code
}

/** Without a command it is check's, options and all; but for the program's own options. */
function withCommand(words: readonly string[]): readonly string[] {
  const [first] = words
  const own = first !== undefined && ['-h', '--help', '-V', '--version'].includes(first)
  return first === undefined || (first.startsWith('-') && !own) ? ['check', ...words] : words
}
