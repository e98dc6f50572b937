/** Builds small pacman packages with the real makepkg. */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { baseTree, cache } from './cache.ts'
import type { LabNode } from './node.ts'

export interface PackageRecipe {
  name: string
  version: string
  pkgrel?: number
  arch?: string
  depends?: string[]
  /** More lines of the PKGBUILD: provides=(…), replaces=(…), backup=(…). */
  lines?: string[]
  /** The text of the install script: post_upgrade() { … } and the like. */
  install?: string
  /** Path in the package → content of the file. */
  files?: Record<string, string | { content: string; mode: number }>
  /** Name in $srcdir → content of the source file, for `build` and `package`. */
  sources?: Record<string, string>
  /** The shell lines of build(). */
  build?: string
  /** The shell lines of package(), run after `files` are in place. */
  package?: string
}

const built = join(cache, 'packages')

/**
 * Builds the package in the node, unless it was built from the same recipe before.
 *
 * @returns its path on this machine
 */
export async function buildPackage(node: LabNode, recipe: PackageRecipe): Promise<string> {
  const files = workFiles(recipe)
  const content = JSON.stringify([baseTree, ...files])
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 16)
  const { name, version, pkgrel = 1, arch = 'any' } = recipe
  const stored = join(built, digest, `${name}-${version}-${pkgrel}-${arch}.pkg.tar.gz`)
  if (existsSync(stored)) return stored

  const directory = join('/home/builder', digest)
  for (const file of files) writeWorkFile(join(node.root, directory, file.path), file)
  await node.ok(['chown', '-R', 'builder:', directory])
  // makepkg refuses to run as root. -d: the build does not need the package's dependencies.
  const asBuilder = ['setpriv', '--reuid=builder', '--regid=builder', '--init-groups']
  await node.ok([...asBuilder, 'makepkg', '-d'], {
    cwd: directory,
    env: { HOME: '/home/builder' },
    timeoutMs: 120_000,
  })
  await store(join(node.root, directory, basename(stored)), stored)
  await node.ok(['rm', '-r', directory])
  return stored
}

interface WorkFile {
  path: string
  content: string
  mode: number
}

/** All files that makepkg reads: their digest identifies the package. */
function workFiles(recipe: PackageRecipe): WorkFile[] {
  const { files = {}, sources = {}, install } = recipe
  const installed = Object.entries(files).map(([path, file]) => {
    const { content, mode } = typeof file === 'string' ? { content: file, mode: 0o644 } : file
    return { path: join('tree', path), content, mode }
  })
  const others = { PKGBUILD: pkgbuild(recipe), ...sources, ...(install && { install }) }
  return [
    ...Object.entries(others).map(([path, content]) => ({ path, content, mode: 0o644 })),
    ...installed,
  ]
}

function pkgbuild({ name, version, pkgrel = 1, arch = 'any', ...recipe }: PackageRecipe): string {
  const sources = Object.keys(recipe.sources ?? {})
  return `pkgname=${name}
pkgver=${version}
pkgrel=${pkgrel}
pkgdesc='A package of the test lab'
arch=('${arch}')
license=('MIT')
depends=(${quoted(recipe.depends ?? [])})
source=(${quoted(sources)})
sha256sums=(${quoted(sources.map(() => 'SKIP'))})
${recipe.install === undefined ? '' : 'install=install'}
${(recipe.lines ?? []).join('\n')}
build() {
:
${recipe.build ?? ''}
}
package() {
[[ ! -d $startdir/tree ]] || cp -a --no-preserve=ownership "$startdir/tree/." "$pkgdir"
${recipe.package ?? ''}
}
`
}

function quoted(words: string[]): string {
  return words.map((word) => `'${word}'`).join(' ')
}

function writeWorkFile(path: string, { content, mode }: WorkFile): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
}

/** Renames the file into place, because tests in other processes may look for the same package. */
async function store(source: string, target: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true })
  await copyFile(source, `${target}.${process.pid}`)
  await rename(`${target}.${process.pid}`, target)
}
