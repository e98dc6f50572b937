/** The generated completions, in the shells themselves. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { allCommands, commandTree, type CommandShape } from '../../scripts/build/command-tree.ts'
import { fillTree, makeTree } from '../fixture/tree.ts'
import { toolTest } from '../lab/lab.ts'

const GENERATED = join(import.meta.dirname, '../../generated')
const TREE = commandTree()

/** What each shell must offer behind `kured-sentinel `, beside the lines made from the tree. */
const CASES: [line: string, words: string[]][] = [
  ['ch', ['check']],
  ['ignore re', ['remove']],
  ['--scanner ', ['lsof', 'proc']],
  ['check --scanner l', ['lsof']],
  ['status --json --timeout 3s --scan', ['--scanner']],
  ['ignore --he', ['--help']],
  ['check --config a --conf', ['--config']],
  ['ignore add kubelet --dry', ['--dry-run']],
  // No command of a command twice, and none where a value stands.
  ['ignore add che', []],
  ['--timeout ', []],
  ['nonsense ch', []],
  ['--config etc/kur', ['kured.conf']],
  ['check --config etc/my', ['my file']],
  ['--root e', ['etc']],
  ['check --root l', []],
]

/** What they ask stands in for pacman; "che" and "nonsense" begin none of its packages. */
const PACKAGES: [line: string, words: string[]][] = [
  ['ignore add ku', ['kubeadm', 'kubelet']],
  ['ignore add --dry-run linux kubel', ['kubelet']],
  ['ignore remove ', ['kubelet', 'linux*']],
  ['ignore remove lin', ['linux*']],
  ['ignore add --group ku', []],
  ['ignore remove --group ', []],
  ['ignore add --pacman-conf etc/kur', ['kured.conf']],
]

const directory = makeTree({ 'etc/kured.conf': '', 'etc/my file': '', list: '' })
for (const [name, option, says] of [
  ['pacman', '-Qq', 'kubeadm kubelet linux'],
  ['pacman-conf', 'IgnorePkg', "'linux*' kubelet"],
]) {
  const script = `#!/bin/sh\n[ "$*" = ${option} ] && printf '%s\\n' ${says}\n`
  fillTree(directory, { [`bin/${name}`]: script })
  chmodSync(join(directory, `bin/${name}`), 0o755)
}

for (const [shell, complete] of [
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
] as const) {
  toolTest([shell], `${shell}: every command, option and choice of the program`, () => {
    const lines = allCommands(TREE).flatMap(linesOf)
    assert.deepEqual(complete(lines.map(([line]) => line)), Object.fromEntries(lines))
  })

  toolTest([shell], `${shell}: values, paths, and nothing where nothing fits`, () => {
    assert.deepEqual(complete(CASES.map(([line]) => line)), Object.fromEntries(CASES))
  })

  toolTest(
    [shell],
    `${shell}: packages, installed to be ignored, and ignored to be no more`,
    () => {
      assert.deepEqual(complete(PACKAGES.map(([line]) => line)), Object.fromEntries(PACKAGES))
    },
  )

  toolTest([shell], `${shell}: what is typed is never run`, () => {
    const made = join(directory, 'made')
    complete([
      `$(touch ${made}) `,
      `--config $(touch ${made})`,
      `--root \`touch ${made}\``,
      // One word to every shell.
      `$(touch\${IFS}${made})`,
      `--config $(touch\${IFS}${made})`,
      `ignore add "$(touch ${made})" --`,
    ])
    assert.equal(spawnSync('test', ['-e', made]).status, 1)
  })
}

/** The lines of one command, each with all that completes it. */
function linesOf({ path, options, commands, values }: CommandShape): [string, string[]][] {
  const at = path.map((word) => `${word} `).join('')
  const names = [
    ...commands.flatMap((child) => child.path.slice(-1)),
    ...(values[0]?.kind === 'choice' ? values[0].choices : []),
  ]
  const long = options.map(({ flags }) => flags.at(-1) ?? '')
  const choices = options.flatMap(({ flags, value }): [string, string[]][] =>
    value?.kind === 'choice' ? [[`${at}${flags.at(-1)} `, value.choices.toSorted()]] : [],
  )
  return [
    ...(names.length > 0 ? [[at, names.toSorted()] satisfies [string, string[]]] : []),
    ...(long.length > 0 ? [[`${at}--`, long.toSorted()] satisfies [string, string[]]] : []),
    ...choices,
  ]
}

type Completed = Record<string, string[]>

function inBash(lines: string[]): Completed {
  // What readline does with a completion that leaves paths to it.
  const script = `source ${GENERATED}/kured-sentinel.bash
complete -p kured-sentinel >/dev/null || exit 9
compopt() {
  case $2 in default) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
  dirnames) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;; *) exit 8 ;; esac
}
while IFS= read -r line; do
  read -ra COMP_WORDS <<<"kured-sentinel $line"
  [[ $line != *' ' && -n $line ]] || COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _kured_sentinel
  printf '%s\\n' "> $line" "\${COMPREPLY[@]}"
done`
  return parsed(lines, outputOf('bash', ['--norc', '--noprofile', '-c', script], lines))
}

function inFish(lines: string[]): Completed {
  const script = `source ${GENERATED}/kured-sentinel.fish
while read -l line
  echo "> $line"
  complete -C "kured-sentinel $line" | string replace -r '\\t.*' ''
end
true`
  return parsed(lines, outputOf('fish', ['--no-config', '-c', script], lines))
}

/**
 * compsys works in zsh's line editor only: so an interactive zsh on a terminal of its own, in which
 * compadd writes down what it is given and adds.
 */
function inZsh(lines: string[]): Completed {
  const out = join(directory, 'zsh.out')
  writeFileSync(out, '')
  writeFileSync(join(directory, '.zshrc'), zshrc(out))
  copyFileSync(join(GENERATED, '_kured-sentinel'), join(directory, '_kured-sentinel'))
  const driver = `zmodload zsh/zpty
zpty shell "ZDOTDIR=$PWD zsh -d -i"
integer n=0
wait() { repeat 1000; do grep -qx "$1" ${out} && return; zpty -rt shell junk; sleep 0.01; done; exit 7 }
wait ready
while IFS= read -r line; do
  print -r -- "> $line" >>${out}
  zpty -wn shell $'\\C-u'"kured-sentinel $line"$'\\t'
  ((++n)); wait "done $n"
done
zpty -d shell
cat ${out}`
  return parsed(lines, outputOf('zsh', ['-f', '-c', driver], lines))
}

function zshrc(out: string): string {
  return `fpath=($PWD $fpath)
PS1=
LISTMAX=100000
setopt no_beep
unsetopt automenu autolist
autoload -Uz compinit && compinit -u -d $PWD/.zcompdump
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-[a-zA-Z]#(O|A|D)* ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- $hits >>${out}
  builtin compadd "$@"
}
integer n=0
finished() { ((++n)); print "done $n" >>${out} }
complete-once() { zle complete-word; finished }
zle -N complete-once
bindkey '^I' complete-once
print ready >>${out}
`
}

function outputOf(program: string, options: string[], lines: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, options, {
    cwd: directory,
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: `${directory}/bin:/usr/bin:/bin`, HOME: directory, TERM: 'dumb', LANG: 'C.UTF-8' },
  })
  assert.equal(status, 0, stdout + stderr)
  return stdout
}

/** Each line of output that begins with `> ` is a command line; those after it complete it. */
function parsed(lines: string[], output: string): Completed {
  const parts = `\n${output}`.split('\n> ').slice(1)
  assert.equal(parts.length, lines.length, output)
  return Object.fromEntries(
    parts.map((part) => {
      const [line = '', ...rest] = part.split('\n')
      const words = rest.filter((word) => word !== '' && !/^(done \d+|ready)$/.test(word))
      return [line, [...new Set(words.map(plain))].toSorted()]
    }),
  )
}

/** Shells differ in whether a path is whole, a directory ends in a slash, and a blank or * is escaped. */
function plain(word: string): string {
  return basename(word).replaceAll('\\', '')
}
