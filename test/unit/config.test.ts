import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS, parseConfig } from '../../src/config/config.ts'
import { durationText, parseDuration } from '../../src/text/duration.ts'
import { size, sizeText } from '../../src/text/size.ts'

const parse = (text: string) => parseConfig(text, 'f.conf')

test('an empty file gives the defaults', () => assert.deepEqual(parse('# nothing\n'), DEFAULTS))

test('every key', () => {
  const text = `
[sentinel]
timeout = 1min 30s
scanner = lsof
count = deleted
modules = no
microcode = no
stale-lock-age = 2h
executables = no
user-slice = no
ignore-path = /opt/vendor/*
ignore-path = /usr/lib/x y.so
ignore-command = java
ignore-unit = a@*.service
min-interval = 6h
[reboot]
wait = 10min
only-asked = no
blocking-hooks = 95-*
[restart]
never = db*.service
allow = dbus.service
allow = kubelet.service
unit-timeout = 2min
[upgrade]
mount-types = nfs nfs4
allow-download = yes
min-free = 1.5G
database-age = 3d
repair = no
most-skips = 5
[health]
after = 1min
every = 10s
stable = 2min
limit = 5min
units = kubelet frr.service
check-timeout = 5s
[fleet]
directory = /srv/fleet
mount = no
boot-time = 20min
brake = 1d
at-once = 2
[cache]
keep = 3
alone = yes
`
  assert.deepEqual(parse(text), {
    timeout: 90_000,
    scanner: 'lsof',
    count: 'deleted',
    modules: false,
    microcode: false,
    staleLockAge: 7_200_000,
    executables: false,
    userSlice: false,
    ignorePaths: ['/opt/vendor/*', '/usr/lib/x y.so'],
    ignoreCommands: ['java'],
    ignoreUnits: ['a@*.service'],
    restartNever: ['db*.service'],
    restartAllow: ['dbus.service', 'kubelet.service'],
    restartTimeout: 120_000,
    minInterval: 21_600_000,
    rebootWait: 600_000,
    rebootAsked: false,
    mountTypes: ['nfs', 'nfs4'],
    allowDownload: true,
    minFree: 1_610_612_736,
    databaseAge: 259_200_000,
    repair: false,
    mostSkips: 5,
    blockingHooks: ['95-*'],
    healthAfter: 60_000,
    healthEvery: 10_000,
    healthStable: 120_000,
    healthLimit: 300_000,
    healthUnits: ['kubelet', 'frr.service'],
    healthCheckTimeout: 5_000,
    fleetDirectory: '/srv/fleet',
    fleetMount: false,
    fleetBoot: 1_200_000,
    fleetBrake: 86_400_000,
    fleetAtOnce: 2,
    cacheKeep: 3,
    cacheAlone: true,
  })
  assert.deepEqual(parse(text.replaceAll('\n', '\r\n')), parse(text))
})

test('a byte order mark does no harm', () => {
  assert.equal(parse('\ufeff[sentinel]\ntimeout = 3s').timeout, 3000)
})

for (const [text, error] of [
  ['[sentinel]\ntimeot = 3s', /^SentinelError: f\.conf:2: unknown key "timeot"; known: timeout, /],
  ['\n[sentinell]\ntimeout = 3s', /f\.conf:2: unknown section \[sentinell\]/],
  ['[a.b]\nx = 1', /f\.conf:1: unknown section \[a\]/],
  ['\n[sentinel.more]\nx = 1', /f\.conf:2: unknown key "more"/],
  ['timeout = 3s', /f\.conf:1: "timeout" is outside any section/],
  ['[sentinel]\ntimeout = never', /f\.conf:2: timeout: "never" is not a duration: write 30s/],
  ['[sentinel]\ntimeout =', /f\.conf:2: timeout: "" is not a duration/],
  ['[sentinel]\ntimeout', /f\.conf:2: timeout: "true" is not a duration/],
  ['[sentinel]\ntimeout = 1s\n\ntimeout = 2s', /f\.conf:4: timeout: is set more than once/],
  ['[sentinel]\nscanner = ps', /f\.conf:2: scanner: "ps" is not one of: proc, lsof/],
  ['[sentinel]\nexecutables = maybe', /"maybe" is neither yes nor no/],
  [
    '[upgrade]\nmount-types = nfs,nfs4',
    /f\.conf:2: mount-types: "nfs,nfs4" is not a list of words/,
  ],
  ['[upgrade]\nmount-types', /mount-types: "true" is not a list of words/],
  ['[upgrade]\nmin-free = much', /f\.conf:2: min-free: "much" is not a size: write 500M or 2G/],
  ['[upgrade]\nmin-free = -1G', /not a size/],
  ['[upgrade]\nmin-free = 1GB', /not a size/],
  ['[sentinel]\nignore-path =', /ignore-path: needs a pattern/],
  ['[sentinel]\n<<<<<<< HEAD', /f\.conf:2: unknown key "<<<<<<< HEAD"/],
  ['[sentinel]\nconstructor = 1', /unknown key "constructor"/],
  ['[sentinel]\n__proto__ = 1', /unknown key "__proto__"/],
  ['[__proto__]\nx = 1', /unknown key "__proto__"/],
] as const) {
  test(`refused: ${JSON.stringify(text)}`, () => assert.throws(() => parse(text), error))
}

for (const [text, ms] of [
  ['30s', 30_000],
  ['30', 30_000],
  ['500ms', 500],
  ['1.5s', 1500],
  ['1h 30min', 5_400_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['2w', 1_209_600_000],
  ['0', undefined],
  ['-1s', undefined],
  ['1x', undefined],
  ['s', undefined],
  ['', undefined],
  ['1s;', undefined],
  ['1e3', undefined],
  ['Infinity', undefined],
  ['99999d', undefined],
] as const) {
  test(`duration ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), ms))
}

for (const [ms, text] of [
  [0, '0s'],
  [400, '0s'],
  [45_000, '45s'],
  [59_999, '1min'],
  [11_520_000, '3h 12min'],
  [11_525_000, '3h 12min'],
  [172_800_000, '2d'],
  [172_830_000, '2d'],
] as const) {
  test(`${ms} ms is ${text}`, () => assert.equal(durationText(ms), text))
}

for (const [text, bytes, shown] of [
  ['500M', 524_288_000, '500M'],
  ['1.5 G', 1_610_612_736, '1.5G'],
  ['0', 0, '0 bytes'],
  ['1023', 1023, '1023 bytes'],
  ['2T', 2_199_023_255_552, '2T'],
] as const) {
  test(`size ${text}`, () => {
    assert.equal(size(text), bytes)
    assert.equal(sizeText(bytes), shown)
  })
}
