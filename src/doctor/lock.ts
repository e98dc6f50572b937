import { readLock } from '../pacman/lock.ts'
import { collectLock, judgeLock } from '../sentinel/lock.ts'
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
    const { effect, message } = judgeLock(collectLock(host, found, deadline), config.staleLockAge)
    if (effect === 'busy') return [ok(message)]
    const [what = '', advice] = message.split(/\. (?=Look at)/)
    return [wrong(what, advice?.replace(/^L/, 'l'))]
  },
}
