/**
 * Changes a pacman.conf as the commands do, for tests that run several writers or kill one:
 * `pacman-writer.ts add CONF NAME…` adds them one by one, `… toggle CONF NAME` runs until killed.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { withFlock } from '../../src/host/flock.ts'
import { addEntries, removeEntries } from '../../src/ignored/edit.ts'
import { askPacmanConf } from '../../src/pacman/conf/pacman-conf.ts'
import { replaceFile } from '../../src/host/replace.ts'

const [mode, path = '', ...names] = process.argv.slice(2)

function change(edit: typeof addEntries, name: string): void {
  withFlock(dirname(path), 30_000, () => {
    const before = readFileSync(path)
    const after = Buffer.from(edit(before.toString('latin1'), 'IgnorePkg', [name]), 'latin1')
    const held = edit === addEntries
    const check = (file: string) => {
      if (askPacmanConf(file, 'IgnorePkg').includes(name) !== held) throw new Error(`${name}?`)
    }
    replaceFile({ path, before, after, tryOut: check, verify: () => check(path) })
  })
}

process.stdout.write('ready\n')
if (mode === 'add') for (const name of names) change(addEntries, name)
else for (;;) for (const edit of [addEntries, removeEntries]) change(edit, names[0] ?? '')
