import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Host } from '../../src/host/host.ts'
import { verifyUnits } from '../../src/systemd/analyze.ts'
import { execWord, listWord, unitNameOf } from '../../src/systemd/escape.ts'
import { authorship, sealed } from '../../src/units/unit.ts'
import { STAGING } from '../../src/pacman/database/staging.ts'
import { generate } from '../../src/units/generate.ts'
import { checkOptions, DEFAULTS, type UnitOptions } from '../../src/units/options.ts'
import { planUnits } from '../../src/units/plan.ts'
import { writeUnits } from '../../src/units/write.ts'
import { makeTree } from '../fixture/tree.ts'

const units = (options: Partial<UnitOptions> = {}) =>
  generate(checkOptions({ ...DEFAULTS, ...options }))
const textOf = (name: string, options: Partial<UnitOptions> = {}) =>
  units(options).find((unit) => unit.name === name)?.text ?? ''

test('the files in systemd/ are what the generator gives by default', () => {
  const directory = join(import.meta.dirname, '../../systemd')
  const shipped = new Map(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  )
  const generated = new Map(units({ role: 'cache' }).map(({ name, text }) => [name, text]))
  const anew = `if the generator changed on purpose: npm run build; mkdir -p /tmp/units/etc
node bin/kured-sentinel.cjs units install --role cache --root /tmp/units
cp /tmp/units/etc/systemd/system/* systemd`
  assert.deepEqual([...shipped.keys()].toSorted(), [...generated.keys()].toSorted(), anew)
  for (const [name, text] of generated) assert.equal(shipped.get(name), text, `${name}: ${anew}`)
})

test('the cache has both pairs, a node the upgrade', () => {
  const health = ['kured-sentinel-health.service', 'kured-sentinel-health.timer']
  const notify = ['kured-sentinel-notify.service', 'kured-sentinel-notify.path']
  const node = ['pacman-upgrade.service', 'pacman-upgrade.timer', ...health, ...notify]
  const cache = ['pacman-cache-update.service', 'pacman-cache-update.timer', ...node]
  assert.deepEqual(
    units({ role: 'node' }).map(({ name }) => name),
    node,
  )
  assert.deepEqual(
    units({ role: 'cache' }).map(({ name }) => name),
    cache,
  )
})

test('a node mounts both shares read-only, the cache host does not', () => {
  const nfs = ['nas:/sync', 'nas:/pkg']
  for (const name of ['var-lib-pacman-sync.mount', 'var-cache-pacman-pkg.mount']) {
    const plain = /^Options=hard,noatime,nosuid,nodev,noexec$/m
    assert.match(textOf(name, { nfs, role: 'cache' }), plain)
    assert.match(
      textOf(name, { nfs, role: 'node' }),
      /^Options=hard,noatime,nosuid,nodev,noexec,ro$/m,
    )
    assert.match(textOf(name, { nfs, role: 'node', automount: true }), /,ro$/m)
  }
})

test('a third share is the fleet’s, which every host mounts to write to, and only if asked', () => {
  const name = 'var-cache-kured\\x2dsentinel-fleet.mount'
  const nfs = ['nas:/sync', 'nas:/pkg', 'nas:/fleet']
  for (const role of ['node', 'cache'] as const) {
    assert.equal(textOf(name, { nfs: nfs.slice(0, 2), role }), '')
    const text = textOf(name, { nfs, role })
    assert.match(text, /^What=nas:\/fleet\nWhere=\/var\/cache\/kured-sentinel\/fleet$/m)
    assert.match(text, /^Options=hard,noatime,nosuid,nodev,noexec$/m)
    const upgrade = textOf('pacman-upgrade.service', { nfs, role })
    assert.ok(upgrade.split('\n').some((line) => line.startsWith('Wants=') && line.endsWith(name)))
  }
})

test('the seed’s essentials stand in both services', () => {
  for (const [name, commands] of [
    ['pacman-upgrade.service', ['pacman -Su --noconfirm --noprogressbar']],
    [
      'pacman-cache-update.service',
      [
        `pacman -Sy --noconfirm --noprogressbar --dbpath ${STAGING}`,
        // What -uw did for one host, for all of them.
        'kured-sentinel publish',
      ],
    ],
  ] as const) {
    const lines = textOf(name, { role: 'cache' }).split('\n')
    for (const line of [
      'Type=oneshot',
      'Nice=19',
      'After=network-online.target nss-lookup.target',
      'Wants=network-online.target',
      ...commands.map((command) => `ExecStart=/usr/bin/${command}`),
    ]) {
      assert.ok(lines.includes(line), `${name}: ${line}`)
    }
  }
  assert.match(textOf('pacman-upgrade.service'), /^Restart=no$/m)
})

test('no service has a limit of starts: it counts skipped runs and starts by hand too', () => {
  const services = units({ role: 'cache', metrics: '/srv/metrics' }).filter(({ name }) =>
    name.endsWith('.service'),
  )
  assert.equal(services.length, 5)
  for (const { name, text } of services) assert.match(text, /^StartLimitIntervalSec=0$/m, name)
})

test('systemd itself looks at no share: it would wait for a server that is gone, and do nothing else', () => {
  const nfs = ['nas:/sync', 'nas:/pkg', 'nas:/fleet']
  for (const { name, text } of units({ role: 'cache', nfs })) {
    assert.doesNotMatch(text, /^(Condition|Assert)\w*=/m, name)
  }
})

test('nothing in them strips setuid bits, breaks hooks or ends pacman in the middle', () => {
  for (const { name, text } of units({ role: 'cache', metrics: '/srv/metrics' })) {
    assert.doesNotMatch(
      text,
      /^(Restrict|Protect|Private|NoNewPriv|MemoryMax|ReadOnly|System)/m,
      name,
    )
  }
})

test('every directive that the seed does not have follows a reason', () => {
  const silent = new Set(
    `Description Documentation After Wants Type Nice ExecStart Restart
    OnCalendar Persistent WantedBy`.split(/\s+/),
  )
  for (const { name, text } of units({ role: 'cache', metrics: '/srv/metrics' })) {
    let explained = false
    for (const line of text.split('\n').slice(1)) {
      if (line.startsWith('#')) explained = true
      else if (line === '' || line.startsWith('[')) explained = false
      else if (silent.has(line.split('=')[0] ?? '')) continue
      else assert.ok(explained, `${name}: ${line}`)
    }
  }
})

test('a local host has no mount in its units', () => {
  const text = textOf('pacman-upgrade.service', { local: true })
  assert.doesNotMatch(text, /Mount/)
  assert.match(text, /^ExecCondition=.* preflight upgrade --local$/m)
})

describe('paths', () => {
  const PATHS = [
    '/var/cache/pacman/pkg',
    '/-a/-b',
    '/.hidden/.b',
    '/a b/c\td',
    '/100%/$HOME/$$/%%/%h',
    '/a\\b\\x2d',
    `/it's/"so"`,
    '/é/日本/🏔',
    '/a:b_c.d@e~f',
  ]
  for (const path of PATHS) {
    test(`the mount unit’s name is systemd-escape’s: ${path}`, () => {
      const args = ['--path', '--suffix=mount', '--', path]
      const expected = execFileSync('/usr/bin/systemd-escape', args, { encoding: 'utf8' })
      assert.equal(`${unitNameOf(path, 'mount')}\n`, expected)
    })
  }

  test('a word of a list keeps what systemd would take for its own', () => {
    assert.equal(listWord('/a%b'), '/a%%b')
    assert.equal(listWord('/a b'), '"/a b"')
    assert.equal(listWord('/a\\b'), '"/a\\\\b"')
    assert.equal(listWord(`/a"b'c`), `"/a\\"b'c"`)
    assert.equal(execWord('/a$b'), '/a$$b')
  })

  test('one form of each', () => {
    const { syncDir } = checkOptions({ ...DEFAULTS, syncDir: '//a/./b//' })
    assert.equal(syncDir, '/a/b')
  })
})

test('what systemd only warns about is refused too, with its place', () => {
  const path = 'etc/systemd/system/x.target'
  const root = makeTree({ [path]: '[Unit]\nDescription=x\nNiece=19\n' })
  assert.throws(
    () => verifyUnits(root, [join(root, path)]),
    /rejects the units: .*\/etc\/systemd\/system\/x\.target:3: Unknown key.*'Niece'/,
  )
})

describe('who wrote a unit', () => {
  const text = '[Unit]\n'
  test('an unedited one is known by its first line', () => {
    assert.equal(authorship(sealed(text)), 'generated')
    assert.equal(authorship(`${sealed(text)}# x\n`), 'edited')
    assert.equal(authorship(sealed(text).replaceAll('\n', '\r\n')), 'foreign')
    assert.equal(authorship(text), 'foreign')
  })
})

describe('what install has to do', () => {
  const [service, ...rest] = units()
  const wanted = service?.text ?? ''
  const [etc, usr] = ['etc/systemd/system', 'usr/lib/systemd/system']
  const name = 'pacman-upgrade.service'
  const older = sealed('[Unit]\nDescription=older\n')
  const others = rest.map((unit) => [`${etc}/${unit.name}`, unit.text])
  const cases: [title: string, tree: Parameters<typeof makeTree>[0], action: string][] = [
    ['nothing there', {}, 'create'],
    ['the same in /etc', { [`${etc}/${name}`]: wanted }, 'none'],
    ['the same from the package', { [`${usr}/${name}`]: wanted }, 'none'],
    ['another from the package', { [`${usr}/${name}`]: older }, 'create'],
    ['an older one of ours', { [`${etc}/${name}`]: older }, 'replace'],
    [
      'an older one of ours over the package’s',
      { [`${etc}/${name}`]: older, [`${usr}/${name}`]: wanted },
      'remove',
    ],
    ['an edited one', { [`${etc}/${name}`]: `${wanted}# x\n` }, 'replace edited'],
    ['a person’s own', { [`${etc}/${name}`]: '[Unit]\n' }, 'replace foreign'],
    [
      'a masked one',
      { [`${etc}/${name}`]: { link: '/dev/null' }, [`${usr}/${name}`]: wanted },
      'remove masked',
    ],
    ['a link', { [`${etc}/${name}`]: { link: '/srv/x.service' } }, 'replace linked'],
    [
      'one in /usr/local before the package’s',
      { [`usr/local/lib/systemd/system/${name}`]: older, [`${usr}/${name}`]: wanted },
      'create',
    ],
  ]
  for (const [title, tree, action] of cases) {
    test(title, () => {
      const host = new Host(makeTree({ ...Object.fromEntries(others), ...tree }))
      const [change] = planUnits(host, units()).changes
      const { action: found = 'none', overwrites } = change ?? {}
      assert.equal([found, overwrites].join(' ').trim(), action)
    })
  }

  test('a unit of other options is told', () => {
    const host = new Host(makeTree({ [`${etc}/var-x.mount`]: older, [`${etc}/var-y.mount`]: '' }))
    assert.deepEqual(planUnits(host, units()).surplus, ['var-x.mount'])
  })
})

test('when one file cannot be written, those before it are as they were', () => {
  const root = makeTree({
    'd/old': 'old',
    'd/mask': { link: '/dev/null' },
    'd/gone': 'x',
    file: '',
  })
  const changes = [
    { path: '/d/old', text: 'new' },
    { path: '/d/new', text: 'new' },
    { path: '/d/mask', text: 'new' },
    { path: '/d/gone', text: undefined },
    { path: '/file/below', text: 'new' },
  ]
  assert.throws(
    () => writeUnits(new Host(root), changes),
    /\/file\/below could not be written; no file was changed/,
  )
  assert.deepEqual(readdirSync(join(root, 'd')).toSorted(), ['gone', 'mask', 'old'])
  assert.equal(readFileSync(join(root, 'd/old'), 'utf8'), 'old')
  assert.ok(lstatSync(join(root, 'd/mask')).isSymbolicLink())
})

test('metrics: a service, a timer and a path, for the directory that is named', () => {
  const metrics = units({ metrics: '/srv//metrics/' }).slice(-3)
  assert.deepEqual(
    metrics.map(({ name, enable }) => [name, enable]),
    [
      ['kured-sentinel-metrics.service', false],
      ['kured-sentinel-metrics.timer', true],
      ['kured-sentinel-metrics.path', true],
    ],
  )
  assert.match(
    metrics[0]?.text ?? '',
    /^ExecStart=\/usr\/bin\/kured-sentinel metrics --textfile \/srv\/metrics$/m,
  )
  assert.match(metrics[2]?.text ?? '', /^PathChanged=\/var\/lib\/kured-sentinel$/m)
  assert.match(
    textOf('kured-sentinel-metrics.service', { metrics: '/a $b%c' }),
    /--textfile "\/a \$\$b%%c"$/m,
  )
  for (const wrong of ['metrics', '', '/', '/a/../b', '/a"b', '/a\\b', '/a\nb']) {
    assert.throws(() => units({ metrics: wrong }), /--metrics/, wrong)
  }
})
