import { SentinelError } from '../errors.ts'

/** What systemd tells an ExecStopPost= of the run that has ended. [systemd.exec(5)] */
export interface ServiceEnd {
  /** "success", "exit-code", "signal", "timeout", "exec-condition", … */
  result: string
  /** "exited", "killed" or "dumped"; undefined when pacman was not started at all */
  code?: string | undefined
  /** its exit code, or the name of the signal */
  status?: string | undefined
}

/** Throws SentinelError when it is not systemd that runs us. */
export function readServiceEnd(env: NodeJS.ProcessEnv): ServiceEnd {
  const result = env['SERVICE_RESULT']
  if (result === undefined || result === '') {
    throw new SentinelError(
      'this is for systemd to run, as ExecStopPost= of the unit: see kured-sentinel units status for how the last run ended',
    )
  }
  return { result, code: env['EXIT_CODE'], status: env['EXIT_STATUS'] }
}
