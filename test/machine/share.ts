/** A share as in docs/upgrades.md: a server, the cache host, which fills it, and a node, which reads it. */
import { makeGoods, type Offer } from './goods.ts'
import { Lan } from './lan.ts'
import type { Machine } from './machine.ts'
import { readyMachine } from './ready.ts'

interface Share {
  server: Machine
  cache: Machine
  node: Machine
}

const EXPORTS = ['sync', 'pkg'].map((name) => `/srv/pacman/${name}`)

/** With which the server exports the share: root of the cache host may write, the node reads. */
const AS_TOLD = { cache: 'rw,no_root_squash', node: 'ro' }

/** Starts the three machines, with the units of docs/upgrades.md in both that use the share. */
export async function startShare(offers: Offer[], options = ''): Promise<Share> {
  const goods = await makeGoods(...offers)
  const lan = new Lan()
  const start = (name: string) => readyMachine({ name, goods, lan })
  const machines = await Promise.all([start('server'), start('cache'), start('node')])
  await Promise.all(machines.map((machine) => machine.joinNetwork(machines)))
  const [server, cache, node] = machines
  // After a power cut the clients must not wait for 90 s for the server's grace period.
  await server.writeFile('/etc/nfs.conf.d/test.conf', '[nfsd]\ngrace-time=10\nlease-time=10\n')
  await server.shell(`mkdir -p ${EXPORTS.join(' ')}; systemctl enable --quiet nfs-server`)
  await exportShare({ server, cache, node }, AS_TOLD)
  const nfs = EXPORTS.map((path) => `--nfs server:${path}`).join(' ')
  await Promise.all([
    cache.shell(`kured-sentinel units install --role cache ${nfs} ${options} --enable`, 300_000),
    node.shell(`kured-sentinel units install ${nfs} ${options} --enable`, 300_000),
  ])
  return { server, cache, node }
}

/** Exports the share anew. [exports(5)] */
async function exportShare(
  { server, cache, node }: Share,
  as: { cache: string; node: string },
): Promise<void> {
  const lines = EXPORTS.map(
    (path) => `${path} ${cache.address}(${as.cache},sync) ${node.address}(${as.node},sync)`,
  )
  await server.writeFile('/etc/exports', `${lines.join('\n')}\n`)
  await server.shell('systemctl start nfs-server; exportfs -ra; sync', 300_000)
}
