/** What the pages and the manual tell people to type is what the program and the package have. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import manifest from '../../package.json' with { type: 'json' }
import { installedFiles } from '../../scripts/install/files.ts'
import { callsIn, fencedLines, usageError } from '../fixture/command-line.ts'
import { consoleBlocks } from '../fixture/console.ts'
import { MAN_PAGES } from '../fixture/man-pages.ts'
import { CHECKOUT, PAGES, shipped } from '../fixture/shipped.ts'

const TYPED = new Map([
  ...PAGES.map((page): [string, string[]] => [
    page,
    [
      ...fencedLines(shipped(page), 'sh'),
      ...consoleBlocks(page).flatMap((steps) => steps.map(({ command }) => command)),
    ],
  ]),
  ...[...MAN_PAGES].map(([name, text]): [string, string[]] => [name, fencedLines(text, '')]),
])
const LINES = [...TYPED.values()].flat()
const UNITS = readdirSync(join(CHECKOUT, 'systemd')).map((name) => name.replace(/\.service$/, ''))

for (const [page, lines] of TYPED) {
  const calls = lines.flatMap(callsIn)
  if (calls.length === 0) continue
  test(`${page}: the program takes what it is called with`, () => {
    const refused = calls.flatMap((words) => {
      const error = usageError(words)
      return error === undefined ? [] : [`kured-sentinel ${words.join(' ')}: ${error}`]
    })
    assert.deepEqual(refused, [])
  })
}

test('a call that the program would not take is found', () => {
  for (const [words, says] of [
    [['hold', '--fro', '4h'], /--fro/],
    [['hold', '--for', 'soon'], /soon/],
    [['statsu'], /statsu/],
    [['ignore', 'check', 'linux'], /linux/],
  ] as const) {
    assert.match(usageError([...words]) ?? '', says)
  }
})

test('systemctl and journalctl are told of units that there are', () => {
  const told = LINES.filter((line) => /\b(?:systemctl|journalctl)\b/.test(line)).join('\n')
  const named = told.matchAll(/\b((?:pacman|kured-sentinel)-[\w-]+(?:\.timer|\.path)?)\b/g)
  const units = [...named].map(([, name = '']) => name)
  assert.ok(units.includes('pacman-upgrade'))
  assert.deepEqual(
    units.filter((name) => !UNITS.includes(name)),
    [],
  )
})

test('npm is told of scripts, and the shell of files, that there are', () => {
  const text = LINES.join('\n')
  const scripts = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name)
  assert.deepEqual(
    scripts.filter((name) => !Object.keys(manifest.scripts).includes(name)),
    [],
  )
  const paths = [...text.matchAll(/(?<![\w/.])(?:scripts|test)\/[\w./-]+/g)].map(([path]) => path)
  assert.deepEqual(
    paths.filter((path) => !existsSync(join(CHECKOUT, path))),
    [],
  )
  const targets = installedFiles(CHECKOUT).map(({ target }) => target)
  const installed = [...text.matchAll(/\/usr\/share\/kured-sentinel\/[\w./-]+/g)].map(([at]) => at)
  assert.deepEqual(
    installed.filter((path) => !targets.includes(path)),
    [],
  )
})
