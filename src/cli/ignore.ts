import type { Command } from 'commander'
import type { ListKey } from '../ignored/edit.ts'
import { type OnEnd, example, parsePathOption } from './options.ts'

interface IgnoreOptions {
  json?: true
  group?: true
  dryRun?: true
  pacmanConf: string
}

/** The options and help of `ignore …`; see createProgram(). */
export function addIgnoreCommands(program: Command, ended: OnEnd): void {
  const ignore = program
    .command('ignore')
    .description('show and change the packages that pacman.conf ignores (IgnorePkg)')
    .addHelpText('after', example('ignore list'))

  common(ignore.command('list'), 'ignore list')
    .description('show the ignored packages, the lines that name them, and the versions')
    .option('--group', 'show the groups of IgnoreGroup instead')
    .action(async ({ json, group, pacmanConf }: IgnoreOptions) => {
      const { ignoreList } = await import('../commands/ignore-list.ts')
      ended('ignore list', await ignoreList({ json, pacmanConf, key: keyOf(group) }))
    })

  for (const action of ['add', 'remove'] as const) {
    common(
      ignore
        .command(action)
        .argument(
          action === 'add' ? '<package...>' : '<ignored...>',
          'packages, or patterns such as linux*',
        ),
      `ignore ${action} --dry-run kubelet kubeadm`,
    )
      .description(action === 'add' ? 'ignore packages in upgrades' : 'stop ignoring packages')
      .option('--group', 'the names are groups, for IgnoreGroup')
      .option('--dry-run', 'show the change as a diff, and write nothing')
      .action(async (names: string[], { json, group, dryRun, pacmanConf }: IgnoreOptions) => {
        const { ignoreChange } = await import('../commands/ignore-change.ts')
        const request = { action, names, pacmanConf, dryRun: dryRun === true, key: keyOf(group) }
        ended(`ignore ${action}`, ignoreChange(request, json))
      })
  }

  common(ignore.command('check'), 'ignore check || echo "the next upgrade fails"')
    .description('ask pacman whether ignored packages stop the next upgrade')
    .addHelpText(
      'after',
      '\nExit codes: 0 they do not, 1 they do, 2 could not tell.\nA file that moves from an ignored package to another one is a conflict that\npacman finds only once it has the packages.',
    )
    .action(async ({ json, pacmanConf }: IgnoreOptions) => {
      const { ignoreCheck } = await import('../commands/ignore-check.ts')
      ended('ignore check', await ignoreCheck({ json, pacmanConf }))
    })
}

function common(command: Command, words: string): Command {
  return command
    .option('--json', 'print one JSON object')
    .option('--pacman-conf <file>', 'pacman’s configuration', parsePathOption, '/etc/pacman.conf')
    .addHelpText('after', example(words))
}

function keyOf(group: true | undefined): ListKey {
  return group ? 'IgnoreGroup' : 'IgnorePkg'
}
