import { doubtView, judgeBrake } from '../fleet/brake.ts'
import { fleetName, machineDigest } from '../fleet/name.ts'
import { readFleet } from '../fleet/read.ts'
import { type DoctorCheck, ok, warning, wrong } from './line.ts'

const MEND =
  'systemctl start its mount (NFS needs nfs-utils), or see that its server answers: until then no reboot that is due is asked for'

/** Whether this host sees the others, and whether they keep it from a reboot. */
export const fleet: DoctorCheck = {
  area: 'fleet',
  async look({ host, config, isRoot, deadline }) {
    const view = await readFleet(host, config, deadline)
    if (view.state === 'none') {
      return [ok('no fleet directory: this host does not wait for others that come back hurt')]
    }
    if (view.state === 'silent') {
      return [wrong(view.problem, MEND)]
    }
    const own = fleetName(host)
    const doubt = doubtView(view, { own, machine: machineDigest(host), isRoot })
    const brakes = judgeBrake(view.entries, own, config)
    return [
      doubt === undefined
        ? ok(`hosts that tell here how they are: ${view.entries.length}`)
        : wrong(doubt),
      ...brakes.map(({ message, remedy }) => warning(message, remedy)),
    ]
  },
}
