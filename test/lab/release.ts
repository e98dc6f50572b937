/** A release as an ordinary user makes it, in a checkout of its own with one commit and a home. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { makeTree } from '../fixture/tree.ts'
import { CHECKOUT } from './own-package.ts'

export const HOME = 'https://git.example/people/kured-sentinel'
export const CHANGELOG = `# Changelog

## Unreleased

- Something new.

## ${manifest.version} (2026-11-25)

- The first version.
`

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** The working tree as it is, in a repository of its own. */
export function makeCheckout(changelog = CHANGELOG): string {
  const checkout = makeTree({})
  const tarball = execFileSync(join(CHECKOUT, 'scripts/tarball.sh'), [makeTree({})])
  execFileSync('tar', ['-xf', tarball.toString().trim(), '--strip-components=1'], { cwd: checkout })
  writeFileSync(join(checkout, 'CHANGELOG.md'), changelog)
  symlinkSync(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'))
  if (process.getuid?.() === 0) execFileSync('chown', ['-hR', 'nobody:', checkout])
  git(checkout, 'init', '--quiet')
  // .gitignore has the directory, which here is a link.
  appendFileSync(join(checkout, '.git/info/exclude'), '/node_modules\n')
  git(checkout, 'add', '--all')
  git(checkout, 'commit', '--quiet', '--message=a')
  git(checkout, 'remote', 'add', 'origin', `${HOME}.git`)
  return checkout
}

/** As a builder should, without rights; makepkg refuses root. */
export function run(cwd: string, program: string, ...words: string[]): Ended {
  return spawnSync(program, words, {
    cwd,
    ...(process.getuid?.() === 0 && { uid: 65534, gid: 65534 }),
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      ...identity('AUTHOR'),
      ...identity('COMMITTER'),
    },
    encoding: 'utf8',
  })
}

function identity(role: string) {
  return { [`GIT_${role}_NAME`]: 'a', [`GIT_${role}_EMAIL`]: 'a@example.org' }
}

/** Runs the release script. */
export function release(checkout: string, ...words: string[]): Ended {
  return run(checkout, 'node', '--import', 'tsx', 'scripts/release.ts', ...words)
}

export function succeed({ status, stdout, stderr }: Ended): string {
  assert.equal(status, 0, stdout + stderr)
  return stdout
}

export function git(checkout: string, ...words: string[]): string {
  return succeed(run(checkout, 'git', ...words)).trimEnd()
}
