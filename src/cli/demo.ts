import { type Command, Option } from 'commander'
import { type OnEnd, example } from './options.ts'

/** The options and help of `demo`; see createProgram(). */
export function addDemoCommand(program: Command, ended: OnEnd): void {
  program
    .command('demo')
    .description('show the program at work on a throw-away host, on any Linux')
    .addOption(new Option('--enclosed', 'run by demo itself').hideHelp())
    .addHelpText(
      'after',
      `
Nothing of this machine is changed. The host's processes, mounts and files are
in namespaces of their own, and are gone with the command.

Exit codes: 0 shown, 2 something did not come out as it should.
${example('demo')}`,
    )
    .action(async ({ enclosed }: { enclosed?: true }) => {
      const { demo, enclosedDemo } = await import('../commands/demo.ts')
      ended('demo', enclosed ? await enclosedDemo() : await demo())
    })
}
