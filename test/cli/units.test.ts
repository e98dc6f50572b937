/** `units …` on the files of a host below a directory: no running systemd is needed. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { sealed } from '../../src/units/unit.ts'
import { makeTree, type Tree } from '../fixture/tree.ts'
import { asKured, run } from '../fixture/program.ts'
import { readEnvelope } from '../fixture/envelope.ts'

const IMAGE = {
  'etc/pacman.conf': '[options]\n',
  'etc/fstab': 'nas:/a /var/lib/pacman/sync nfs ro 0 0\nnas:/b /var/cache/pacman/pkg nfs ro 0 0\n',
  'usr/bin/pacman': '',
  'usr/bin/kured-sentinel': '',
}
const UNITS = 'etc/systemd/system'
const SHIPPED = join(import.meta.dirname, '../../systemd')

for (const command of ['print', 'install', 'remove', 'status', 'diff']) {
  test(`units ${command} --help has an example`, () => {
    const { code, stdout } = run(['units', command, '--help'])
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`Example:\n {2}kured-sentinel units ${command}`))
  })
}

describe('a bad value is refused with the reason, and no file is written', () => {
  const nfs = ['--nfs', 'nas:/a', '--nfs', 'nas:/b']
  const cases: [words: string[], says: RegExp][] = [
    [['--role', 'master'], /Allowed choices are cache, node/],
    [
      ['--upgrade-calendar', 'dayly'],
      /--upgrade-calendar 'dayly': Failed to parse calendar.*such as daily or '\*-\*-\* 03:00:00'$/m,
    ],
    [['--upgrade-calendar', '*-02-30'], /--upgrade-calendar '\*-02-30' never occurs/],
    [['--cache-calendar', ''], /--cache-calendar ''/],
    [['--cache-calendar', 'daily\nUnit=x'], /--cache-calendar contains a control character/],
    [['--spread', '1 fortnight'], /--spread '1 fortnight': Failed to parse time span/],
    [['--spread', 'infinity'], /--spread 'infinity' is infinite/],
    [['--spread', '-1h'], /--spread '-1h'/],
    [['--sync-dir', 'relative'], /--sync-dir 'relative' is not an absolute path/],
    [['--sync-dir', '/a/../b'], /--sync-dir '\/a\/\.\.\/b' contains \.\./],
    [['--cache-dir', '/'], /--cache-dir '\/' is the root/],
    [['--cache-dir', '/a\nb'], /--cache-dir '\/a\\u000ab' contains a control or/],
    [['--cache-dir', '/a '], /ends in a space/],
    [['--cache-dir', '/a\\'], /ends in a backslash/],
    [['--cache-dir', `/${'a'.repeat(250)}`], /is too long for a mount unit/],
    [['--cache-dir', '/var/lib/pacman/sync/'], /are the same/],
    [['--nfs', 'nas:/a'], /--nfs must be given twice/],
    [[...nfs, '--nfs', 'nas:/c', '--nfs', 'nas:/d'], /--nfs must be given twice/],
    [['--nfs', 'nas:/a', '--nfs', '-o:/b'], /--nfs '-o:\/b' is not SERVER:\/EXPORT/],
    [['--nfs', '/a', '--nfs', 'nas:/b'], /--nfs '\/a' is not SERVER:\/EXPORT/],
    [[...nfs, '--local'], /--local is for hosts without mounts/],
    [['--automount'], /--automount needs --nfs/],
    [['extra'], /too many arguments/],
  ]
  for (const [words, says] of cases) {
    test(words.join(' '), () => {
      const root = makeTree(IMAGE)
      for (const command of [['install', '--root', root], ['print']]) {
        const { code, stdout, stderr } = run(['units', ...command, ...words])
        assert.deepEqual([code, stdout], [2, ''])
        assert.match(stderr.replaceAll('?', '\\u000a'), says)
        assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f]/)
      }
      assert.ok(!existsSync(join(root, UNITS)))
    })
  }
})

test('odd paths and exports get past systemd’s own reading', () => {
  const words = ['--sync-dir', `/-a/b c\\d%$"'é`, '--nfs', 'nas:/a b%$"é', '--nfs', '[fd::1%e]:/-x']
  const { code, stdout, stderr } = run(['units', 'print', '--automount', ...words])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^What=nas:\/a b%%\$"é$/m)
  assert.match(stdout, /^What=\[fd::1%%e\]:\/-x$/m)
  assert.match(stdout, /^# \\x2da-b\\x20c\\x5cd\\x25\\x24\\x22\\x27\\xc3\\xa9\.automount$/m)
})

test('print --json has the texts', () => {
  const { stdout } = run(['units', 'print', '--role', 'cache', '--json'])
  const printed = readEnvelope('units print', stdout).details.units
  for (const { name, text } of printed) {
    assert.equal(text, readFileSync(join(SHIPPED, name), 'utf8'))
  }
  assert.equal(printed.length, 8)
})

test('an image: install, again, diff, edit, refuse, force, status, remove', () => {
  const root = makeTree(IMAGE)
  const units = (...words: string[]) => run(['units', ...words, '--root', root])
  const file = (name: string) => join(root, UNITS, name)
  const dry = units('install', '--role', 'cache', '--enable', '--dry-run')
  assert.equal(dry.code, 0)
  assert.match(dry.stdout, /^\+\+\+ \/etc\/systemd\/system\/pacman-upgrade\.timer$/m)
  assert.match(dry.stderr, /^pacman-upgrade\.timer would be enabled$/m)
  assert.ok(!existsSync(join(root, UNITS)))

  // Who forgets --enable would wait for ever.
  const idle = run(['units', 'install', '--root', makeTree(IMAGE)])
  const lasting = 'pacman-upgrade.timer, kured-sentinel-health.timer, kured-sentinel-notify.path'
  assert.deepEqual([idle.code, idle.stderr], [0, `note: not enabled (use --enable): ${lasting}\n`])
  const first = units('install', '--role', 'cache', '--enable')
  assert.deepEqual([first.code, first.stderr], [0, ''])
  assert.match(first.stdout, /^pacman-cache-update\.timer enabled$/m)
  assert.ok(readdirSync(file('timers.target.wants')).includes('pacman-upgrade.timer'))
  const again = units('install', '--role', 'cache', '--enable')
  assert.match(again.stdout, /nothing to do\n$/)
  assert.deepEqual(
    [units('diff', '--role', 'cache').code, units('diff', '--role', 'cache').stdout],
    [0, ''],
  )

  const less = units('diff', '--role', 'node')
  assert.equal(less.code, 1)
  assert.match(less.stderr, /pacman-cache-update\.timer is also there/)
  const other = units('diff', '--role', 'cache', '--spread', '2h')
  assert.equal(other.code, 1)
  assert.match(other.stdout, /^-RandomizedDelaySec=1h\n\+RandomizedDelaySec=2h$/m)

  const edited = `${readFileSync(file('pacman-upgrade.timer'), 'utf8')}# mine\n`
  writeFileSync(file('pacman-upgrade.timer'), edited)
  const refused = units('install', '--role', 'cache', '--spread', '2h')
  assert.equal(refused.code, 2)
  assert.match(refused.stdout, /^-# mine$/m)
  assert.match(refused.stderr, /pacman-upgrade\.timer was written or edited by a person; nothing/)
  assert.match(readFileSync(file('pacman-cache-update.timer'), 'utf8'), /RandomizedDelaySec=1h/)
  assert.equal(readFileSync(file('pacman-upgrade.timer'), 'utf8'), edited)
  assert.equal(units('remove').code, 2)
  assert.match(
    units('status').stdout,
    /pacman-upgrade\.timer: enabled\n.*edited since it was generated/,
  )
  assert.equal(units('install', '--role', 'cache', '--force').code, 0)
  assert.equal(units('diff', '--role', 'cache').code, 0)

  const saved = `/${UNITS}/pacman-upgrade.timer.pacsave`
  assert.equal(readFileSync(join(root, saved), 'utf8'), edited)

  const gone = units('remove')
  assert.equal(gone.code, 0)
  assert.match(gone.stdout, /^pacman-upgrade\.timer disabled$/m)
  const left = `note: ${saved} was not written by this program and stays\n`
  assert.ok(gone.stdout.endsWith(left), gone.stdout)
  assert.deepEqual(readdirSync(join(root, UNITS)), ['pacman-upgrade.timer.pacsave'])
  assert.equal(units('remove').stdout, `nothing to do\n${left}`)
})

test('what was chosen stays until it is named: install, print, diff and status agree', () => {
  const root = makeTree(IMAGE)
  const units = (...words: string[]) => run(['units', ...words, '--root', root])
  const sunday = ['--upgrade-calendar', 'Sun 03:00']
  assert.equal(units('install', '--role', 'cache', '--local', ...sunday).code, 0)
  const before = units('print').stdout
  assert.match(before, /^OnCalendar=Sun 03:00$/m)
  assert.match(before, /^ExecCondition=.* preflight download --local$/m)
  assert.equal(units('diff').code, 0)
  assert.match(units('install').stdout, /is up to date\nnothing to do\n$/)

  const later = units('install', '--spread', '2h')
  assert.match(
    later.stderr,
    /^note: as chosen before: --role cache --upgrade-calendar 'Sun 03:00' --local$/m,
  )
  const timer = `/${UNITS}/pacman-upgrade.timer`
  const differs = 'RandomizedDelaySec=2h (was 1h)'
  assert.ok(later.stdout.includes(`${timer} replaced, which changes: ${differs}\n`), later.stdout)
  const plain = (text: string) => text.replace(/sha256.*/g, '')
  const spread = before.replaceAll('DelaySec=1h', 'DelaySec=2h')
  assert.equal(plain(units('print').stdout), plain(spread))
  assert.equal(units('diff', '--spread', '1h').code, 1)

  // Each choice is undone by its default, and what it excludes goes.
  const daily = units('install', '--upgrade-calendar', 'daily', '--spread', '1h', '--no-local')
  assert.match(daily.stdout, /: OnCalendar=daily \(was Sun 03:00\), RandomizedDelaySec=1h/)
  const node = units('install', '--role', 'node')
  assert.match(node.stdout, /pacman-cache-update\.timer removed: these options do not need it$/m)
  assert.equal(units('print').stdout, run(['units', 'print', '--root', makeTree(IMAGE)]).stdout)
  assert.equal(units('diff').code, 0)
})

test('beside the package’s units: a role that is not enabled yet, and a choice undone', () => {
  const shipped = Object.fromEntries(
    readdirSync(SHIPPED).map((name) => [
      `usr/lib/systemd/system/${name}`,
      readFileSync(join(SHIPPED, name), 'utf8'),
    ]),
  )
  const root = makeTree({ ...IMAGE, ...shipped })
  const units = (...words: string[]) => run(['units', ...words, '--root', root])
  const written = () => readdirSync(join(root, UNITS)).filter((name) => name.endsWith('.timer'))
  units('install', '--role', 'cache')
  assert.deepEqual(written(), ['pacman-cache-update.timer'])
  assert.match(units('install', '--enable').stdout, /^pacman-cache-update\.timer enabled$/m)
  assert.equal(units('install', '--role', 'cache', '--enable').stderr, '')

  units('install', '--upgrade-calendar', 'Sun 03:00')
  const undone = units('install', '--upgrade-calendar', 'daily').stdout
  const says = 'removed: the package’s unit counts: OnCalendar=daily (was Sun 03:00)'
  assert.ok(undone.includes(`/${UNITS}/pacman-upgrade.timer ${says}\n`), undone)
  const node = units('install', '--role', 'node')
  assert.match(node.stdout, /^pacman-cache-update\.timer disabled$/m)
  assert.deepEqual(written(), [])
  assert.match(units('print').stdout, /^(?![^]*pacman-cache-update)/)
})

test('a mount changes only when one of its options is named', () => {
  const root = makeTree(IMAGE)
  const units = (...words: string[]) => run(['units', ...words, '--root', root])
  const nfs = ['--nfs', 'nas:/sync', '--nfs', 'nas:/pkg']
  units('install', ...nfs, '--enable')
  const path = join(root, UNITS, 'var-lib-pacman-sync.mount')
  // As an older version of this program wrote it.
  const older = sealed(
    readFileSync(path, 'utf8').split('\n').slice(1).join('\n').replace(',noexec,ro', ',noexec'),
  )
  writeFileSync(path, older)
  const other = units('install', '--spread', '2h', '--enable')
  assert.equal(other.code, 0)
  const left = 'note: left as it is: var-lib-pacman-sync.mount; a mount changes only with --nfs\n'
  assert.ok(other.stderr.includes(left), other.stderr)
  assert.equal(readFileSync(path, 'utf8'), older)
  assert.equal(units('diff').code, 1)
  rmSync(join(root, UNITS, 'var-cache-pacman-pkg.mount'))
  assert.equal(units('install', '--spread', '3h').code, 0)
  assert.equal(readFileSync(path, 'utf8'), older)

  assert.match(units('install', ...nfs).stdout, /noexec,ro \(was hard/)
  assert.equal(units('diff').code, 0)
  assert.match(units('install', '--no-nfs').stdout, /var-lib-pacman-sync\.mount removed/)
  assert.doesNotMatch(units('print').stdout, /What=nas/)
})

test('a person’s own unit that is replaced is kept, and each one once', () => {
  const file = `${UNITS}/pacman-upgrade.service`
  const root = makeTree({ ...IMAGE, [file]: '[Service]\nExecStart=/mine\n' })
  const units = (...words: string[]) => run(['units', ...words, '--root', root])
  const kept = `kept as /${file}.pacsave`
  const dry = units('install', '--force', '--dry-run')
  assert.ok(dry.stderr.includes(`; the one that was there would be ${kept}\n`), dry.stderr)
  assert.ok(units('install', '--force').stdout.includes(`; the one that was there ${kept}\n`))
  assert.match(readFileSync(join(root, `${file}.pacsave`), 'utf8'), /\/mine/)
  for (const text of ['# second\n', '# second\n', '# third\n']) {
    writeFileSync(join(root, file), text)
    units('install', '--force')
  }
  const saved = readdirSync(join(root, UNITS)).filter((name) => name.includes('pacsave'))
  assert.deepEqual(
    saved.toSorted().map((name) => readFileSync(join(root, UNITS, name), 'utf8').split('\n')[0]),
    ['[Service]', '# second', '# third'],
  )
})

test('mounts: enabled, then on demand instead', () => {
  const root = makeTree(IMAGE)
  const nfs = ['--nfs', 'nas:/sync', '--nfs', 'nas:/pkg', '--enable', '--root', root]
  const first = run(['units', 'install', ...nfs])
  assert.equal(first.code, 0)
  assert.match(first.stderr, /^warning: NFS cannot be mounted: pacman -S nfs-utils$/m)
  const wanted = () => readdirSync(join(root, UNITS, 'remote-fs.target.wants')).toSorted()
  assert.deepEqual(wanted(), ['var-cache-pacman-pkg.mount', 'var-lib-pacman-sync.mount'])
  assert.equal(run(['units', 'install', ...nfs, '--automount']).code, 0)
  assert.deepEqual(wanted(), ['var-cache-pacman-pkg.automount', 'var-lib-pacman-sync.automount'])
  assert.equal(run(['units', 'remove', '--root', root]).code, 0)
  assert.deepEqual(readdirSync(join(root, UNITS)), [])
})

test('what the host has otherwise is a warning', () => {
  const conf = '[options]\nDBPath = /srv/db\nCacheDir = /srv/pkg/\n'
  const root = makeTree({ 'etc/pacman.conf': conf, 'usr/bin/pacman': '' })
  const { code, stderr } = run(['units', 'install', '--root', root])
  assert.equal(code, 0)
  assert.match(stderr, /^warning: .*\/usr\/bin\/kured-sentinel is missing/m)
  assert.match(stderr, /^warning: pacman keeps its sync databases in \/srv\/db\/sync/m)
  assert.match(stderr, /^warning: pacman downloads to \/srv\/pkg /m)
  const words = ['--sync-dir', '/srv/db/sync', '--cache-dir', '/srv/pkg']
  assert.doesNotMatch(
    run(['units', 'install', '--root', root, ...words]).stderr,
    /pacman (keeps|downloads)/,
  )
})

describe('that nothing mounts the databases and packages is said at once', () => {
  const { 'etc/fstab': _, ...image } = IMAGE
  const mount = (name: string) => ({ [`etc/systemd/system/${name}`]: '[Mount]\n' })
  const both = /nothing mounts \/var\/lib\/pacman\/sync and \/var\/cache\/pacman\/pkg: every run/
  const cases: [what: string, tree: Tree, words: string[], says: RegExp | undefined][] = [
    ['neither', image, [], both],
    ['neither, for a cache host', image, ['--role', 'cache'], both],
    [
      'one of them by a unit',
      { ...image, ...mount('var-lib-pacman-sync.automount') },
      [],
      /nothing mounts \/var\/cache\/pacman\/pkg: every run will be skipped\. Name .* --nfs, .* --local/,
    ],
    ['elsewhere than in fstab', IMAGE, ['--sync-dir', '/srv/sync'], /nothing mounts \/srv\/sync: /],
    ['/etc/fstab does', IMAGE, [], undefined],
    ['the units do', image, ['--nfs', 'nas:/a', '--nfs', 'nas:/b'], undefined],
    ['it is the host’s own disk', image, ['--local'], undefined],
  ]
  for (const [what, tree, words, says] of cases) {
    test(what, () => {
      const { code, stderr } = run(['units', 'install', '--root', makeTree(tree), ...words])
      assert.equal(code, 0)
      if (says === undefined) assert.doesNotMatch(stderr, /nothing mounts/)
      else assert.match(stderr, says)
    })
  }
})

test('a record of the last run, and one that cannot be read', () => {
  const record = {
    version: 1,
    job: 'upgrade',
    outcome: 'completed',
    reason: '',
    problems: ['command failed to execute correctly'],
    packages: 3,
    endedAt: '2026-11-24T00:01:02.000Z',
    bootId: 'x',
  }
  const state = 'var/lib/kured-sentinel/run-upgrade.json'
  const root = makeTree({ ...IMAGE, [state]: JSON.stringify(record) })
  run(['units', 'install', '--root', root])
  const told = run(['units', 'status', '--root', root])
  assert.equal(told.code, 0)
  assert.match(told.stdout, /ended 2026-11-24T00:01:02Z: completed: 3 packages\n {4}command failed/)
  const json = run(['units', 'status', '--root', root, '--json']).stdout
  const { version: _, ...shown } = record
  const { units } = readEnvelope('units status', json).details
  assert.deepEqual(units.find(({ name }) => name === 'pacman-upgrade.service')?.run, shown)
  writeFileSync(join(root, state), 'garbage')
  const untold = run(['units', 'status', '--root', root])
  assert.equal(untold.code, 2)
  assert.match(untold.stdout, /problem: .*run-upgrade\.json cannot be read/)
})

test('no host, no answer; and to Kured none is a reboot', () => {
  const none = run(['units', 'install', '--root', '/none'])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /there is no host below \/none/)
  assert.equal(asKured(['units', 'print']).code, 2)
})

test('what was done is said also where the answer cannot be', () => {
  const root = makeTree(IMAGE)
  const full = (command: string) =>
    run(['units', command, '--root', root], { through: ['/bin/sh', '-c', '"$@" >/dev/full', 'sh'] })
  const installed = full('install')
  assert.equal(installed.code, 2)
  assert.match(installed.stderr, /^error: the change was made, but could not be reported\n/)
  const again = full('install')
  assert.doesNotMatch(again.stderr, /made/)
  assert.match(full('remove').stderr, /^error: the change was made, but could not be reported\n/)
})

test('an empty --root, such as an unset variable leaves, is not this host', () => {
  for (const command of ['install', 'remove', 'status', 'diff']) {
    const { code, stderr } = run(['units', command, '--root', ''])
    assert.deepEqual([code, /--root.*empty/.test(stderr)], [2, true], stderr)
  }
})

test('an image whose links lead out of it is left alone, and so is what they lead to', () => {
  const outside = makeTree({ system: { directory: true } })
  for (const link of ['etc/systemd', 'etc/systemd/system', 'etc']) {
    const { 'etc/pacman.conf': _, 'etc/fstab': __, ...image } = IMAGE
    const root = makeTree({ ...image, [link]: { link: outside } })
    const installed = run(['units', 'install', '--root', root])
    assert.deepEqual([installed.code, installed.stdout], [2, ''])
    assert.match(installed.stderr, /leads out of/)
    assert.deepEqual(readdirSync(join(outside, 'system')), [])
    assert.deepEqual(readdirSync(outside), ['system'])
    assert.equal(run(['units', 'remove', '--root', root]).code, 2)
  }
})
