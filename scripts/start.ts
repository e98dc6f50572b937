/** `npm start`: the built program's verdict on this host, or a demonstration where there is no pacman. */
import { spawnSync } from 'node:child_process'
import { Host } from '../src/host/host.ts'
import { firstLook } from './start/first-look.ts'

const { status } = spawnSync('node', ['bin/kured-sentinel.cjs', firstLook(new Host())], {
  stdio: 'inherit',
})
process.exitCode = status ?? 2
