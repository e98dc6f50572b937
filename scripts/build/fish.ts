import {
  allCommands,
  flagsWithValue,
  keyOf,
  packagesFrom,
  type CommandShape,
  type OptionShape,
  type Value,
} from './command-tree.ts'

/** The completion file for fish: one `complete` line for each command, option and value. */
export function fishCompletion(tree: CommandShape): string {
  const commands = allCommands(tree)
  return `# fish completion of kured-sentinel, made from its commands when it was built

function __kured_sentinel_at --description 'Whether the line is at this command, with so many values'
    set -l words (commandline -opc)
    set -l command ''
    set -l count 0
    set -l is_value no
    for word in $words[2..]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch $word
            case ${flagsWithValue(tree).join(' ')}
                set is_value yes
            case '-*'
            case '*'
                switch $command/$word
                    case ${commands.slice(1).map(keyOf).join(' ')}
                        set command $command/$word
                    case '*'
                        set count (math $count + 1)
                end
        end
    end
    test "$command" = $argv[1]; or return 1
    test (count $argv) -eq 1; or test $count = $argv[2]
end

complete -c kured-sentinel -f
${commands.flatMap(linesOf).join('\n')}
`
}

function linesOf(command: CommandShape): string[] {
  const line = (at: string, rest: string, also = '') => {
    const condition = `__kured_sentinel_at "${keyOf(command)}"${at}${also}`
    return `complete -c kured-sentinel -n '${condition}' ${rest}`
  }
  return [
    ...command.commands.map(({ path, description }) =>
      line(' 0', `-a ${path.at(-1)} -d ${quoted(description)}`),
    ),
    ...command.values.flatMap((value, index) => {
      const words = pathsOf(value)
      const also = packagesFrom(value) === undefined ? '' : '; and not __fish_contains_opt group'
      return words === '' ? [] : [line(value.repeats ? '' : ` ${index}`, words, also)]
    }),
    ...command.options.map((option) => line('', optionOf(option))),
  ]
}

function optionOf({ flags, description, value }: OptionShape): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  )
  const words = value && `-x ${pathsOf(value)}`.trim()
  const text = `-d ${quoted(description)}`
  return [...names, words?.replace('-x -F', '-r -F'), text].filter(Boolean).join(' ')
}

function pathsOf(value: Value): string {
  const { kind, choices } = value
  const from = packagesFrom(value)
  if (from !== undefined) return `-a '(${from} 2>/dev/null)'`
  if (kind === 'choice') return `-a ${quoted(choices.join(' '))}`
  if (kind === 'file') return '-F'
  return kind === 'directory' ? "-a '(__fish_complete_directories)'" : ''
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
