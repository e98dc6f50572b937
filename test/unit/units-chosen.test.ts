/** `units` remembers: what was chosen is in the units, and read back from them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Host } from '../../src/host/host.ts'
import { merge } from '../../src/units/choice.ts'
import { readWritten } from '../../src/units/chosen.ts'
import { describeDifference } from '../../src/units/directives.ts'
import { generate } from '../../src/units/generate.ts'
import { checkOptions, DEFAULTS, unitsCommand, type UnitOptions } from '../../src/units/options.ts'
import { makeTree } from '../fixture/tree.ts'

const inEtc = (options: UnitOptions): Record<string, string> =>
  Object.fromEntries(
    generate(options).map(({ name, text }) => [`etc/systemd/system/${name}`, text]),
  )

const step = fc.stringMatching(/^[a-z %$"'é\\-]{1,8}[a-z]$/)
const path = step.map((name) => `/srv/${name}`)
const options = fc
  .record({
    role: fc.constantFrom('cache' as const, 'node' as const),
    cacheCalendar: fc.constantFrom('*-*-* 12:00:00', 'Mon..Fri 11:00'),
    upgradeCalendar: fc.constantFrom('daily', 'Sun *-*-* 03:00:00'),
    spread: fc.constantFrom('1h', '0', '2h 30min'),
    dirs: fc.uniqueArray(path, { minLength: 2, maxLength: 2 }),
    shares: fc.constantFrom(0, 2, 3),
    server: step,
    automount: fc.boolean(),
    local: fc.boolean(),
    metrics: fc.option(
      path.filter((one) => !/["\\]/.test(one)),
      { nil: undefined },
    ),
  })
  .map(({ dirs, shares, server, ...rest }): UnitOptions => {
    const nfs = rest.local
      ? []
      : ['sync', 'pkg', 'fleet'].slice(0, shares).map((end) => `nas:/${server}/${end}`)
    const [syncDir = '', cacheDir = ''] = rest.local ? [DEFAULTS.syncDir, DEFAULTS.cacheDir] : dirs
    const automount = rest.automount && nfs.length > 0
    return checkOptions({ ...rest, syncDir, cacheDir, nfs, automount })
  })

test('any options are read back from the units that they gave', () => {
  fc.assert(
    fc.property(options, (chosen) => {
      const { role: _, ...rest } = chosen
      // A node has no timer for downloads.
      const expected =
        chosen.role === 'cache' ? rest : { ...rest, cacheCalendar: DEFAULTS.cacheCalendar }
      assert.deepEqual(readWritten(new Host(makeTree(inEtc(chosen)))), expected)
    }),
    { numRuns: 150 },
  )
})

test('what this program did not write, or says a thing twice, counts as the default', () => {
  const { role: _, ...defaults } = DEFAULTS
  const timer = 'etc/systemd/system/pacman-upgrade.timer'
  const foreign = { [timer]: '[Timer]\nOnCalendar=Sun 03:00\n' }
  assert.deepEqual(readWritten(new Host(makeTree(foreign))), defaults)
  const written = inEtc({ ...DEFAULTS, upgradeCalendar: 'weekly' })
  const twice = `${written[timer]}OnCalendar=Sun 03:00\n`
  assert.deepEqual(readWritten(new Host(makeTree({ ...written, [timer]: twice }))), defaults)
  assert.deepEqual(readWritten(new Host(makeTree({}))), defaults)
  assert.equal(readWritten(new Host(makeTree(written))).upgradeCalendar, 'weekly')
})

test('what is named wins; --local and --nfs undo each other; a default undoes a choice', () => {
  const nfs = ['nas:/a', 'nas:/b']
  const mounted = { ...DEFAULTS, nfs, automount: true, spread: '2h' }
  assert.deepEqual(merge(mounted, { upgradeCalendar: 'weekly' }), {
    ...mounted,
    upgradeCalendar: 'weekly',
  })
  const alone = { ...DEFAULTS, spread: '2h', local: true }
  assert.deepEqual(merge(mounted, { local: true }), alone)
  assert.deepEqual(merge(alone, { nfs }), { ...DEFAULTS, spread: '2h', nfs })
  assert.deepEqual(merge(mounted, { nfs: [], spread: '1h' }), DEFAULTS)
  assert.throws(() => checkOptions(merge(mounted, { nfs, local: true })), /--local is for hosts/)
})

test('the options as a command line', () => {
  assert.equal(unitsCommand(DEFAULTS), '')
  const nfs = ['nas:/a', "nas:/b'c"]
  const calendar = { upgradeCalendar: 'Sun 03:00', role: 'cache' } as const
  assert.equal(
    unitsCommand({ ...DEFAULTS, ...calendar, nfs, automount: true }),
    `--role cache --upgrade-calendar 'Sun 03:00' --nfs nas:/a --nfs 'nas:/b'\\''c' --automount`,
  )
})

test('how two units differ, in words', () => {
  const timer = 'OnCalendar=daily\nRandomizedDelaySec=1h\n'
  assert.equal(
    describeDifference(timer, 'OnCalendar=Sun 03:00\nRandomizedDelaySec=1h\nPersistent=true\n'),
    'OnCalendar=Sun 03:00 (was daily), Persistent=true is new',
  )
  assert.equal(describeDifference(timer, 'OnCalendar=daily\n'), 'RandomizedDelaySec=1h is gone')
  assert.equal(describeDifference(timer, `# why\n${timer}`), 'its comments alone')
})
