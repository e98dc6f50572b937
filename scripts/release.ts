/**
 * `npm run release -- X.Y.Z [--dry-run]`: makes a release on this machine, without publishing it.
 * It commits the version, tags the commit, and writes the tarball, its digest and the files for the
 * AUR to release/. If a step fails, it restores the checkout.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unifiedDiff } from '../src/text/diff.ts'

const checkout = join(import.meta.dirname, '..')
const RELEASE = join(checkout, 'release')
const INSTALL = 'kured-sentinel.install'

try {
  main()
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function main(): void {
  const options = { 'dry-run': { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [version = '', ...more] = positionals
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(version) || more.length > 0) {
    throw new Error('name one version, X.Y.Z')
  }
  const tag = `v${version}`
  refuseUnready(version, tag)
  const url = publicUrl(git('remote', 'get-url', 'origin').trim())
  const texts = releaseTexts(version)

  // Without the -- npm takes the option itself, and only sets this variable.
  if (values['dry-run'] === true || process.env['npm_config_dry_run'] === 'true') {
    for (const [path, text] of texts) process.stdout.write(unifiedDiff(read(path), text, path))
    console.log(`\n${tag} of ${url} can be released. Nothing was changed.`)
    return
  }
  const before = git('rev-parse', 'HEAD').trim()
  try {
    for (const [path, text] of texts) writeFileSync(join(checkout, path), text)
    // The commit may be empty: the files may have this version already.
    git('commit', '--quiet', '--all', '--allow-empty', `--message=Release ${version}`)
    writeRelease(version, url)
    git('tag', '--annotate', `--message=kured-sentinel ${version}`, tag)
  } catch (error) {
    git('reset', '--quiet', '--hard', before)
    rmSync(RELEASE, { recursive: true, force: true })
    throw error
  }
  console.log(`${tag} is committed and tagged. To publish it:
  git push --atomic origin HEAD ${tag}
  put release/kured-sentinel-${version}.tar.gz and its .sha256 into a release of that tag
  put the files of release/aur/ into the AUR’s repository`)
}

function refuseUnready(version: string, tag: string): void {
  const changed = git('status', '--porcelain', '--untracked-files=all')
  if (changed !== '') throw new Error(`the tree is not clean:\n${changed.trimEnd()}`)
  if (git('tag', '--list', tag) !== '') throw new Error(`the tag ${tag} exists already`)
  const current: string = JSON.parse(read('package.json')).version
  if (version.localeCompare(current, 'en', { numeric: true }) < 0) {
    throw new Error(`${version} is lower than ${current}, the version of package.json`)
  }
}

/** The public URL of a repository on GitHub or Forgejo, from git's address of it. */
function publicUrl(remote: string): string {
  const form =
    /^(?:https:\/\/(?:[^@/]+@)?|ssh:\/\/git@|git@)([\w.-]+)[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?$/
  const [, host, path] = form.exec(remote) ?? []
  if (host === undefined) throw new Error(`origin is not a public address: ${remote}`)
  return `https://${host}/${path}`
}

/** The files of the checkout that a version changes: path → text. */
function releaseTexts(version: string): Map<string, string> {
  const lock = JSON.parse(read('package-lock.json'))
  lock.version = version
  lock.packages[''].version = version
  const pkgbuild = replaced(
    replaced(read('PKGBUILD'), /^pkgver=.*$/m, `pkgver=${version}`),
    /^pkgrel=.*$/m,
    'pkgrel=1',
  )
  return new Map([
    ['package.json', toJson({ ...JSON.parse(read('package.json')), version })],
    ['package-lock.json', toJson(lock)],
    ['PKGBUILD', pkgbuild],
    ['.SRCINFO', sourceInfo(pkgbuild)],
    ['CHANGELOG.md', datedChangelog(version)],
  ])
}

function datedChangelog(version: string): string {
  const changelog = read('CHANGELOG.md')
  const heading = `## ${version} (`
  const [newest = '', ...older] = changelog.match(/^## .*$/gm) ?? []
  if (newest !== '## Unreleased' && !newest.startsWith(heading)) {
    throw new Error(`CHANGELOG.md must begin with "## Unreleased" or "${heading}…)"`)
  }
  if (older.some((line) => line.startsWith(heading))) {
    throw new Error(`CHANGELOG.md has ${version} already`)
  }
  return changelog.replace(newest, `${heading}${new Date().toISOString().slice(0, 10)})`)
}

/** Writes release/: the tarball of the working tree, its digest, and the files of the AUR. */
function writeRelease(version: string, url: string): void {
  rmSync(RELEASE, { recursive: true, force: true })
  mkdirSync(join(RELEASE, 'aur'), { recursive: true })
  // Its times are the commit's, so that everyone with the tag can make the same tarball.
  const { SOURCE_DATE_EPOCH: _, ...env } = process.env
  execFileSync(join(checkout, 'scripts/tarball.sh'), [RELEASE], { env, stdio: 'pipe' })
  const tarball = `kured-sentinel-${version}.tar.gz`
  const digest = createHash('sha256')
    .update(readFileSync(join(RELEASE, tarball)))
    .digest('hex')
  writeFileSync(join(RELEASE, `${tarball}.sha256`), `${digest}  ${tarball}\n`)

  const pkgbuild = aurPkgbuild(url, digest)
  writeFileSync(join(RELEASE, 'aur/PKGBUILD'), pkgbuild)
  writeFileSync(join(RELEASE, 'aur/.SRCINFO'), sourceInfo(pkgbuild))
  cpSync(join(checkout, INSTALL), join(RELEASE, 'aur', INSTALL))
}

/** The checkout's PKGBUILD, with the released tarball as its source. */
function aurPkgbuild(url: string, digest: string): string {
  const source = `source=("$url/releases/download/v$pkgver/$pkgname-$pkgver.tar.gz")
sha256sums=('${digest}')`
  const withoutHead = replaced(read('PKGBUILD'), /^# In a checkout.*\n/, '')
  const withUrl = replaced(withoutHead, /^arch=/m, `url='${url}'\narch=`)
  return replaced(withUrl, /^source=.*\n(?:#.*\n)*sha256sums=.*$/m, source)
}

/** The .SRCINFO of a PKGBUILD, made by makepkg, which needs the install script beside it. */
function sourceInfo(pkgbuild: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'kured-sentinel-release-'))
  try {
    writeFileSync(join(directory, 'PKGBUILD'), pkgbuild)
    cpSync(join(checkout, INSTALL), join(directory, INSTALL))
    const options = { cwd: directory, encoding: 'utf8' as const }
    return execFileSync('makepkg', ['--printsrcinfo'], options)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function replaced(text: string, what: RegExp, by: string): string {
  if (!what.test(text)) throw new Error(`PKGBUILD has no ${what}`)
  return text.replace(what, () => by)
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function read(path: string): string {
  return readFileSync(join(checkout, path), 'utf8')
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: checkout, encoding: 'utf8' })
}
