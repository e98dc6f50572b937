import type { Deadline } from '../host/deadline.ts'
import type { Host } from '../host/host.ts'
import { listKernels } from '../pacman/database/kernels.ts'
import { logPath, readHostConf } from '../pacman/conf/conf.ts'
import { readReplaced, type ReplacedFiles } from '../pacman/replaced.ts'
import { collectKernel, judgeKernel } from '../sentinel/kernel.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning } from './line.ts'

/** Whether a package owns the kernel: only then the check sees that a newer one is installed. */
export const kernel: DoctorCheck = {
  area: 'kernel',
  look: ({ host, dbPath, deadline }) => judgeInstalled(host, dbPath, deadline),
}

function judgeInstalled(host: Host, dbPath: string, deadline: Deadline): DoctorFinding[] {
  const log = logPath(readHostConf(host))
  const installed = listKernels(host, dbPath, deadline)
  const running = judgeKernel(
    collectKernel({ host, dbPath, log, replaced: listed(host), deadline }),
  )
  if (installed.length === 0) {
    const message = `${running.message}; an upgrade of it is never seen`
    return [warning(message, 'if this machine boots its own kernel, install the kernel’s package')]
  }
  const isOwned = installed.some(({ release }) => release === running.running)
  if (running.effect === 'reboot' || isOwned) return [ok(running.message)]
  return [warning(running.message, 'check which kernel the boot loader starts')]
}

/** What pacman has replaced; where that cannot be read, the area `replaced` says why. */
function listed(host: Host): ReplacedFiles | undefined {
  try {
    return readReplaced(host)
  } catch {
    return undefined
  }
}
