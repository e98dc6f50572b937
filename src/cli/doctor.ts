import type { Command } from 'commander'
import { type OnEnd, example } from './options.ts'

/** The options and help of `doctor`; see createProgram(). */
export function addDoctorCommand(program: Command, ended: OnEnd): void {
  program
    .command('doctor')
    .description('look at everything this host needs to take part, and say what to do')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Exit codes: 0 all is well, 1 warnings or unknown, 2 something is wrong.
It changes nothing. Run it as root: an ordinary user cannot see everything.
${example('doctor')}`,
    )
    .action(async ({ json }: { json?: true }) => {
      const { doctor } = await import('../commands/doctor.ts')
      ended('doctor', await doctor(json))
    })
}
