/** What a machine is offered: repositories, on a disk that it reads. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../lab/cache.ts'
import { bootNode } from '../lab/lab.ts'
import { directoryOf, newNodeId } from '../lab/layers.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { offer, publish } from '../lab/pacman.ts'
import { KERNELS } from './board-kernel.ts'
import type { Machine } from './machine.ts'
import { MKE2FS, machineTree } from './tools.ts'

/** The same for all disks: a machine's saved state knows it. */
const SIZE = '1G'

export interface Offer {
  recipes?: PackageRecipe[]
  /** packages that are built already, by their paths */
  files?: string[]
}

const made = new Map<string, Promise<string>>()

/**
 * Makes the disk, once for the same offers. Each is a repository of its own, with what the ones before
 * it have.
 *
 * @returns the disk's path; it is removed when this process ends
 */
export function makeGoods(...offers: Offer[]): Promise<string> {
  const key = JSON.stringify(offers)
  const disk = made.get(key) ?? make(offers)
  made.set(key, disk)
  return disk
}

async function make(offers: readonly Offer[]): Promise<string> {
  const directory = directoryOf(newNodeId())
  const tree = join(directory, 'tree')
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(tree, { recursive: true })
  await using node = await bootNode({ program: false, binds: [`${machineTree}:${KERNELS}`] })
  for (const [index, { recipes = [], files = [] }] of offers.entries()) {
    await offer(node, ...recipes)
    await publish(node, files)
    const copy = join(tree, String(index))
    cpSync(join(node.root, 'srv/lab'), copy, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    })
  }
  const disk = join(directory, 'goods.img')
  execFileSync(findProgram('mke2fs') ?? 'mke2fs', [...MKE2FS, '-d', tree, disk, SIZE])
  rmSync(tree, { recursive: true })
  return disk
}

/** Makes an offer, counted from 0, the machine's repository; `pacman -Sy` then sees it. */
export async function takeOffer(machine: Machine, index: number): Promise<void> {
  await machine.shell(`
mountpoint -q /srv/goods || mount /srv/goods
rm -rf /srv/lab
ln -s /srv/goods/${index} /srv/lab`)
}
