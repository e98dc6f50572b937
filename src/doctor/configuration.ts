import { CONFIG_FILE, readConfig } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { type DoctorCheck, ok, wrong } from './line.ts'

/** Whether the configuration can be read: without it neither the check nor a job runs. */
export const configuration: DoctorCheck = {
  area: 'configuration',
  look({ host }) {
    try {
      readConfig(host)
    } catch (error) {
      return [wrong(errorText(error), 'fix it: until then every check ends with 2')]
    }
    const there = host.lstat(CONFIG_FILE) !== undefined
    return [ok(there ? `${CONFIG_FILE} is valid` : `no ${CONFIG_FILE}: the defaults apply`)]
  },
}
