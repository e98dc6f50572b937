import { findDamaged } from '../pacman/database/local.ts'
import { describeCut, readUnfinished } from '../pacman/unfinished.ts'
import { type DoctorCheck, ok, wrong } from './line.ts'

/** Whether each upgrade ended well: what a cut one leaves, no later upgrade shows. */
export const whole: DoctorCheck = {
  area: 'whole',
  look({ host, dbPath }) {
    const said = describeCut(readUnfinished(host), findDamaged(host, dbPath))
    if (said.length === 0) return [ok('no upgrade was cut')]
    return said.map((message) => wrong(message, 'kured-sentinel repair'))
  },
}
