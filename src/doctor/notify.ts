import { NOTIFY_DIRECTORY } from '../history/untold.ts'
import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { listUntold, waitsSince } from '../notify/spool.ts'
import { listNotifyPrograms } from '../notify/tell.ts'
import { NOTIFY_PATH, NOTIFY_SERVICE } from '../systemd/jobs.ts'
import { isLive } from '../systemd/unit-state.ts'
import { durationText } from '../text/duration.ts'
import { type DoctorCheck, type DoctorFinding, ok, warning, wrong } from './line.ts'
import { askUnits } from './units.ts'

/** An event that waits longer than this waits for a service that does not come. */
const PATIENCE_MS = 900_000

/** Whether the administrator's programs are told what happens. */
export const notify: DoctorCheck = {
  area: 'notify',
  look({ host, deadline }) {
    const programs = listNotifyPrograms(host)
    if (programs.length === 0) return [ok(`there is no program in ${NOTIFY_DIRECTORY}`)]
    const refused = programs.flatMap(({ path, refused: why }) =>
      why === undefined
        ? []
        : [wrong(`${path} is ${why}`, `chown root and chmod go-w: it, and what is above it`)],
    )
    const told = programs.length - refused.length
    const counted = told === 0 ? [] : [ok(`${told} of ${NOTIFY_DIRECTORY} are told what happens`)]
    return [...counted, ...refused, ...judgePath(host, deadline), ...judgeWaiting(host)]
  },
}

function judgePath(host: Host, deadline: Deadline): DoctorFinding[] {
  if (!isLive(host)) return []
  const path = askUnits(host, deadline).find(({ name }) => name === NOTIFY_PATH)
  if (path?.enabled === 'enabled') return []
  const message = `${NOTIFY_PATH} is not enabled: nobody is told`
  return [warning(message, 'kured-sentinel units install --enable')]
}

function judgeWaiting(host: Host): DoctorFinding[] {
  const names = listUntold(host)
  const waited = Math.max(0, ...names.map((name) => host.uptime() * 1000 - waitsSince(name)))
  if (waited < PATIENCE_MS) return []
  const message = `${names.length} events wait to be told, one for ${durationText(waited)}`
  return [warning(message, `systemctl status ${NOTIFY_PATH} ${NOTIFY_SERVICE}`)]
}
