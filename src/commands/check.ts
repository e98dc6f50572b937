import { readConfig, type Config } from '../config/config.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { write } from '../output/write.ts'
import { checkHost, type Report } from '../sentinel/check.ts'

export interface CheckOptions {
  /** put over what the configuration says */
  overrides?: Partial<Pick<Config, 'scanner' | 'timeout'>>
  /** a file of this machine; the host's own is read where it is not given */
  configFile?: string | undefined
  root?: string | undefined
}

type Render = (report: Report) => string

/** `check`: says whether the host must reboot. @returns the exit code of the contract with Kured */
export async function check(render: Render, options: CheckOptions = {}): Promise<number> {
  const report = await look(options)
  write(report.verdict === 'attention' ? 2 : 1, render(report))
  return report.exitCode
}

/** `status`: shows the same to a person. @returns 0 whatever the verdict */
export async function status(render: Render, options: CheckOptions = {}): Promise<number> {
  write(1, render(await look(options)))
  return 0
}

async function look({ overrides, configFile, root }: CheckOptions): Promise<Report> {
  const host = new Host(root)
  const config = readConfig(configFile === undefined ? host : new Host(), configFile)
  const settings = { ...config, ...overrides }
  return checkHost(host, settings, new Deadline(settings.timeout))
}
