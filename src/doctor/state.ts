import { errorText } from '../errors.ts'
import { activeHold } from '../reboot/hold-state.ts'
import { holdText } from '../reboot/hold.ts'
import { readRequests } from '../reboot/requests.ts'
import { readBootClock } from '../host/boot-clock.ts'
import type { Host } from '../host/host.ts'
import { STATE_DIRECTORY } from '../state/store.ts'
import { askWritable } from '../preflight/directory.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

/** What outlives a boot: reboots that were asked for, and a person's wish that there be none. */
export const state: DoctorCheck = {
  area: 'state',
  async look({ host, isRoot, deadline }) {
    const said = [judgeHold(host), judgeAsked(host)]
    if (!isRoot || host.lstat(STATE_DIRECTORY) === undefined) return said
    const problem = await askWritable(host.path(STATE_DIRECTORY), deadline)
    if (problem === undefined) return said
    const message = `${STATE_DIRECTORY} cannot be written to${problem && `: ${problem}`}`
    return [...said, wrong(message, 'no reboot is asked for until it can')]
  },
}

function judgeHold(host: Host): DoctorFinding {
  try {
    const now = readBootClock(host)
    const hold = activeHold(host, now)
    if (hold === undefined) return ok('no hold keeps reboots away')
    return warning(`reboots are ${holdText(hold, now)}`, 'kured-sentinel release, once it is over')
  } catch (error) {
    return wrong(errorText(error), 'kured-sentinel release, or set the hold anew')
  }
}

function judgeAsked(host: Host): DoctorFinding {
  try {
    const requests = readRequests(host)
    const { bootId } = readBootClock(host)
    const earlier = requests.filter((one) => one.bootId !== bootId)
    if (earlier.length === 0) return ok('the loop guard holds no reason back')
    return ok(`the loop guard keeps what earlier boots were for: ${earlier.map(cause).join(', ')}`)
  } catch (error) {
    const advice = 'the next check for Kured that finds something due makes it anew'
    return warning(errorText(error), advice)
  }
}

const cause = ({ cause: text }: { cause: string }) => text
