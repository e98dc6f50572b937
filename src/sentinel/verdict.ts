import { Exit } from '../errors.ts'
import type { Effect, Finding } from './finding.ts'

export interface Verdict {
  verdict: 'reboot' | 'none' | 'attention'
  exitCode: number
  /** the findings that made the verdict */
  reasons: Finding[]
  /** the findings that did not count, each with why */
  ignored: Finding[]
}

/**
 * Turns what was seen into one answer. A lock that pacman holds goes first: while it works nothing
 * else can be judged. Then a person's wish for no reboot. Then whatever could not be seen: a reboot
 * is asked for on a complete look only. Only then the reasons for a reboot.
 */
export function decide(findings: Finding[]): Verdict {
  const has = (effect: Effect) => findings.some((finding) => finding.effect === effect)
  if (has('busy')) return judge('none', Exit.none, 'busy', 'pacman is at work')
  if (has('held')) return judge('none', Exit.none, 'held', 'held')
  if (has('attention')) {
    return judge('attention', Exit.attention, 'attention', 'something needs a person first')
  }
  if (has('reboot')) return judge('reboot', Exit.reboot, 'reboot', '')
  return judge('none', Exit.none, 'reboot', '')

  function judge(
    verdict: Verdict['verdict'],
    exitCode: number,
    counts: Effect,
    otherwise: string,
  ): Verdict {
    return {
      verdict,
      exitCode,
      reasons: findings.filter((finding) => finding.effect === counts),
      ignored: findings
        .filter((finding) => finding.effect !== counts)
        .map((finding) => ({ ...finding, why: finding.why ?? otherwise })),
    }
  }
}
