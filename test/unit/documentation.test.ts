/** The documentation names what the program has: commands, options, doctor's areas, keys; and its links lead somewhere. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { parseConfig } from '../../src/config/config.ts'
import { CHECKS } from '../../src/doctor/checks.ts'
import {
  CHECKOUT,
  documentation,
  documentedTable,
  PAGES,
  shipped,
  shippedKeys,
} from '../fixture/shipped.ts'

const TEXT = documentation()
const COMMANDS = allCommands(commandTree()).filter(({ path }) => path.at(-1) !== 'help')

test('each command', () => {
  const named = documentedTable('command').flatMap(([cell = '']) => codes(cell))
  const top = COMMANDS.flatMap(({ path }) => (path.length === 1 ? path : []))
  assert.deepEqual(named.toSorted(), top.toSorted())
})

for (const name of ['check', 'status']) {
  test(`each option of ${name} in the table`, () => {
    const rows = documentedTable('option').filter(([, of = '']) => of.split(', ').includes(name))
    const named = rows.flatMap(([cell = '']) =>
      codes(cell).map((code) => code.split(' ', 1).join()),
    )
    assert.deepEqual(named.toSorted(), optionsOf(name).toSorted())
  })
}

for (const { path } of COMMANDS) {
  const name = path.join(' ')
  test(`each option of ${name || 'the program'}`, () => {
    const missing = optionsOf(name).filter((flag) => !new RegExp(`[\\s\`]${flag}\\b`).test(TEXT))
    assert.deepEqual(missing, [])
  })
}

test('no option that there is not', () => {
  const known = new Set(COMMANDS.flatMap(({ path }) => optionsOf(path.join(' '))))
  const named = [...TEXT.matchAll(/`(--[a-z-]+)/g)].map(([, flag = '']) => flag)
  assert.deepEqual(
    named.filter((flag) => !known.has(flag) && !['--help', '--version'].includes(flag)),
    [],
  )
})

test('each area of doctor, in its order', () => {
  assert.deepEqual(
    documentedTable('area').map(([cell = '']) => codes(cell)[0]),
    CHECKS.map(({ area }) => area),
  )
})

test('each key of the configuration, as the sample file has it', () => {
  const [, text = ''] = /^```ini\n([^]*?)^```$/m.exec(shipped('docs/configuration.md')) ?? []
  parseConfig(text, 'docs/configuration.md')
  let section = ''
  const named = text.split('\n').flatMap((line) => {
    section = /^\[(.*)\]$/.exec(line)?.[1] ?? section
    const [, key, value] = /^([a-z-]+) = (.*)$/.exec(line) ?? []
    return key === undefined ? [] : [`[${section}] ${key} = ${value}`]
  })
  assert.deepEqual(
    named,
    shippedKeys().map(({ section: of, key, value }) => `[${of}] ${key} = ${value}`),
  )
})

for (const page of PAGES) {
  test(`${page}: each link within the project leads somewhere`, () => {
    const links = [...shipped(page).matchAll(/\]\((?!https?:)([\w./-]*)(?:#([^)]+))?\)/g)]
    const broken = links.filter(([, file, anchor]) => {
      const target = file === '' ? page : new URL(file ?? '', `file:///${page}`).pathname.slice(1)
      if (!existsSync(join(CHECKOUT, target))) return true
      return anchor !== undefined && !anchorsOf(shipped(target)).includes(anchor)
    })
    assert.deepEqual(
      broken.map(([link]) => link),
      [],
    )
  })
}

test('README.md can be read in five minutes', () => {
  const words = shipped('README.md').trim().split(/\s+/).length
  assert.ok(words <= 1200, `${words} words`)
})

/** What stands in backticks, without table cells' escapes. */
function codes(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

function optionsOf(name: string): string[] {
  const command = COMMANDS.find(({ path }) => path.join(' ') === name)
  const flags = command?.options.flatMap((option) => option.flags) ?? []
  return flags.filter((flag) => flag.startsWith('--') && !['--help', '--version'].includes(flag))
}

/** As GitHub and Forgejo make them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
