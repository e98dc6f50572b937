/** A publication that is ended in the middle: hosts see what they had, or all of what is new. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { bootNode, install, offer } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import type { PackageRecipe } from '../lab/package.ts'
import { CACHE, SYNC } from '../lab/upgrade-job.ts'
import { random, type Round } from './rounds.ts'
import { bootAgain, bootFrom } from './upgrade-node.ts'

const UNIT = 'pacman-cache-update.service'
const NAMES = ['aaa', 'bbb', 'ccc']

/** The longest that a publication takes here on a quiet machine, in ms. */
const PUBLISH_MS = 3000

/** Of a package of the new version, about, in KiB. */
const PACKAGE_KIB = 300

const recipe = (name: string, version: string): PackageRecipe => ({
  name,
  version,
  package: `mkdir -p "$pkgdir/usr/share"
head -c ${PACKAGE_KIB * 1024} /dev/urandom >"$pkgdir/usr/share/${name}"`,
})

const packages = (version: string) => NAMES.map((name) => recipe(name, version))

/** What the preflight asks for: both are mount points of their own. */
const MOUNT = `for path in ${SYNC} ${CACHE}; do mount --bind $path $path; done`

/** Makes the disk of a cache host that has published the old packages; the new ones are on its mirror. */
export async function preparePublisher(file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const node = await bootNode({ disk: true })
  await install(node, ...packages('1'))
  await node.writeFile('/etc/kured-sentinel.conf', '[upgrade]\nmin-free = 1\n')
  await node.ok(['kured-sentinel', 'units', 'install', '--role', 'cache'])
  await node.shell(`${MOUNT}; systemctl start ${UNIT}`)
  await offer(node, ...packages('2'))
  await node.powerOff({ keep: true })
  node.keepDisk(file)
  await node.discard()
}

/** Begins a publication, and waits until pacman has refreshed its databases and that many ms more. */
async function begin(node: LabNode, ms: number): Promise<void> {
  const count = "grep -c 'pacman -Sy .*staging' /var/log/pacman.log"
  const before = (await node.shell(count)).trim()
  await node.ok(['systemctl', 'start', '--no-block', UNIT])
  const begun = `until [ "$(${count})" != ${before} ]; do sleep 0.01; done`
  await node.shell(`${begun}; sleep ${(ms / 1000).toFixed(3)}`)
}

/** A file system of that size in KiB in the place of a directory, with what that has. */
const shrink = (path: string, kib: number) => `cp -a ${path} /root/kept
umount ${path}
mount -t tmpfs -o size=${kib}k,mode=755 none ${path}
cp -a /root/kept/. ${path}; rm -r /root/kept`

const grow = (path: string) => `mount -o remount,size=50m ${path} 2>/dev/null || :`

/** How a publication is ended. */
const WAYS: Record<string, (node: LabNode, chance: number) => Promise<void>> = {
  async SIGKILL(node, chance) {
    await begin(node, chance * PUBLISH_MS)
    await node.run(['systemctl', 'kill', '--signal=KILL', '--kill-whom=all', UNIT])
  },
  async 'power cut'(node, chance) {
    await begin(node, chance * PUBLISH_MS)
    await node.losePower()
    await bootAgain(node)
    await node.shell(MOUNT)
  },
  async 'full disk of packages'(node, chance) {
    const kib = PACKAGE_KIB * NAMES.length
    await node.shell(shrink(CACHE, Math.round(kib * (1.1 + chance))))
    await node.run(['systemctl', 'start', UNIT])
  },
  async 'full disk of databases'(node, chance) {
    await node.shell(shrink(SYNC, 8 + 4 * Math.round(chance * 3)))
    await node.run(['systemctl', 'start', UNIT])
  },
}

/** What a node would do: it never finds databases without their packages. '' if that holds. */
async function whatANodeSees(node: LabNode): Promise<string> {
  const { exitCode, stdout, stderr } = await node.run(['kured-sentinel', 'preflight', 'upgrade'])
  const said = stdout + stderr
  if (exitCode === 0) return ''
  return /is not the one that .* published|pacman is at work/.test(said) ? '' : said.trim()
}

/** One publication that is ended at a random moment, and one that is not. */
export async function publishCut(disk: string, seed: number, round: number): Promise<Round> {
  await using node = await bootFrom(disk)
  await node.shell(MOUNT)
  const ways = Object.entries(WAYS)
  const [what, end] = ways[round % ways.length]!
  const chance = random(seed, round)
  await end(node, chance)
  const seen = await whatANodeSees(node)
  await node.run(['systemctl', 'stop', UNIT])
  await node.shell(`systemctl reset-failed; ${grow(SYNC)}; ${grow(CACHE)}`)
  const again = await node.run(['systemctl', 'start', UNIT], { timeoutMs: 120_000 })
  const failed = again.exitCode === 0 ? '' : (await node.run(['kured-sentinel', 'history'])).stdout
  const missing = await node.run(['kured-sentinel', 'preflight', 'upgrade', '--explain'])
  const isThere = missing.stdout.includes(`${NAMES.length} packages to upgrade, all in the cache`)
  const detail = seen || failed || (isThere ? '' : missing.stdout + missing.stderr)
  const at = Math.round(chance * PUBLISH_MS)
  return { round, what, at, end: detail === '' ? 'whole' : 'broken', detail }
}
