/** What people read who pick the project up names what is there. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { FLOORS } from '../../oxlint.config.mjs'
import manifest from '../../package.json' with { type: 'json' }
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { shipped } from '../fixture/shipped.ts'

const CHECKOUT = join(import.meta.dirname, '../..')
const ARCHITECTURE = shipped('docs/architecture.md')

/** Made by a build, or by a release. */
const MADE = /^(dist|generated|release)\//

for (const page of ['docs/architecture.md', 'CONTRIBUTING.md']) {
  test(`${page}: each file and folder that it names is there`, () => {
    const text = shipped(page)
    const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]*)*)`/g)].map(([, path = '']) => path)
    const paths = named.filter((path) => /\/|\.(md|ts|mjs|yaml|json)$/.test(path))
    const links = [...text.matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)].map(([, to = '']) =>
      join(dirname(page), to),
    )
    const there = (path: string) => existsSync(join(CHECKOUT, path))
    const missing = [...paths, ...links].filter((path) => !MADE.test(path) && !there(path))
    assert.deepEqual(missing, [])
  })
}

test('docs/architecture.md: each function that it names is in src', () => {
  const source = sources(join(CHECKOUT, 'src'))
  const named = [...ARCHITECTURE.matchAll(/`(\w+)\([^`]*\)`/g)].map(([, name = '']) => name)
  assert.ok(named.length > 0)
  // A local helper may be a constant.
  const isThere = (name: string) => new RegExp(`(function|const) ${name}\\b`).test(source)
  assert.deepEqual(
    named.filter((name) => !isThere(name)),
    [],
  )
})

test('docs/architecture.md: the floors are the linter’s, and each room has its line', () => {
  const picture = /^```text\n( entry\n[^`]*)```/m.exec(ARCHITECTURE)?.[1] ?? ''
  const drawn = picture.trim().split('\n')
  assert.deepEqual(
    drawn.map((line) => line.trim().split(/\s+/)),
    FLOORS.toReversed(),
  )
  const described = [...ARCHITECTURE.matchAll(/^\| `src\/(\w+)\/`/gm)].map(([, room]) => room)
  assert.deepEqual(described, FLOORS.toReversed().flat())
  const folders = readdirSync(join(CHECKOUT, 'src'), { withFileTypes: true })
  const rooms = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  assert.deepEqual(rooms.toSorted(), FLOORS.flat().toSorted())
})

test('.nvmrc is the oldest Node that package.json allows', () => {
  assert.equal(manifest.engines.node, `>=${shipped('.nvmrc').trim()}`)
})

test('CI runs .ci/run, with that Node', () => {
  const { steps } = parse(shipped('.github/workflows/ci.yml')).jobs.everything
  assert.equal(steps.at(-1).run, '.ci/run')
  const versions = steps.map(({ with: inputs }: any) => inputs?.['node-version-file'])
  assert.deepEqual(versions.filter(Boolean), ['.nvmrc'])
})

for (const form of ['problem', 'wish']) {
  test(`the ${form} form asks for doctor --json, and for commands that there are`, () => {
    const text = shipped(`.github/ISSUE_TEMPLATE/${form}.yml`)
    const asked = [...text.matchAll(/kured-sentinel ([a-z]+) (--[a-z]+)/g)]
    assert.ok(asked.some(([, command, option]) => `${command} ${option}` === 'doctor --json'))
    for (const [, command, option = ''] of asked) {
      const known = allCommands(commandTree()).find(({ path }) => path.join(' ') === command)
      assert.ok(
        known?.options.some(({ flags }) => flags.includes(option)),
        `${command} ${option}`,
      )
    }
  })
}

function sources(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n')
}

test('npm asks nobody about install scripts: package.json answers for each', () => {
  const locked: Record<string, { hasInstallScript?: boolean }> = JSON.parse(
    shipped('package-lock.json'),
  ).packages
  const asking = Object.entries(locked).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript === true ? [path.replace(/^.*node_modules\//, '')] : [],
  )
  assert.deepEqual(Object.keys(manifest.allowScripts), asking)
})
