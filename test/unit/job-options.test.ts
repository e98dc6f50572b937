/** What a host's own units say of its options: by hand, preflight and doctor go by them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asInUnit } from '../../src/commands/preflight.ts'
import { Host } from '../../src/host/host.ts'
import { DEFAULTS, type UnitOptions } from '../../src/units/options.ts'
import { readJobOptions } from '../../src/units/job-options.ts'
import { downloadService, upgradeService } from '../../src/units/services.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'

const NONE = { local: false, allowDownload: false, syncDir: undefined, cacheDir: undefined }
const local = { ...DEFAULTS, local: true }
const elsewhere = { ...DEFAULTS, syncDir: '/srv/a b%', cacheDir: '/srv/"$p"' }

const CASES: [
  what: string,
  etc: UnitOptions | undefined,
  shipped: UnitOptions | undefined,
  expected: object,
][] = [
  ['no unit', undefined, undefined, NONE],
  ['the package’s', undefined, DEFAULTS, NONE],
  ['written with --local', local, DEFAULTS, { ...NONE, local: true }],
  ['written with mounts, over one without', DEFAULTS, local, NONE],
  [
    'written with other directories',
    elsewhere,
    DEFAULTS,
    { ...NONE, syncDir: '/srv/a b%', cacheDir: '/srv/"$p"' },
  ],
]

const JOBS = [
  ['upgrade', 'pacman-upgrade.service', upgradeService],
  ['download', 'pacman-cache-update.service', downloadService],
] as const

for (const [what, etc, shipped, expected] of CASES) {
  test(`what a job’s unit tells its preflight: ${what}`, () => {
    for (const [job, name, write] of JOBS) {
      const root = makeTree({
        ...(etc && { [`etc/systemd/system/${name}`]: write(etc).text }),
        ...(shipped && { [`usr/lib/systemd/system/${name}`]: write(shipped).text }),
      })
      assert.deepEqual(readJobOptions(new Host(root), job), expected)
    }
  })
}

test('a drop-in’s line counts, where it asks the same', () => {
  const line = '/usr/bin/kured-sentinel preflight upgrade --allow-download'
  const host = (dropIn: string) => {
    const tree: Tree = {
      'etc/systemd/system/pacman-upgrade.service': upgradeService(local).text,
      'etc/systemd/system/pacman-upgrade.service.d/mine.conf': dropIn,
    }
    return new Host(makeTree(tree))
  }
  const changed = host(`[Service]\nExecCondition=\nExecCondition=${line}\n`)
  assert.deepEqual(readJobOptions(changed, 'upgrade'), { ...NONE, allowDownload: true })
  const other = host('[Service]\nExecCondition=/usr/bin/mine preflight\n')
  assert.deepEqual(readJobOptions(other, 'upgrade'), { ...NONE, local: true })
})

test('by hand, what is named wins over the unit’s line', () => {
  const unit = { ...NONE, syncDir: '/srv/sync', cacheDir: '/srv/pkg' }
  const alone = { ...NONE, local: true }
  assert.deepEqual(asInUnit(NONE, unit), unit)
  assert.deepEqual(asInUnit(NONE, alone), alone)
  assert.deepEqual(asInUnit({ ...NONE, cacheDir: '/x' }, unit), { ...unit, cacheDir: '/x' })
  assert.deepEqual(asInUnit({ ...NONE, syncDir: '/x' }, alone), { ...NONE, syncDir: '/x' })
  assert.deepEqual(asInUnit(alone, unit), alone)
  const download = { ...NONE, allowDownload: true }
  assert.deepEqual(asInUnit(NONE, download), download)
})
