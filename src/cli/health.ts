import { type Command, Option } from 'commander'
import { example, type OnEnd } from './options.ts'

interface HealthWords {
  json?: true
  wait?: true
  accept?: true
  config?: string
}

/** The options and help of `health`; see createProgram(). */
export function addHealthCommand(program: Command, ended: OnEnd): void {
  program
    .command('health')
    .description('say whether the node is well since its boot: units, mounts, your own checks')
    .option('--wait', 'for kured-sentinel-health.service: look until the node is well')
    .addOption(
      new Option('--accept', 'take an unhealthy node as it is, until its next boot').conflicts(
        'wait',
      ),
    )
    .option('--json', 'print one JSON object')
    .option('--config <file>', 'configuration (default: /etc/kured-sentinel.conf)')
    .addHelpText(
      'after',
      `
Exit codes: 0 well; 1 not known yet; 2 not well, and check answers 2 until it
is mended or accepted.
${example('health')}`,
    )
    .action(async ({ json, wait, accept, config }: HealthWords) => {
      const { runHealth } = await import('../commands/health.ts')
      const flags = { json: json === true, wait: wait === true, accept: accept === true }
      ended('health', await runHealth({ ...flags, configFile: config }))
    })
}
