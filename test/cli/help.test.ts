/** What every command of the program owes to the person who types it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { allCommands, commandTree } from '../../scripts/build/command-tree.ts'
import { hostTree } from '../fixture/host.ts'
import { exitStatusOf } from '../fixture/man-pages.ts'
import { makeTree } from '../fixture/tree.ts'
import { BIN, NODE, run } from '../fixture/program.ts'

for (const { path, commands } of allCommands(commandTree())) {
  const name = path.join(' ')
  if (path.at(-1) === 'help') continue
  test(`${name} --help: an example of it, in 80 columns, with exit codes the manual has`, () => {
    const { code, stdout, stderr } = run([...path, '--help'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.doesNotMatch(stdout, /\n\n\n/)
    assert.match(stdout, new RegExp(`\n\nExample.*:\\n(.*\\n)*  .*kured-sentinel ${name}`, 'm'))
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
    )
    if (commands.length > 0) return
    const codes =
      /^Exit codes?:?[^]*?(?:\n\n|$(?![^]))/m.exec(stdout)?.[0].match(/\b\d{1,3}\b(?= )/g) ?? []
    for (const exit of codes) assert.ok(exitStatusOf(name).includes(`*${exit}*`), `exit ${exit}`)
  })
}

test('help COMMAND SUBCOMMAND shows what COMMAND SUBCOMMAND --help does', () => {
  for (const words of [['status'], ['ignore', 'add'], ['units', 'install']]) {
    const { code, stdout } = run(['help', ...words])
    assert.deepEqual([code, stdout], [0, run([...words, '--help']).stdout])
  }
})

test('the main help has the commands in groups, by who calls them', () => {
  const groups = run(['--help'])
    .stdout.split(/\n(?=For .*:\n)/)
    .slice(1)
  const named = groups.map((text) => [
    text.split('\n', 1)[0],
    [...text.matchAll(/^ {2}([a-z]+)( \[\w+\])?  +/gm)].map(([, name = '']) => name),
  ])
  assert.deepEqual(named.slice(1), [
    ['For Kured:', ['check', 'reboot']],
    ['For systemd:', ['preflight', 'record', 'publish', 'notify']],
  ])
  const rest = allCommands(commandTree()).flatMap(({ path: [name, sub] }) =>
    name === undefined || sub !== undefined || named.slice(1).flat(2).includes(name) ? [] : [name],
  )
  assert.deepEqual(named[0], ['For you:', rest])
  assert.equal(rest[0], 'status')
})

test('colours on a terminal only; NO_COLOR and FORCE_COLOR decide otherwise', () => {
  const root = makeTree(hostTree())
  const colour = /\u001b\[\d+m/
  const status = `${NODE} ${BIN} status --root ${root}`
  const terminal = (env: Record<string, string>) =>
    spawnSync('script', ['--quiet', '--return', '--command', status, '/dev/null'], {
      env: { PATH: '/usr/bin:/bin', TERM: 'xterm', ...env },
      input: '',
      encoding: 'utf8',
      timeout: 30_000,
    }).stdout
  const piped = (env: Record<string, string>) => run(['status', '--root', root], { env }).stdout

  assert.match(terminal({}), colour)
  assert.doesNotMatch(terminal({ NO_COLOR: '1' }), colour)
  assert.doesNotMatch(piped({}), colour)
  assert.match(piped({ FORCE_COLOR: '1' }), colour)
  assert.doesNotMatch(piped({ FORCE_COLOR: '1', NO_COLOR: '1' }), colour)
  for (const text of [terminal({ NO_COLOR: '1' }), piped({})]) assert.match(text, /no reboot due/)
})

for (const [args, next] of [
  [['--nonsense'], /Run kured-sentinel check --help/],
  [['nonsense'], /Run kured-sentinel --help/],
  [['ignore', 'add'], /Run kured-sentinel ignore add --help/],
  [['ignore', 'kubelet'], /Run kured-sentinel ignore --help/],
  [['units', 'install', '--role', 'master'], /Run kured-sentinel units install --help/],
  [['--timeout', 'soon'], /write 30s, 5min or 1h/],
  [['--scanner', 'ps'], /Allowed choices are proc, lsof/],
] as const) {
  test(`an error says what to do next: ${args.join(' ')}`, () => {
    assert.match(run([...args]).stderr, next)
  })
}

test('what a command cannot do without is marked in its help', () => {
  for (const [command, usage, required] of [
    [['hold'], '[--for|--until <end> --reason <text>]', /--reason.*requires it/],
    [['request'], '[--reason <text> | --cancel]', /--reason [^-]*requires\s+it/],
    [['ignore', 'add'], '[options] <package...>', undefined],
    [['ignore', 'remove'], '[options] <ignored...>', undefined],
    [['fleet', 'forget'], '[options] <node>', undefined],
  ] as const) {
    const { stdout } = run([...command, '--help'])
    assert.ok(stdout.startsWith(`Usage: kured-sentinel ${command.join(' ')} ${usage}`), stdout)
    if (required !== undefined) assert.match(stdout, required)
  }
})
