/** What takes over a second says so on a terminal, where somebody waits, and nowhere else. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { BIN, NODE, run } from '../fixture/program.ts'

function onTerminal(words: string): string {
  const ran = spawnSync('script', ['-qec', `${NODE} ${BIN} ${words}`, '/dev/null'], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/usr/local/bin', TERM: 'xterm' },
    timeout: 60_000,
  })
  return ran.stdout.replaceAll('\r\n', '\n')
}

for (const [words, progress] of [
  ['restart --dry-run', 'looking at all processes'],
  ['preflight upgrade', 'checking whether the upgrade can begin'],
  ['ignore check', 'asking pacman'],
  ['units status', 'asking systemd'],
] as const) {
  test(`${words}: a line while it works, which goes again`, () => {
    const shown = onTerminal(words)
    const line = `\r\u001b[K${progress} …\r\u001b[K`
    assert.ok(shown.startsWith(line), JSON.stringify(shown))
    assert.doesNotMatch(shown.slice(line.length), /\u001b\[K/)
    const { stdout, stderr } = run(words.split(' '))
    assert.doesNotMatch(stdout + stderr, /…|\u001b\[K/)
  })
}
