/** A service that an upgrade breaks, on a node whose health is looked at soon after the boot. */
import { install } from './lab.ts'
import type { LabNode } from './node.ts'
import type { PackageRecipe } from './package.ts'
import { kernel } from './recipes.ts'

/** A package with a service in one of its versions. */
export const served = (version: string, name: string, lines: string[]): PackageRecipe => ({
  name: 'served',
  version,
  files: {
    [`/usr/lib/systemd/system/${name}`]: [
      '[Unit]',
      'StartLimitIntervalSec=0',
      '[Service]',
      ...lines,
      '[Install]',
      'WantedBy=multi-user.target',
      '',
    ].join('\n'),
  },
})

export const WELL = ['ExecStart=/bin/sleep infinity']
export const FAILS = served('2.0', 'served.service', ['ExecStart=/bin/false'])
const CONFIG = `[health]
after = 1ms
every = 700ms
stable = 3s
limit = 5s
check-timeout = 5s
`

/** The timer as it is comes 30 s after the boot. */
const SOONER = '[Timer]\nOnBootSec=\nOnBootSec=100ms\n'

/** Has the service, and a kernel for which a reboot is due. */
export async function prepareServed(node: LabNode, more = ''): Promise<void> {
  const timer = '/etc/systemd/system/kured-sentinel-health.timer.d/sooner.conf'
  await node.writeFile('/etc/kured-sentinel.conf', CONFIG + more)
  await node.writeFile(timer, SOONER)
  await install(node, served('1.0', 'served.service', WELL), kernel('linux', '9.9.9', '9.9.9-lab'))
  await node.ok(['systemctl', 'enable', '--now', 'served'])
  await node.ok(['kured-sentinel', 'units', 'install', '--local'])
  await node.ok(['systemctl', 'enable', 'kured-sentinel-health.timer'])
}
