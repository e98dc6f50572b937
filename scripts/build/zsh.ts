import {
  allCommands,
  packagesFrom,
  type CommandShape,
  type OptionShape,
  type Value,
} from './command-tree.ts'

/** The completion file for zsh's compsys: a function with static `_arguments` for each command. */
export function zshCompletion(tree: CommandShape): string {
  return `#compdef kured-sentinel
# zsh completion of kured-sentinel, made from its commands when it was built

_kured-sentinel_packages() {
  (( \${words[(I)--group]} )) && return 1
  local expl
  local -a packages=(\${(f)"$("$@" 2>/dev/null)"})
  _wanted packages expl package compadd -a packages
}

${allCommands(tree)
  .toReversed()
  .map((command) => functionOf(command))
  .join('\n')}
${nameOf(tree)} "$@"
`
}

function functionOf(command: CommandShape): string {
  const specs = command.options.flatMap(optionSpecs)
  if (command.commands.length === 0) {
    const values = command.values.map((value, index) => {
      const position = value.repeats ? '*' : String(index + 1)
      return quoted(`${position}:${escaped(value.name)}:${action(value) || ' '}`)
    })
    return `${nameOf(command)}() {\n  _arguments -S -s \\\n    ${[...specs, ...values].join(' \\\n    ')}\n}\n`
  }
  const names = command.commands.map(
    ({ path, description }) => `    ${quoted(`${path.at(-1)}:${description}`)}`,
  )
  const calls = command.commands.map(
    (child) => `    ${child.path.at(-1)}) ${nameOf(child)} && ret=0 ;;`,
  )
  return `${nameOf(command)}() {
  local curcontext=$curcontext state state_descr line ret=1
  local -A opt_args
  local -a commands=(
${names.join('\n')}
  )
  _arguments -C -S -s \\
    ${specs.join(' \\\n    ')} \\
    '1:command:->name' \\
    '*:: :->command' && ret=0
  [[ $state == name ]] && _describe -t commands command commands && ret=0
  [[ $state == command ]] && case $words[1] in
${calls.join('\n')}
  esac
  return ret
}
`
}

function nameOf({ path }: CommandShape): string {
  return ['_kured-sentinel', ...path].join('_')
}

function optionSpecs({ flags, description, value }: OptionShape): string[] {
  const ends = flags.some((flag) => flag === '--help' || flag === '--version')
  // commander does not say which options may be repeated: all with a value are offered again.
  const prefix = `${ends ? '(- *)' : ''}${value === undefined ? '' : '*'}`
  return flags.map((flag) => {
    const text = `[${escaped(description)}]`
    if (value === undefined) return quoted(`${prefix}${flag}${text}`)
    // `=`: the value is the next word, or follows in the same word.
    return quoted(`${prefix}${flag}=${text}:${escaped(value.name)}:${action(value) || ' '}`)
  })
}

function action(value: Value): string {
  const { kind, choices } = value
  const from = packagesFrom(value)
  // The blank in front: called with these words alone, without options for compadd.
  if (from !== undefined) return ` _kured-sentinel_packages ${from}`
  if (kind === 'choice') return `(${choices.join(' ')})`
  if (kind === 'file') return '_files'
  // `_files -/` would offer files where no directory fits.
  return kind === 'directory' ? '_path_files -/' : ''
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
