import type { Command } from 'commander'
import { type OnEnd, example } from './options.ts'

/** The options and help of `cluster`; see createProgram(). */
export function addClusterCommand(program: Command, ended: OnEnd): void {
  program
    .command('cluster')
    .description('say what in the whole cluster blocks or hurts drains and reboots')
    .option('--json', 'print one JSON object')
    .option('--kubeconfig <file>', "an administrator's kubeconfig")
    .addHelpText(
      'after',
      `
Without --kubeconfig it takes KUBECONFIG, ~/.kube/config or, for root, the one
that a control plane has. It only reads, through kubectl, wherever that is.

Exit codes: 0 fit, 1 warnings, 2 something blocks, or the cluster could not be
read.
${example('cluster --kubeconfig admin.conf')}`,
    )
    .action(async (options: { json?: true; kubeconfig?: string }) => {
      const { cluster } = await import('../commands/cluster.ts')
      const { json, kubeconfig } = options
      ended('cluster', await cluster({ json, kubeconfig }))
    })
}
