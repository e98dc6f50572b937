import type { Command } from 'commander'

/** The options and help of `doctor`; see createProgram(). */
export function addDoctorCommand(
  program: Command,
  ended: (command: string, exitCode: number) => void,
): void {
  program
    .command('doctor')
    .description('look at everything this host needs to take part, and say what to do')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 all is well, 1 warnings, 2 something is wrong.\nIt changes nothing. Run it as root: an ordinary user cannot see everything.\n\nExample:\n  kured-sentinel doctor',
    )
    .action(async ({ json }: { json?: true }) => {
      const { doctor } = await import('../commands/doctor.ts')
      ended('doctor', await doctor(json))
    })
}
