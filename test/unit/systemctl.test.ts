import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseShow } from '../../src/systemd/systemctl.ts'

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
