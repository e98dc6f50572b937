import type { Command } from 'commander'
import { example, type OnEnd, parseDurationOption } from './options.ts'

interface FleetFlags {
  json?: true
  watch?: true
  window?: number
  config?: string
}

/** The options and help of `fleet …`; see createProgram(). */
export function addFleetCommand(program: Command, ended: OnEnd): void {
  const fleet = withCommon(program.command('fleet'))
    .description('show how all hosts are, by what each says of itself on the share')
    .option('--watch', 'look again every 5 seconds')
    .option(
      '--window <duration>',
      'how long Kured may begin reboots in a night, such as 4h; for how long they take',
      parseDurationOption,
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 all well; 1 a host did not come back well, cannot be seen, or was
not heard of for long; 2 there is no fleet directory, or it cannot be seen.
${example('fleet --window 4h')}`,
    )
    .action(async ({ json, watch, window, config }: FleetFlags) => {
      const { showFleet } = await import('../commands/fleet.ts')
      const flags = { json: json === true, watch: watch === true }
      ended('fleet', await showFleet({ ...flags, window, configFile: config }))
    })
  addForget(fleet, ended)
  addReport(fleet, ended)
}

function addForget(fleet: Command, ended: OnEnd): void {
  withCommon(fleet.command('forget'))
    .description('remove what is left of a host that is no more, or that others wait for')
    .argument('<node>', 'its name, as fleet shows it')
    .addHelpText(
      'after',
      `
Exit codes: 0 forgotten; 2 not.
${example('fleet forget node2')}`,
    )
    .action(async (node: string, _: FleetFlags, command: Command) => {
      const { forgetHost } = await import('../commands/fleet.ts')
      ended('fleet forget', await forgetHost(node, commonOf(command)))
    })
}

function addReport(fleet: Command, ended: OnEnd): void {
  withCommon(fleet.command('report'))
    .description('tell the others how this host is; upgrades, boots and reboots do it themselves')
    .addHelpText(
      'after',
      `
Exit codes: 0 told; 2 not.
${example('fleet report')}`,
    )
    .action(async (_: FleetFlags, command: Command) => {
      const { reportToFleet } = await import('../commands/fleet.ts')
      ended('fleet report', await reportToFleet(commonOf(command)))
    })
}

function withCommon(command: Command): Command {
  return command
    .option('--json', 'print one JSON object')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
}

/** commander gives `fleet` the options that its subcommands have, too. */
function commonOf(command: Command) {
  const { json, config } = command.optsWithGlobals<FleetFlags>()
  return { json: json === true, configFile: config }
}
