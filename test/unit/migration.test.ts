import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upgradesSince } from '../../src/pacman/log/upgrades.ts'
import type { Occupant } from '../../src/proc/occupants.ts'
import { whyMigration } from '../../src/restart/migration.ts'
import { runningUnit } from '../fixture/unit.ts'

const line = (at: number, text: string, source = 'ALPM') => ({ source, text, at })
const HOUR = 3_600_000

/** The reason for a database that was started an hour after the log begins. */
function why(name: string, executable: string, upgrades: string[], more: Partial<Occupant> = {}) {
  const process = { pid: 40, startedAt: 0, container: false, executable, devices: [] }
  const lines = upgrades.map((text, index) => line((index + 1) * HOUR, `upgraded ${text}`))
  return whyMigration(
    runningUnit(`${name}.service`),
    [{ ...process, replaced: true, ...more }],
    (isMeant) => upgradesSince(lines, isMeant, 0),
  )
}

for (const [what, name, executable, upgrade, refused] of [
  ['another major', 'postgresql', '/usr/bin/postgres', 'postgresql (13.4-1 -> 14.1-1)', true],
  ['the same major', 'postgresql', '/usr/bin/postgres', 'postgresql (14.1-1 -> 14.2-1)', false],
  ['an epoch', 'postgresql', '/usr/bin/postgres', 'postgresql (1:13.4-1 -> 1:14-1)', true],
  ['a unit of one’s own', 'shop-db', '/usr/bin/postgres', 'postgresql (13.4-1 -> 14.1-1)', true],
  ['its libraries', 'postgresql', '/usr/bin/postgres', 'postgresql-libs (13.4-1 -> 14.1-1)', false],
  ['two numbers', 'mariadb', '/usr/bin/mariadbd', 'mariadb (10.11.6-1 -> 11.4.2-1)', true],
  ['a patch', 'mariadb', '/usr/bin/mariadbd', 'mariadb (11.4.2-1 -> 11.4.3-1)', false],
  ['only its Java', 'elasticsearch', '/usr/lib/jvm/bin/java', 'jre (21-1 -> 22-1)', false],
  [
    'one below Java',
    'elasticsearch',
    '/usr/lib/jvm/bin/java',
    'elasticsearch (7.1-1 -> 8.0-1)',
    true,
  ],
  ['no database', 'nginx', '/usr/bin/nginx', 'nginx (1.26.1-1 -> 2.0.0-1)', false],
] as const) {
  test(`a database’s major version: ${what}`, () => {
    assert.equal(why(name, executable, [upgrade]) !== undefined, refused)
  })
}

test('over several upgrades; not where the program that runs is the one installed', () => {
  const twice = ['postgresql (13.4-1 -> 14.1-1)', 'postgresql (14.1-1 -> 14.2-1)']
  assert.equal(
    why('postgresql', '/usr/bin/postgres', twice),
    'postgresql 13.4-1 became 14.2-1, which may not read its data: migrate them (see postgresql’s release notes), then systemctl restart postgresql.service',
  )
  assert.equal(why('postgresql', '/usr/bin/postgres', twice, { replaced: false }), undefined)
})

test('changes of version since a time: by the place in the log, as a clock may step back', () => {
  const lines = [
    line(1 * HOUR, 'upgraded a (1-1 -> 2-1)'),
    line(3 * HOUR, 'upgraded a (2-1 -> 3-1)', 'PACMAN'),
    line(3 * HOUR, 'upgraded a (2-1 -> 3-1)'),
    line(0, 'downgraded a (3-1 -> 2-1)'),
    line(4 * HOUR, 'upgraded b (1-1 -> 2-1)'),
  ]
  const since = (at: number) => upgradesSince(lines, (name) => name === 'a', at).map(({ to }) => to)
  assert.deepEqual(since(2 * HOUR), ['3-1', '2-1'])
  assert.deepEqual(since(9 * HOUR), ['2-1'], 'a log that ends before: the last one')
})
