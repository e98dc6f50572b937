import { basename } from 'node:path'
import type { Host } from '../host/host.ts'
import type { ReplacedFiles } from '../pacman/replaced.ts'
import { ignore, type Finding } from './finding.ts'

/** vendor_id in /proc/cpuinfo → the image for that maker's processors. */
const IMAGES = new Map([
  ['GenuineIntel', 'intel-ucode.img'],
  ['AuthenticAMD', 'amd-ucode.img'],
])

/**
 * Finds microcode that pacman replaced; processors load it at boot. Throws the system error if
 * /proc/cpuinfo cannot be read.
 */
export function collectMicrocode(host: Host, replaced: ReplacedFiles): Finding[] {
  const images = replaced.below('/boot').filter((path) => path.endsWith('-ucode.img'))
  if (images.length === 0) return []
  const processor = host.readText('/proc/cpuinfo')
  const maker = /^vendor_id\s*: (\w+)$/m.exec(processor)?.[1] ?? ''
  const isVirtual = /^flags\s*:.* hypervisor\b/m.test(processor)
  return images.map((path) => {
    const message = `microcode was upgraded: ${path}`
    const finding: Finding = { kind: 'microcode', effect: 'reboot', message, path }
    if (isVirtual) return ignore(finding, 'a virtual machine, whose host has its own')
    if (IMAGES.get(maker) !== basename(path)) return ignore(finding, 'it is for another processor')
    return finding
  })
}
