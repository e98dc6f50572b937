import { errorText } from '../errors.ts'
import { activeHold } from '../reboot/hold-state.ts'
import { holdText, remaining } from '../reboot/hold.ts'
import { readRequests } from '../reboot/requests.ts'
import { readBootClock } from '../host/boot-clock.ts'
import type { Host } from '../host/host.ts'
import { STATE_DIRECTORY } from '../state/store.ts'
import { askWritable } from '../host/directory.ts'
import { at } from './runs.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

/** The state that outlives a boot: the hold, and the reboots that were requested. */
export const state: DoctorCheck = {
  area: 'state',
  async look({ host, isRoot, deadline }) {
    const said = [judgeHold(host), judgeAsked(host)]
    if (!isRoot || host.lstat(STATE_DIRECTORY) === undefined) return said
    const problem = await askWritable(host.path(STATE_DIRECTORY), deadline)
    if (problem === undefined) return said
    const message = `${STATE_DIRECTORY} cannot be written to${problem && `: ${problem}`}`
    return [...said, wrong(message, 'make it writable: until then no reboot is requested')]
  },
}

/** Each hold is somebody's will, and ends by itself within 30 days: that it is there is no flaw. */
function judgeHold(host: Host): DoctorFinding {
  try {
    const now = readBootClock(host)
    const hold = activeHold(host, now)
    if (hold === undefined) return ok('there is no hold')
    const end = at(now.wall + remaining(hold, now))
    return ok(`reboots are ${holdText(hold, now)} (until ${end}; kured-sentinel release ends it)`)
  } catch (error) {
    return wrong(errorText(error), 'kured-sentinel release, or set the hold again')
  }
}

function judgeAsked(host: Host): DoctorFinding {
  try {
    const requests = readRequests(host)
    const { bootId } = readBootClock(host)
    const earlier = requests.filter((one) => one.bootId !== bootId)
    if (earlier.length === 0) return ok('no reboot was requested in an earlier boot')
    return ok(`reboots were requested in earlier boots for ${earlier.map(cause).join(', ')}`)
  } catch (error) {
    const advice = 'the next check by Kured that finds a reboot due writes it again'
    return warning(errorText(error), advice)
  }
}

const cause = ({ cause: text }: { cause: string }) => text
