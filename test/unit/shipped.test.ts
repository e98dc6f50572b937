/** What is shipped beside the program agrees with it, and with itself. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { type Config, DEFAULTS, parseConfig } from '../../src/config/config.ts'
import { sampleConf } from '../../scripts/build/sample-conf.ts'
import { SECTIONS } from '../../src/config/keys.ts'
import { MAN_PAGES } from '../fixture/man-pages.ts'
import { documentedValues, shipped, shippedKeys } from '../fixture/shipped.ts'

test('one version, that of package.json', () => {
  const { version } = manifest
  const found = {
    PKGBUILD: /^pkgver=(.*)$/m.exec(shipped('PKGBUILD'))?.[1],
    '.SRCINFO': /^\tpkgver = (.*)$/m.exec(shipped('.SRCINFO'))?.[1],
    source: /^\tsource = (.*)$/m.exec(shipped('.SRCINFO'))?.[1],
    'CHANGELOG.md': /^## (\S+) \(\d{4}-\d\d-\d\d\)$/m.exec(shipped('CHANGELOG.md'))?.[1],
    'the manual pages': [
      ...new Set(
        [...MAN_PAGES.values()].map((page) => /^\S+ "kured-sentinel (.*?)"/.exec(page)?.[1]),
      ),
    ].join(', '),
    'package-lock.json': JSON.parse(shipped('package-lock.json')).version,
  }
  assert.deepEqual(found, {
    PKGBUILD: version,
    '.SRCINFO': version,
    source: `kured-sentinel-${version}.tar.gz`,
    'CHANGELOG.md': version,
    // In its place at build time.
    'the manual pages': '@VERSION@',
    'package-lock.json': version,
  })
})

test('after an upgrade the entry, and what pacman reads of the hooks, is on the disk', () => {
  const script = `sync() { printf '%s\\n' "$@"; }; ${shipped('kured-sentinel.install')}post_upgrade`
  const synced = execFileSync('/bin/bash', ['-euc', script], { encoding: 'utf8' })
  const entry = readdirSync(join(import.meta.dirname, '../../bin'))
  const expected = entry.map((name) => `/usr/lib/kured-sentinel/bin/${name}`)
  const hooks = readdirSync(join(import.meta.dirname, '../../hooks'))
    .filter((name) => name !== '99-kured-sentinel-restart.hook')
    .map((name) => `/usr/share/libalpm/hooks/${name}`)
  assert.deepEqual(synced.trim().split('\n'), [...expected, ...hooks])
})

test('the configuration as shipped sets nothing, and is sound', () => {
  const text = sampleConf()
  assert.deepEqual(parseConfig(text, 'kured-sentinel.conf'), DEFAULTS)
  assert.ok(text.split('\n').every((line) => line.length <= 100))
})

for (const [section, keys] of SECTIONS) {
  for (const key of keys.keys()) {
    test(`the configuration as shipped has [${section}] ${key} with its default`, () => {
      const [found, ...more] = shippedKeys().filter(
        (one) => one.section === section && one.key === key,
      )
      assert.ok(found, `no "#${key} = DEFAULT" and no "# Example: ${key} = VALUE" in [${section}]`)
      assert.deepEqual(more, [], 'once only')
      const config = parseConfig(`[${section}]\n${key} = ${found.value}\n`, 'shipped')
      const changed = Object.keys(DEFAULTS).filter((name) => differs(config, DEFAULTS, name))
      if (!found.isExample) assert.deepEqual(changed, [], `${found.value} is not the default`)
      else assert.equal(changed.length, 1, 'an example changes its key')
    })
  }
}

test('the configuration as shipped has no key that there is not', () => {
  for (const { section, key } of shippedKeys()) {
    assert.ok(SECTIONS.get(section)?.has(key), `[${section}] ${key}`)
  }
})

test('the values for Kured’s chart give Kured these arguments', () => {
  const text = shipped('kured-values.yaml')
  const { configuration, ...rest } = parse(text)
  assert.deepEqual(rest, {})
  // As chart 6.1.0 renders them, each value unquoted into an item of a YAML list.
  assert.deepEqual(argumentsOfKured(configuration), [
    '--reboot-sentinel-command=/usr/bin/kured-sentinel',
    '--reboot-command=/usr/bin/kured-sentinel reboot',
    '--reboot-method=command',
    '--period=30m',
    '--drain-timeout=8m',
    '--lock-release-delay=2m',
    '--lock-ttl=24h',
    '--prefer-no-schedule-taint=weave.works/kured-node-reboot',
    '--annotate-nodes=true',
  ])
})

test('what stops the round, in the comments, goes by the names of alerts', () => {
  const all = shipped('kured-values.yaml').replace(/^ {2}# (\w+: )/gm, '  $1')
  const told = argumentsOfKured(parse(all).configuration)
  assert.deepEqual(told.slice(9, -7), [
    '--prometheus-url=http://prometheus-server.monitoring',
    '--alert-filter-regexp=^KuredSentinelBlock',
    '--alert-filter-match-only=true',
    '--alert-firing-only=true',
    '--blocking-pod-selector=kured-sentinel=keep',
    '--notify-url=slack://hook:TOKEN@webhook',
  ])
  const names = [...shipped('monitoring/alerts.yaml').matchAll(/- alert: (.*)/g)]
  const blocking = names.flatMap(([, name = '']) =>
    name.startsWith('KuredSentinelBlock') ? [name] : [],
  )
  assert.deepEqual(blocking, ['KuredSentinelBlockNodeUnhealthy', 'KuredSentinelBlockUselessReboot'])
})

test('the window in the comments is sound as well', () => {
  const window = shipped('kured-values.yaml').replace(/^ {2}# (\w+: )/gm, '  $1')
  assert.deepEqual(argumentsOfKured(parse(window).configuration).slice(-7), [
    '--reboot-days=mo',
    '--reboot-days=tu',
    '--reboot-days=we',
    '--reboot-days=th',
    '--start-time=02:00',
    '--end-time=06:00',
    '--time-zone=Europe/Berlin',
  ])
})

test('the documentation’s values against a power cut come to Kured as they are', () => {
  assert.deepEqual(argumentsOfKured(documentedValues()), [
    `--reboot-sentinel-command=/usr/bin/sh -c '. "$0"; exit 2' /usr/bin/kured-sentinel`,
    '--reboot-command=/usr/bin/kured-sentinel reboot',
  ])
})

test('Kured is told of commands that there are', () => {
  const { configuration } = parse(shipped('kured-values.yaml'))
  const known = allCommands(commandTree()).map(({ path }) => path.join(' '))
  for (const command of [configuration.rebootSentinelCommand, configuration.rebootCommand]) {
    const [program, ...words] = command.split(' ')
    assert.equal(program, '/usr/bin/kured-sentinel')
    assert.ok(known.includes(words.join(' ')), `there is no command ${command}`)
  }
})

test('removing the package disables every timer and path it installs', () => {
  const named =
    /for unit in ([^;]*); do/.exec(shipped('kured-sentinel.install'))?.[1]?.split(/[\s\\]+/) ?? []
  const lasting = files('systemd').filter((name) => !name.endsWith('.service'))
  assert.deepEqual(
    lasting.filter((name) => !named.includes(name)),
    [],
  )
})

function differs(one: Config, other: Config, name: string): boolean {
  const of = (config: Config) =>
    JSON.stringify(Object.entries(config).find(([key]) => key === name))
  return of(one) !== of(other)
}

/** What templates/daemonset.yaml of chart 6.1.0 makes of `.Values.configuration`. */
function argumentsOfKured(configuration: Record<string, unknown>): string[] {
  const { useRebootSentinelHostPath, ...options } = configuration
  const items = Object.entries(options).flatMap(([name, value]) => {
    // Since 5.4.0 the command goes in only without the host path, which is the chart's default.
    if (name === 'rebootSentinelCommand' && useRebootSentinelHostPath !== false) return []
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    return [value].flat().map((one) => `- --${flag}=${String(one)}\n`)
  })
  return parse(items.join(''))
}

function files(directory: string): string[] {
  const entries = readdirSync(join(import.meta.dirname, '../..'))
  return entries.includes(directory)
    ? readdirSync(join(import.meta.dirname, '../..', directory))
    : []
}
