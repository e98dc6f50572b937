/** A node's pacman: Arch's configuration, and one local repository for upgrades. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { LabNode } from './node.ts'
import { buildPackage, type PackageRecipe } from './package.ts'

const repository = '/srv/lab'
let published = 0

/** As on a new Arch Linux node, but with our own repository instead of core and extra. */
const configuration = `[options]
HoldPkg     = pacman glibc
Architecture = auto
CheckSpace
ParallelDownloads = 5
DownloadUser = alpm
SigLevel    = Required DatabaseOptional
LocalFileSigLevel = Optional

[lab]
SigLevel = Never
Server = file://${repository}
`

/** Before the first boot: writes the configuration and an empty repository. */
export function preparePacman(root: string): void {
  writeFileSync(join(root, 'etc/pacman.conf'), configuration)
  mkdirSync(join(root, repository), { recursive: true })
  execFileSync('tar', ['-czf', join(root, repository, 'lab.db'), '--files-from=/dev/null'])
}

/** Builds packages and puts them into the repository; `pacman -Sy` in the node then sees them. */
export async function offer(node: LabNode, ...recipes: PackageRecipe[]): Promise<void> {
  const packages: string[] = []
  for (const recipe of recipes) packages.push(await buildPackage(node, recipe))
  await publish(node, packages)
}

/** Puts packages, by their paths on this machine, into the repository. */
export async function publish(node: LabNode, packages: string[]): Promise<void> {
  if (packages.length === 0) return
  for (const file of packages) cpSync(file, join(node.root, repository, basename(file)))
  const names = packages.map((file) => basename(file))
  await node.ok(['repo-add', '--quiet', 'lab.db.tar.gz', ...names], { cwd: repository })
  // pacman skips a database whose mtime, in seconds, is that of its own. [libalpm/dload.c, mtime]
  published += 2
  await node.ok(
    ['touch', '--no-dereference', `--date=+${published} seconds`, 'lab.db.tar.gz', 'lab.db'],
    { cwd: repository },
  )
}

/** Offers packages, and installs them. */
export async function install(node: LabNode, ...recipes: PackageRecipe[]): Promise<void> {
  await offer(node, ...recipes)
  await node.ok(['pacman', '-Sy', '--noconfirm', ...recipes.map(({ name }) => name)])
}

/** Offers packages, and upgrades the node to all that is offered. */
export async function upgradeTo(node: LabNode, ...recipes: PackageRecipe[]): Promise<void> {
  await offer(node, ...recipes)
  await node.ok(['pacman', '-Syu', '--noconfirm'])
}
