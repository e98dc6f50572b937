/** A release, made by an ordinary user in a checkout of its own, with the real git and makepkg. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { shipped } from '../fixture/shipped.ts'
import { toolTest } from '../lab/lab.ts'
import {
  CHANGELOG,
  type Ended,
  git,
  HOME,
  makeCheckout,
  release,
  run,
  succeed,
} from '../lab/release.ts'

const TOOLS = ['git', 'makepkg', 'npm']
toolTest(TOOLS, 'a release: one commit, its tag, the tarball, and what the AUR wants', () => {
  const checkout = makeCheckout()
  const before = git(checkout, 'rev-parse', 'HEAD')
  succeed(release(checkout, '9.10.0'))

  assert.equal(git(checkout, 'rev-parse', 'v9.10.0^'), before)
  assert.equal(git(checkout, 'cat-file', '-t', 'v9.10.0'), 'tag')
  assert.equal(git(checkout, 'status', '--porcelain'), '')
  assert.deepEqual(git(checkout, 'diff', '--name-only', 'HEAD^').split('\n'), [
    '.SRCINFO',
    'CHANGELOG.md',
    'PKGBUILD',
    'package-lock.json',
    'package.json',
  ])
  const today = new Date().toISOString().slice(0, 10)
  assert.ok(git(checkout, 'show').includes(`\n-## Unreleased\n+## 9.10.0 (${today})\n`))
  // The checkout's own test says that all agree, and prettier that they stayed in its form.
  const test = ['--import', 'tsx', '--test', '--test-name-pattern=one version']
  assert.match(succeed(run(checkout, 'node', ...test, 'test/unit/shipped.test.ts')), /^. pass 1$/m)
  succeed(run(checkout, 'node_modules/.bin/prettier', '--check', 'package.json', 'CHANGELOG.md'))

  const made = join(checkout, 'release')
  const tarball = join(made, 'kured-sentinel-9.10.0.tar.gz')
  succeed(run(made, 'sha256sum', '--check', '--strict', `${tarball}.sha256`))
  succeed(run(made, 'tar', '-xf', tarball))
  const compare = [`--git-dir=${checkout}/.git`, '--work-tree=kured-sentinel-9.10.0', 'status']
  assert.equal(git(made, ...compare, '--porcelain'), '', 'it holds what the tag holds')
  const again = succeed(run(checkout, 'scripts/tarball.sh')).trim()
  assert.ok(readFileSync(again).equals(readFileSync(tarball)), 'from the tag anyone makes the same')

  const aur = join(made, 'aur')
  assert.deepEqual(readdirSync(aur).toSorted(), ['.SRCINFO', 'PKGBUILD', 'kured-sentinel.install'])
  const info = readFileSync(join(aur, '.SRCINFO'), 'utf8')
  const source = `${HOME}/releases/download/v9.10.0/kured-sentinel-9.10.0.tar.gz`
  const digest = readFileSync(`${tarball}.sha256`, 'utf8').slice(0, 64)
  for (const line of [`url = ${HOME}`, `source = ${source}`, `sha256sums = ${digest}`]) {
    assert.ok(info.split('\n').includes(`\t${line}`), line)
  }
  assert.equal(succeed(run(aur, 'makepkg', '--printsrcinfo')), info)
  succeed(fetchSource(aur, source, tarball))
  appendFileSync(tarball, 'x')
  assert.match(fetchSource(aur, source, tarball).stderr, /did not pass the validity check/)

  assertRefused(checkout, ['9.10.0'], /the tag v9\.10\.0 exists already/)
  assertRefused(checkout, ['9.9.0'], /9\.9\.0 is lower than 9\.10\.0, the version of package\.json/)
})

toolTest(TOOLS, 'a version that was never tagged can be released as it is', () => {
  const checkout = makeCheckout(CHANGELOG.replace(/## Unreleased\n\n.*\n\n/, ''))
  succeed(release(checkout, manifest.version))
  const changelog = readFileSync(join(checkout, 'CHANGELOG.md'), 'utf8')
  const today = new Date().toISOString().slice(0, 10)
  assert.deepEqual(changelog.match(/^## .*/gm), [`## ${manifest.version} (${today})`])
})

toolTest(TOOLS, 'a dry run shows the changes and makes none', () => {
  const checkout = makeCheckout()
  const before = stateOf(checkout)
  for (const origin of [
    `${HOME}.git`,
    `https://someone:secret@git.example/people/kured-sentinel.git`,
    'git@git.example:people/kured-sentinel.git',
    'ssh://git@git.example/people/kured-sentinel',
  ]) {
    git(checkout, 'remote', 'set-url', 'origin', origin)
    const lines = succeed(release(checkout, '9.10.0', '--dry-run')).split('\n')
    for (const line of ['+pkgver=9.10.0', '+\tpkgver = 9.10.0', '+  "version": "9.10.0",']) {
      assert.ok(lines.includes(line), line)
    }
    assert.ok(lines.includes(`v9.10.0 of ${HOME} can be released. Nothing was changed.`), origin)
  }
  // Without the -- it is an option of npm's.
  const npm = succeed(run(checkout, 'npm', 'run', 'release', '9.10.0', '--dry-run'))
  assert.match(npm, /Nothing was changed/)
  assert.deepEqual(stateOf(checkout), before)
  assert.ok(!existsSync(join(checkout, 'release')))
})

toolTest(TOOLS, 'no release is called like this', () => {
  const checkout = makeCheckout()
  for (const version of [
    '',
    '9.10',
    'v9.10.0',
    '9.010.0',
    '9.10.0-1',
    '9.10.0\n',
    '9.10.0 9.11.0',
  ]) {
    assertRefused(checkout, version.split(' '), /^error: name one version, X\.Y\.Z$/m)
  }
})

const SPOILT: [name: string, spoil: (checkout: string) => void, error: RegExp][] = [
  ['a changed file', (at) => appendFileSync(join(at, 'LICENSE'), 'x'), /not clean:\n M LICENSE/],
  [
    'a new file',
    (at) => writeFileSync(join(at, 'src/new.ts'), ''),
    /not clean:\n\?\? src\/new\.ts/,
  ],
  ['a tag', (at) => git(at, 'tag', 'v9.10.0'), /the tag v9\.10\.0 exists already/],
  ['no origin', (at) => git(at, 'remote', 'remove', 'origin'), /No such remote 'origin'/],
  [
    'an origin on this machine',
    (at) => git(at, 'remote', 'set-url', 'origin', '/srv/kured-sentinel.git'),
    /origin is not a public address: \/srv/,
  ],
  [
    'a changelog without it',
    (at) => commitFile(at, 'CHANGELOG.md', CHANGELOG.replace('Unreleased', '9.9.9 (2026-11-26)')),
    /CHANGELOG\.md must begin with "## Unreleased" or "## 9\.10\.0 \(…\)"/,
  ],
  [
    'a changelog that has it already',
    (at) => commitFile(at, 'CHANGELOG.md', CHANGELOG.replace(manifest.version, '9.10.0')),
    /CHANGELOG\.md has 9\.10\.0 already/,
  ],
  [
    'a PKGBUILD with another digest, which shows after the commit only',
    (at) => commitFile(at, 'PKGBUILD', shipped('PKGBUILD').replace('sha256sums', 'b2sums')),
    /PKGBUILD has no .*source=/,
  ],
  [
    'a tag that cannot be signed, which comes last',
    (at) => git(at, 'config', 'tag.gpgSign', 'true'),
    /unable to sign the tag|gpg failed|cannot run gpg/,
  ],
]
for (const [name, spoil, error] of SPOILT) {
  toolTest(TOOLS, `no release, and nothing changed: ${name}`, () => {
    const checkout = makeCheckout()
    spoil(checkout)
    assertRefused(checkout, ['9.10.0'], error)
    assert.ok(!existsSync(join(checkout, 'release')))
  })
}

function commitFile(checkout: string, path: string, text: string): void {
  writeFileSync(join(checkout, path), text)
  git(checkout, 'commit', '--quiet', '--all', '--message=b')
}

function stateOf(checkout: string): string[] {
  return [['rev-parse', 'HEAD'], ['tag'], ['status', '--porcelain']].map((words) =>
    git(checkout, ...words),
  )
}

function assertRefused(checkout: string, words: string[], error: RegExp): void {
  const before = stateOf(checkout)
  const { status, stdout, stderr } = release(checkout, ...words)
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, error)
  assert.deepEqual(stateOf(checkout), before)
}

/** makepkg's own fetching and checking of the source; at this address alone there is the tarball. */
function fetchSource(aur: string, source: string, tarball: string): Ended {
  rmSync(join(aur, basename(tarball)), { force: true })
  const agent = join(aur, '../agent')
  const config = join(aur, '../makepkg.conf')
  writeFileSync(agent, `[ "$1" = ${source} ] && cp ${tarball} "$2"\n`)
  writeFileSync(config, `. /etc/makepkg.conf\nDLAGENTS=('https::/bin/sh ${agent} %u %o')\n`)
  return run(aur, 'makepkg', '--nodeps', '--verifysource', '--config', config)
}
