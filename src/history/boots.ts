import type { BootEnd } from '../systemd/journal.ts'
import type { HistoryEntry, HistoryEvent } from './fields.ts'

/**
 * What is to be told of a boot.
 *
 * @param earlier the events so far, none of them of this boot
 * @param ended how the boot of the last of them ended, by the journal
 * @param helped whether this boot cleared the causes for which a reboot was asked for
 */
export function judgeBoot(
  earlier: readonly HistoryEntry[],
  ended: BootEnd,
  helped: HistoryEvent<'boot'>['helped'],
): HistoryEvent<'boot'> {
  const previousBoot = earlier.at(-1)?.bootId ?? ''
  const before = earlier.filter(({ bootId }) => bootId === previousBoot)
  const asked = before.flatMap((entry) => (entry.kind === 'reboot-asked' ? entry.reasons : []))
  const gate = before.findLast((entry) => entry.kind === 'gate')
  return {
    kind: 'boot',
    how: gate?.ending === 'down' ? 'planned' : HOW[ended],
    previousBoot,
    causes: [...new Set(asked)],
    helped,
  }
}

const HOW = { 'in-order': 'unplanned', cut: 'power-cut', unknown: 'unknown' } as const
