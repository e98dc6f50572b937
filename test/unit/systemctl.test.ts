import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseShow } from '../../src/systemd/systemctl.ts'
import { quotedWords } from '../../src/systemd/escape.ts'
import { toUnit } from '../../src/systemd/unit.ts'

// systemctl 257, `show --property=Id,LoadState,ExecStart -- a.service none.service`
const OUTPUT = `Id=a.service
LoadState=loaded
ExecStart={ path=/usr/bin/a ; argv[]=/usr/bin/a --x=y ; ignore_errors=no }

Id=none.service
LoadState=not-found
`

test('systemctl show: a block for each unit, values with = in them', () => {
  const shown = parseShow(OUTPUT, ['a.service', 'none.service'])
  assert.equal(
    shown.get('a.service')?.get('ExecStart'),
    '{ path=/usr/bin/a ; argv[]=/usr/bin/a --x=y ; ignore_errors=no }',
  )
  assert.equal(shown.get('none.service')?.get('LoadState'), 'not-found')
})

test('systemctl show: words in quotes, as of units for paths with a dash', () => {
  // systemctl 257, `show --property=After -- pacman-upgrade.service`
  const after = String.raw`pacman-upgrade.timer "var-cache-kured\\x2dsentinel-fleet.mount" basic.target`
  const names = [
    'pacman-upgrade.timer',
    String.raw`var-cache-kured\x2dsentinel-fleet.mount`,
    'basic.target',
  ]
  assert.deepEqual(quotedWords(after), names)
  assert.deepEqual(toUnit('pacman-upgrade.service', new Map([['After', after]])).after, names)
  assert.deepEqual(quotedWords(''), [])
})
