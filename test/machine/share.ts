/** A share as in README.md: a server, the cache host, which fills it, and nodes, which read it. */
import { makeGoods, type Offer } from './goods.ts'
import { Lan } from './lan.ts'
import type { Machine } from './machine.ts'
import { readyMachine } from './ready.ts'
import { readRecipe } from './recipe.ts'

export interface Share {
  server: Machine
  cache: Machine
  nodes: Machine[]
}

/** README.md's network, and the machines'. */
const [NETWORK, LAN] = ['192.168.1.0/24', '10.75.83.0/24']

const PATIENCE_MS = 600_000

/**
 * Starts the machines, and follows the recipe on them.
 *
 * @param more options of `units install`; fleet: with the directory in which hosts tell of themselves
 */
export async function startShare(
  offers: Offer[],
  { nodes: names = ['node'], more = '', fleet = false } = {},
): Promise<Share> {
  const goods = await makeGoods(...offers)
  const lan = new Lan()
  const start = (name: string) => readyMachine({ name, goods, lan })
  const machines = await Promise.all([start('nas'), start('cache'), ...names.map(start)])
  await Promise.all(machines.map((machine) => machine.joinNetwork(machines)))
  const [server, cache, ...nodes] = machines
  if (server === undefined || cache === undefined) throw new Error('no machines')
  const recipe = readRecipe(fleet)
  // After a power cut the clients must not wait for 90 s for the server's grace period.
  await server.writeFile('/etc/nfs.conf.d/test.conf', '[nfsd]\ngrace-time=10\nlease-time=10\n')
  await exportShare(server, recipe.exports)
  // The first mount loads modules: on a loaded host that alone takes longer than the units wait.
  const first = 'mount -t nfs nas:/srv/pacman/sync /mnt; umount /mnt'
  await Promise.all([cache, ...nodes].map((machine) => machine.shell(first, PATIENCE_MS)))
  await Promise.all([
    cache.shell(`${recipe.cacheHost} ${more}`, PATIENCE_MS),
    ...nodes.map((node) => node.shell(`${recipe.node} ${more}`, PATIENCE_MS)),
  ])
  return { server, cache, nodes }
}

/** Exports the share as a text in README.md's form tells, for this boot and the next ones. */
export async function exportShare(server: Machine, exports: string): Promise<void> {
  const paths = exports.split('\n').map((line) => line.split(' ', 1).join())
  await server.writeFile('/etc/exports', exports.replaceAll(NETWORK, LAN))
  await server.shell(
    `mkdir -p ${paths.join(' ')}
systemctl enable --quiet --now nfs-server
exportfs -ra
sync`,
    PATIENCE_MS,
  )
}

/**
 * Forgets what the machine has read of the packages: else pacman would not notice that the server is
 * gone. Only these: Debian's 6.1.0-55 fails in ext4 when all of its page cache is dropped.
 * [dd(1), nocache: posix_fadvise(2), POSIX_FADV_DONTNEED]
 */
export async function dropPackages(machine: Machine): Promise<void> {
  await machine.shell(`for file in /var/cache/pacman/pkg/*; do
  dd if="$file" iflag=nocache count=0 status=none
done`)
}

/** Mounts the share anew. */
export async function restartMounts(machine: Machine): Promise<void> {
  const mounts = 'var-lib-pacman-sync.mount var-cache-pacman-pkg.mount'
  await machine.shell(`systemctl stop ${mounts}; systemctl start ${mounts}`, PATIENCE_MS)
}
