/** The program's command line as plain data, for completions and for tests of texts. */
import type { Command, Option } from 'commander'
import { createProgram } from '../../src/cli/program.ts'

/** A value: one of several words, a path, a package, or a text that cannot be completed. */
export interface Value {
  kind: 'choice' | 'file' | 'directory' | 'installed' | 'ignored' | 'text'
  /** Its name in the help, such as `duration`. */
  name: string
  choices: readonly string[]
  /** Whether it may be given several times. */
  repeats: boolean
}

export interface OptionShape {
  /** `--help`, and `-h` if there is a short one. */
  flags: string[]
  description: string
  /** undefined for an option without a value */
  value: Value | undefined
}

export interface CommandShape {
  /** `[]` for the program itself, `['ignore', 'add']` for a subcommand. */
  path: string[]
  description: string
  options: OptionShape[]
  values: Value[]
  commands: CommandShape[]
}

export function commandTree(): CommandShape {
  const tree = shapeOf(
    createProgram(() => {}),
    [],
  )
  // Options without a command are those of check; see withCommand() in src/entry/main.ts.
  const check = tree.commands.find(({ path }) => path[0] === 'check')
  const own = new Set(tree.options.flatMap(({ flags }) => flags))
  const more = check?.options.filter(({ flags }) => !flags.some((flag) => own.has(flag))) ?? []
  return { ...tree, options: [...tree.options, ...more] }
}

/** A command with all its subcommands, parents first. */
export function allCommands(command: CommandShape): CommandShape[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

/** The flags of all options with a value, of all commands. */
export function flagsWithValue(tree: CommandShape): string[] {
  const options = allCommands(tree).flatMap((command) => command.options)
  return [...new Set(options.filter(({ value }) => value).flatMap(({ flags }) => flags))]
}

/** A command as one word: `` for the program itself, `/ignore/add`. */
export function keyOf({ path }: CommandShape): string {
  return path.map((word) => `/${word}`).join('')
}

function shapeOf(command: Command, path: string[]): CommandShape {
  const help = command.createHelp()
  const children = help.visibleCommands(command)
  const names = children.map((child) => child.name())
  return {
    path,
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).map(optionShape),
    values: command.registeredArguments.map((argument) =>
      valueOf(argument.name(), argument.argChoices, argument.variadic),
    ),
    commands: children.map((child) => {
      const shape = shapeOf(child, [...path, child.name()])
      // commander's own `help COMMAND`.
      if (child.name() === 'help') shape.values = [valueOf('command', names, false)]
      return shape
    }),
  }
}

function optionShape(option: Option): OptionShape {
  const name = /[<[]([^>\]]+)/.exec(option.flags)?.[1]
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    value:
      name === undefined
        ? undefined
        : valueOf(name.replace('...', ''), option.argChoices, option.variadic),
  }
}

/** The kind by the name in the help, or its last part: `<file>`, `<pacman-file>`, `<dir>`. */
const KINDS: Record<string, Value['kind']> = {
  file: 'file',
  dir: 'directory',
  package: 'installed',
  ignored: 'ignored',
}

function valueOf(name: string, choices: readonly string[] = [], repeats: boolean): Value {
  const kind = KINDS[name] ?? KINDS[name.split('-').at(-1) ?? ''] ?? 'text'
  return { kind: choices.length > 0 ? 'choice' : kind, name, choices, repeats }
}

/**
 * What prints the packages that a value may be, one a line; undefined for other kinds. With --group
 * they are groups, and nothing is offered.
 */
export function packagesFrom({ kind }: Value): string | undefined {
  if (kind === 'installed') return 'pacman -Qq'
  return kind === 'ignored' ? 'pacman-conf IgnorePkg' : undefined
}
