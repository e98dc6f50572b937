import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { DEFAULTS } from '../../src/units/options.ts'
import { hasOwnCache } from '../../src/units/own-cache.ts'
import { downloadService, upgradeService } from '../../src/units/services.ts'
import { makeTree } from '../fixture/tree.ts'

const local = { ...DEFAULTS, local: true }

for (const [what, etc, package_, expected] of [
  ['no unit', undefined, undefined, false],
  ['the package’s', undefined, DEFAULTS, false],
  ['written with --local', local, DEFAULTS, true],
  ['written with mounts, over one without', DEFAULTS, local, false],
] as const) {
  test(`${what}: the host has ${expected ? '' : 'not '}its cache on its own disk`, () => {
    for (const [job, write] of [
      ['upgrade', upgradeService],
      ['download', downloadService],
    ] as const) {
      const name = job === 'upgrade' ? 'pacman-upgrade.service' : 'pacman-cache-update.service'
      const root = makeTree({
        ...(etc && { [`etc/systemd/system/${name}`]: write(etc).text }),
        ...(package_ && { [`usr/lib/systemd/system/${name}`]: write(package_).text }),
      })
      assert.equal(hasOwnCache(new Host(root), job), expected)
    }
  })
}
