import { describeLock, readLock, readLockState, STALE_LOCK_ADVICE } from '../pacman/lock.ts'
import { type DoctorCheck, ok, warning, wrong } from './line.ts'

/** pacman's lock: free, held by a pacman at work, or left behind by one that was ended. */
export const lock: DoctorCheck = {
  area: 'lock',
  look({ host, config, dbPath, isRoot, deadline }) {
    const found = readLock(host, dbPath)
    if (found === undefined) return [ok('nobody holds pacman’s lock')]
    if (!isRoot) {
      return [
        warning(`${found.path} is there; who has it open only root can see`, 'run it as root'),
      ]
    }
    const state = readLockState(host, found, config.staleLockAge, deadline)
    if (state.state === 'held') return [ok(describeLock(state))]
    return [wrong(describeLock(state), STALE_LOCK_ADVICE)]
  },
}
