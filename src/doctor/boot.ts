import { judgeNextBoot } from '../boot/next-boot.ts'
import { type DoctorCheck, ok } from './line.ts'

/** Whether the next boot starts the installed kernel. */
export const boot: DoctorCheck = {
  area: 'boot',
  look({ host, dbPath, deadline }) {
    const said = judgeNextBoot(host, dbPath, deadline)
    return said.length > 0 ? said : [ok('no kernel package with a boot image to compare')]
  },
}
