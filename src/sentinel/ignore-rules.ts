import type { Config } from '../config/config.ts'
import { fnmatch } from '../text/fnmatch.ts'
import type { Finding } from './finding.ts'

/**
 * Whether the configuration takes a finding out.
 *
 * @param userSlice whether its process is in a user's session or user manager
 * @returns the reason, as `key = value`; undefined where the finding stays
 */
export function whyIgnored(
  finding: Finding,
  userSlice: boolean,
  config: Config,
): string | undefined {
  if (finding.byPacman === false && config.count === 'replaced') {
    return 'pacman has not replaced it in this boot'
  }
  if (finding.kind === 'executable' && !config.executables) return 'executables = no'
  if (userSlice && !config.userSlice) return 'user-slice = no'
  const lists = [
    ['ignore-path', config.ignorePaths, finding.path],
    ['ignore-command', config.ignoreCommands, finding.command],
    // A user's own units are named by the user.
    ['ignore-unit', config.ignoreUnits, userSlice ? undefined : finding.unit],
  ] as const
  for (const [key, patterns, value] of lists) {
    const pattern = value !== undefined && patterns.find((listed) => fnmatch(listed)(value))
    if (pattern) return `${key} = ${pattern}`
  }
  return undefined
}
