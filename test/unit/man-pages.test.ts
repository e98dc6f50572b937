/** The manual pages say all that the program's own command tree, configuration and documentation say. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { allCommands, commandTree, type CommandShape } from '../../scripts/build/command-tree.ts'
import { installedFiles } from '../../scripts/install/files.ts'
import { SECTIONS } from '../../src/config/keys.ts'
import { KINDS } from '../../src/history/kinds.ts'
import { STATE_DIRECTORY } from '../../src/state/store.ts'
import { commonOption, exitStatusOf, MAN_PAGES, section, subsection } from '../fixture/man-pages.ts'
import { documentation, shipped, shippedKeys } from '../fixture/shipped.ts'

const TREE = commandTree()
const COMMANDS = allCommands(TREE).filter(({ path }) => path.length > 0 && path.at(-1) !== 'help')

for (const command of COMMANDS) {
  const name = command.path.join(' ')

  test(`${name}: its section names each argument, option and choice`, () => {
    const text = sectionOf(command)
    for (const { name: value, choices } of command.values) {
      assert.ok(text.toLowerCase().includes(value), `no argument ${value}`)
      for (const choice of choices) assert.match(text, word(choice))
    }
    for (const { flags, value } of command.options) {
      if (flags.includes('--help')) continue
      for (const flag of flags) {
        const found = text.includes(`*${flag}*`) || commonOption(flag, name) !== undefined
        assert.ok(found, `no option *${flag}*`)
      }
      for (const choice of value?.choices ?? []) assert.match(text, word(choice))
    }
  })

  if (command.commands.length > 0) continue
  test(`${name}: its exit status, with the codes of the one table`, () => {
    const codes = [...exitStatusOf(name).matchAll(/\*(\d{1,3})\*/g)].map(([, code = '']) => code)
    const documented = EXITS.get(name)
    assert.ok(documented, 'it has no row in docs/commands.md')
    assert.deepEqual([...new Set(codes)].toSorted(), documented.toSorted())
  })
}

const EXITS = documentedExits()

test('no other table has exit codes, and this one has no other commands', () => {
  const headings = documentation()
    .split('\n')
    .filter((line, at, lines) => /^\| -+ \|/.test(lines[at + 1] ?? '') && /exit|\| 0 /i.test(line))
  assert.equal(headings.length, 1, headings.join('\n'))
  const names = COMMANDS.filter(
    ({ commands, path }) => commands.length === 0 || path[0] === 'fleet',
  )
  assert.deepEqual([...EXITS.keys()].toSorted(), names.map(({ path }) => path.join(' ')).toSorted())
})

test('the options of the program itself', () => {
  const options = section('OPTIONS')
  for (const flag of ['--help', '--version']) assert.ok(options.includes(`*${flag}*`))
})

test('each kind of event, with its message ID', () => {
  const text = section('EVENTS')
  for (const [kind, { messageId }] of Object.entries(KINDS)) {
    const [, listed = ''] = text.split(`\n*${kind}*\n`)
    assert.match(listed, new RegExp(`^.*\n\tMESSAGE_ID=${messageId}\n`), kind)
  }
})

test('what is common to commands in OPTIONS is an option of theirs', () => {
  const [, ...entries] = section('OPTIONS').split(/\n\n(?=\*--(?!help|version))/)
  assert.ok(entries.length > 0)
  for (const entry of entries) {
    const [, flag = ''] = /^\*(--[a-z-]+)\*/.exec(entry) ?? []
    const [, list = ''] = /: (\*[^]*?)\.(?:\n|$)/.exec(entry) ?? []
    const named = [...list.matchAll(/\*([a-z ]+)\*/g)].map(([, name = '']) => name)
    assert.ok(named.length > 0, entry)
    const without = named.filter((name) => {
      const command = COMMANDS.find(({ path }) => path.join(' ') === name)
      return command?.options.every(({ flags }) => !flags.includes(flag)) ?? true
    })
    assert.deepEqual(without, [], flag)
  }
})

for (const [page, text] of MAN_PAGES) {
  test(`${page}: examples, a troubleshooting section, and a way to the other pages`, () => {
    for (const title of ['NAME', 'SYNOPSIS', 'EXAMPLES', 'TROUBLESHOOTING']) section(title, [text])
    assert.match(section('EXAMPLES', [text]), /^```\n[^`]+^```$/m)
    const also = section('SEE ALSO', [text])
    for (const other of MAN_PAGES.keys()) {
      const reference = other.replace(/\.(\d)$/, '($1)')
      if (other !== page) assert.ok(also.includes(reference), reference)
    }
  })

  test(`${page}: no references to pages of ours that there are not`, () => {
    const named = [...text.matchAll(/\bkured-sentinel[.\w-]*\(\d\)/g)].map(([name]) => name)
    const known = [...MAN_PAGES.keys()].map((name) => name.replace(/\.(\d)$/, '($1)'))
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    )
  })
}

test('no section for a command that there is not', () => {
  const titles = [...section('COMMANDS').matchAll(/^## ([a-z ]+)/gm)].map(
    ([, title]) => title?.trim() ?? '',
  )
  assert.deepEqual(titles.toSorted(), COMMANDS.map(({ path }) => path.join(' ')).toSorted())
})

test('each key of the configuration, with its default', () => {
  for (const [name, keys] of SECTIONS) {
    const text = subsection(section('CONFIGURATION'), `[${name}]`)
    for (const key of keys.keys()) {
      const set = shippedKeys().find((one) => one.section === name && one.key === key)
      const expected = set?.isExample === false ? `*${key}* = ${set.value}` : `*${key}*`
      assert.ok(text.includes(expected), `[${name}] has no ${expected}`)
    }
  }
})

test('each file that a person may look for', () => {
  const files = section('FILES')
  const named = [...files.matchAll(/^(\/\S+)$/gm)].map(([, path]) => path)
  const installed = installedFiles(join(import.meta.dirname, '../..'))
    .map(({ target }) => target)
    .filter((target) => !/^\/usr\/(lib\/kured-sentinel|bin|share\/(?!kured-sentinel))/.test(target))
  for (const path of [...installed, `${STATE_DIRECTORY}/`]) {
    assert.ok(
      named.some((entry) => entry === path || (entry?.endsWith('/') && path.startsWith(entry))),
      `${path} is not among the files`,
    )
  }
})

/** What a command's own section and those of the commands above it say. */
function sectionOf({ path }: CommandShape): string {
  return path
    .map((_, index) => subsection(section('COMMANDS'), path.slice(0, index + 1).join(' ')))
    .join('\n')
}

/** By command, from docs/commands.md. */
function documentedExits(): Map<string, string[]> {
  const [, table = ''] = shipped('docs/commands.md').split('## Exit codes\n\n')
  const [heading = '', , ...rows] = table.split('\n').filter((line) => line.startsWith('|'))
  const cellsOf = (row: string) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const [, ...codes] = cellsOf(heading)
  return new Map(
    rows.flatMap((row) => {
      const [names = '', ...cells] = cellsOf(row)
      const own = codes.filter((_, index) => cells[index] !== '')
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, own] as const)
    }),
  )
}

function word(text: string): RegExp {
  return new RegExp(`\\b${text}\\b`)
}
