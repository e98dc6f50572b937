import type { Command } from 'commander'
import { example, type OnEnd, parseRootOption } from './options.ts'

/** The options and help of `metrics`; see createProgram(). */
export function addMetricsCommand(program: Command, ended: OnEnd): void {
  program
    .command('metrics')
    .description(
      'print metrics for Prometheus, or write them for node_exporter’s textfile collector',
    )
    .option(
      '--textfile <dir>',
      'write kured_sentinel.prom in this directory of the host, which only root may write',
    )
    .option('--root <dir>', 'the host whose files are below this directory', parseRootOption)
    .addHelpText(
      'after',
      `\nWithout --textfile nothing is written. units install --metrics has it written\nall the time.\n${example('metrics --textfile /var/lib/node_exporter')}`,
    )
    .action(async ({ textfile, root }: { textfile?: string; root?: string }) => {
      const { metrics } = await import('../commands/metrics.ts')
      ended('metrics', await metrics({ textfile, root }))
    })
}
