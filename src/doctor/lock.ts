import { describeLock, readLock, readLockState, STALE_LOCK_ADVICE } from '../pacman/lock.ts'
import { type DoctorCheck, ok, unknown, wrong } from './line.ts'

/** pacman's lock: free, held by a pacman at work, or left behind by an interrupted one. */
export const lock: DoctorCheck = {
  area: 'lock',
  look({ host, config, dbPath, isRoot, deadline }) {
    const found = readLock(host, dbPath)
    if (found === undefined) return [ok('there is no pacman lock')]
    if (!isRoot) {
      return [
        unknown(
          `${found.path} exists; only root can see which process has it open`,
          'run it as root',
        ),
      ]
    }
    const state = readLockState(host, found, config.staleLockAge, deadline)
    if (state.state === 'held') return [ok(describeLock(state))]
    return [wrong(describeLock(state), STALE_LOCK_ADVICE)]
  },
}
