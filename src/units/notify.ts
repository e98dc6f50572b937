import { NOTIFY_DIRECTORY, UNTOLD_DIRECTORY } from '../history/untold.ts'
import { NOTIFY_PATH, NOTIFY_SERVICE } from '../systemd/jobs.ts'
import { DOCUMENTATION, NETWORK, NO_START_LIMIT, SENTINEL } from './services.ts'
import { because, unit, type UnitFile } from './unit.ts'

const DESCRIPTION = `Description=Tell the programs in ${NOTIFY_DIRECTORY} what has happened`

/** Sees that something waits to be told: whoever notes it, as Kured's check, only writes a file. */
export function notifyPath(): UnitFile {
  return unit(NOTIFY_PATH, {
    Unit: [DESCRIPTION, DOCUMENTATION],
    Path: [
      because(
        'Looked at again when the service ends: what comes while it runs is not missed, as it would be with PathChanged=.',
      ),
      `DirectoryNotEmpty=${UNTOLD_DIRECTORY}`,
    ],
    Install: ['WantedBy=multi-user.target'],
  })
}

export function notifyService(): UnitFile {
  return unit(NOTIFY_SERVICE, {
    Unit: [
      DESCRIPTION,
      DOCUMENTATION,
      because('Mail and webhooks need it; the event waits in a file.'),
      ...NETWORK,
      ...NO_START_LIMIT,
    ],
    Service: [
      because(
        'What a program leaves behind goes with the service, also what has left its process group: KillMode=control-group, the default.',
      ),
      'Type=exec',
      'Nice=10',
      `ExecStart=${SENTINEL} notify`,
      because(
        'It takes an event away before it tells it. As long as it cannot, as while Node is being upgraded, the path would start it at once again.',
      ),
      'Restart=on-failure',
      'RestartSec=1min',
    ],
  })
}
