/** The README names what the program has: commands, options, doctor's areas, keys; and its links lead somewhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { parseConfig } from '../../src/config/config.ts'
import { CHECKS } from '../../src/doctor/checks.ts'
import { readmeTable, shipped, shippedKeys } from '../fixture/shipped.ts'

const README = shipped('README.md')
const COMMANDS = allCommands(commandTree()).filter(({ path }) => path.at(-1) !== 'help')

test('each command', () => {
  const named = readmeTable('command').flatMap(([cell = '']) => codes(cell))
  const top = COMMANDS.flatMap(({ path }) => (path.length === 1 ? path : []))
  assert.deepEqual(named.toSorted(), top.toSorted())
})

for (const name of ['check', 'status']) {
  test(`each option of ${name} in the table`, () => {
    const rows = readmeTable('option').filter(([, of = '']) => of.split(', ').includes(name))
    const named = rows.flatMap(([cell = '']) =>
      codes(cell).map((code) => code.split(' ', 1).join()),
    )
    assert.deepEqual(named.toSorted(), optionsOf(name).toSorted())
  })
}

for (const { path } of COMMANDS) {
  const name = path.join(' ')
  test(`each option of ${name || 'the program'}`, () => {
    const missing = optionsOf(name).filter((flag) => !new RegExp(`[\\s\`]${flag}\\b`).test(README))
    assert.deepEqual(missing, [])
  })
}

test('no option that there is not', () => {
  const known = new Set(COMMANDS.flatMap(({ path }) => optionsOf(path.join(' '))))
  const named = [...README.matchAll(/`(--[a-z-]+)/g)].map(([, flag = '']) => flag)
  assert.deepEqual(
    named.filter((flag) => !known.has(flag) && !['--help', '--version'].includes(flag)),
    [],
  )
})

test('each area of doctor, in its order', () => {
  assert.deepEqual(
    readmeTable('area').map(([cell = '']) => codes(cell)[0]),
    CHECKS.map(({ area }) => area),
  )
})

test('each key of the configuration, as the sample file has it', () => {
  const [, text = ''] = /^```ini\n([^]*?)^```$/m.exec(README) ?? []
  parseConfig(text, 'README.md')
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

for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/kubernetes.md']) {
  test(`${page}: each link to a heading leads to one`, () => {
    const links = [...shipped(page).matchAll(/\]\(([\w./-]*)#([^)]+)\)/g)]
    const broken = links.filter(([, file, anchor = '']) => {
      const target = file === '' ? page : new URL(file ?? '', `file:///${page}`).pathname.slice(1)
      return !anchorsOf(shipped(target)).includes(anchor)
    })
    assert.deepEqual(
      broken.map(([link]) => link),
      [],
    )
  })
}

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
