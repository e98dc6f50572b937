import {
  allCommands,
  flagsWithValue,
  keyOf,
  packagesFrom,
  type CommandShape,
  type Value,
} from './command-tree.ts'

/**
 * The completion file for bash: it only compares words, and evaluates nothing (compgen -W would expand
 * its words); it runs nothing but pacman for its packages. readline completes and quotes paths.
 */
export function bashCompletion(tree: CommandShape): string {
  const commands = allCommands(tree)
  return `# bash completion of kured-sentinel, made from its commands when it was built

_kured_sentinel() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command= count=0 i word
  local words=() options=()
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${flagsWithValue(tree).join(' | ')})
        # Skips the value; bash splits --a=b into three words.
        ((i++))
        [[ \${COMP_WORDS[i]} != = ]] || ((i++)) ;;
      -*) ;;
      *)
        case $command/\${COMP_WORDS[i]} in
          ${commands.slice(1).map(keyOf).join(' | ')})
            command+=/\${COMP_WORDS[i]} ;;
          *) ((count++)) ;;
        esac ;;
    esac
  done
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi

  case "$command $prev" in
${commands.flatMap(optionValues).join('\n')}
  esac

  case $command in
${commands.map(wordsOf).join('\n')}
  esac
  [[ $cur != -* && \${#words[@]} -gt 0 ]] || words=("\${options[@]}")
  _kured_sentinel_match
}

# Offers those of the caller's \`words\` that begin with its \`cur\`.
_kured_sentinel_match() {
  for word in "\${words[@]}"; do
    [[ $word != "$cur"* ]] || COMPREPLY+=("$word")
  done
}

complete -F _kured_sentinel kured-sentinel
`
}

function optionValues(command: CommandShape): string[] {
  return command.options.flatMap(({ flags, value }) => {
    if (value === undefined) return []
    const pattern = flags.map((flag) => `'${keyOf(command)} ${flag}'`).join(' | ')
    return [`    ${pattern}) ${complete(value)} ;;`]
  })
}

function complete(value: Value): string {
  if (value.kind === 'choice') {
    return `words=(${value.choices.join(' ')}); _kured_sentinel_match; return`
  }
  return `${pathsOf(value)}return`
}

/** Options with which readline completes paths, when there are no words. */
function pathsOf({ kind }: Value): string {
  if (kind === 'file') return 'compopt -o default; '
  return kind === 'directory' ? 'compopt -o dirnames; ' : ''
}

/** A pattern such as linux* is quoted, or the shell would look for files. */
function packageWords(value: Value): string {
  const from = packagesFrom(value)
  if (from === undefined) return ''
  const read = `while IFS= read -r word; do printf -v word %q "$word"; words+=("$word"); done`
  return `[[ $cur == -* || " \${COMP_WORDS[*]} " == *' --group '* ]] ||
          ${read} < <(${from} 2>/dev/null)
        [[ $cur == -* || \${#words[@]} -gt 0 ]] || return`
}

function wordsOf(command: CommandShape): string {
  const options = command.options.flatMap(({ flags }) => flags.slice(-1))
  const lines = [`options=(${options.join(' ')})`]
  const names = command.commands.flatMap(({ path }) => path.slice(-1))
  if (names.length > 0) lines.push(`[[ $count -gt 0 ]] || words=(${names.join(' ')})`)
  const values = command.values.map((value, index) => {
    const pattern = value.repeats ? '*' : String(index)
    const words =
      value.kind === 'choice' ? `words=(${value.choices.join(' ')})` : packageWords(value)
    return `        ${pattern}) ${words || `[[ $cur == -* ]] || { ${pathsOf(value)}return; }`} ;;`
  })
  if (values.length > 0) lines.push(`case $count in\n${values.join('\n')}\n      esac`)
  return `    '${keyOf(command)}')\n      ${lines.join('\n      ')} ;;`
}
