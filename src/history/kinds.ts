import { durationText } from '../text/duration.ts'
import { shortened } from '../text/listed.ts'
import type { HistoryEvent, HistoryKind } from './fields.ts'

interface KindOfEvent<K extends HistoryKind> {
  /** for `journalctl MESSAGE_ID=…`; a kind keeps its own for ever. [systemd.journal-fields(7)] */
  messageId: string
  describe: (event: HistoryEvent<K>) => string
  /** whether a person should see it: a warning in the journal */
  isTrouble?: (event: HistoryEvent<K>) => boolean
  /** whether the programs in notify.d are told; by default of all trouble */
  isTold?: (event: HistoryEvent<K>) => boolean
  /** whether they are told that its trouble is over */
  tellsEnd?: true
}

export const KINDS: { [K in HistoryKind]: KindOfEvent<K> } = {
  upgrade: {
    messageId: '6dc28271eba746489f5d6c984593c290',
    describe: ({ outcome, reason, packages, problems }) =>
      `upgrade ${outcome}: ${[reason, ...problems, ...shortened(packages, 5)].join('; ')}`,
    isTrouble: ({ outcome, problems }) => outcome !== 'completed' || problems.length > 0,
    tellsEnd: true,
  },
  download: {
    messageId: '41f28604a86d4c518329c33d25631cd8',
    describe: ({ outcome, reason }) => `download ${outcome}: ${reason}`,
    isTrouble: () => true,
  },
  skip: {
    messageId: '16e6b4a78e264d749bdc9d7521298aaa',
    describe: ({ job, reason }) => `${job} skipped: ${reason}`,
  },
  repair: {
    messageId: '77b90e069df5487d970d7ec1b27444bd',
    describe: ({ outcome, packages, problems, by }) => {
      const names = shortened(packages, 10).join(', ')
      if (outcome === 'done')
        return `taken for whole by ${by}: ${names || 'nothing was unfinished'}`
      if (outcome === 'repaired') return `repaired by ${by}: ${names || 'only a lock was left'}`
      return `not repaired by ${by}: ${shortened(problems, 5).join('; ')}`
    },
    isTrouble: ({ outcome }) => outcome === 'failed',
    isTold: ({ outcome }) => outcome !== 'done',
  },
  keyring: {
    messageId: '71486633bf9d4dd1967af1e5d8cd7406',
    describe: ({ outcome, packages, problems }) => {
      const what = `${packages.join(', ')} ${outcome === 'installed' ? 'installed' : 'not installed'}`
      return [`keyring first: ${what}`, ...shortened(problems, 5)].join('; ')
    },
    isTrouble: ({ outcome, problems }) => outcome === 'failed' || problems.length > 0,
  },
  restart: {
    messageId: 'de4f19486f5d4ed5a9d817d8190bed6e',
    describe: ({ restarted, failed, by }) => {
      const parts = [`restarted by ${by}: ${shortened(restarted, 10).join(', ') || 'nothing'}`]
      if (failed.length > 0) parts.push(`did not come back: ${shortened(failed, 10).join(', ')}`)
      return parts.join('; ')
    },
    isTrouble: ({ failed }) => failed.length > 0,
  },
  'reboot-asked': {
    messageId: '165d87a27d334a4aaacfda4fe83a2974',
    describe: ({ reasons, by }) => {
      const told = by === 'kured' ? 'Kured was told to reboot' : `a reboot is due, ${by} was told`
      return `${told}: ${shortened(reasons, 5).join('; ')}`
    },
  },
  attention: {
    messageId: '2cbbf59d829f46ff9f9fdbdc2ce260a3',
    describe: ({ reasons }) => `attention, no reboot: ${shortened(reasons, 5).join('; ')}`,
    isTrouble: () => true,
  },
  'reboot-useless': {
    messageId: '24c83a4cb6f24ed5bf419de858d7fa10',
    describe: ({ reasons }) => reasons.join('; '),
    isTrouble: () => true,
  },
  gate: {
    messageId: 'd3019fec33424024a49e34310fbc4ddf',
    describe: describeGate,
    isTrouble: ({ ending }) => ending === 'attention' || ending === 'failed',
  },
  boot: {
    messageId: 'c9fa798c8d004e46bd303beffd58778f',
    describe: describeBoot,
    isTrouble: ({ how, helped }) => how === 'power-cut' || helped === 'no',
    // A useless reboot is an event of its own.
    isTold: ({ how }) => how === 'power-cut',
  },
  health: {
    messageId: '30ee02d96e534b158a935b7874a59331',
    describe: ({ verdict, reasons, by }) => {
      const what = verdict === 'accepted' ? `accepted by ${by} as it is` : `the node is ${verdict}`
      return [what, ...shortened(reasons, 5)].join('; ')
    },
    isTrouble: ({ verdict }) => verdict === 'unhealthy',
    tellsEnd: true,
  },
  hold: {
    messageId: '4d25697e939f4adc90154f11aaeadcac',
    describe: ({ reason, until, by }) => `held until ${until} by ${by}: ${reason}`,
  },
  release: {
    messageId: '8546122d3b1f4fec9572c43a8e762578',
    describe: ({ by }) => `released by ${by}`,
  },
  request: {
    messageId: '9911a30bfdd84b64bf0d1874c36caaa4',
    describe: ({ reason, by }) => `a reboot was requested by ${by}: ${reason}`,
  },
  'request-cancelled': {
    messageId: 'f7635584e5e94b4ca5ecace3c98da527',
    describe: ({ reason, by }) =>
      `the request was cancelled by ${by}: ${reason || 'it was damaged'}`,
  },
}

/** An event in one line, for a person. */
export function describeEvent<K extends HistoryKind>(event: HistoryEvent<K>): string {
  return KINDS[event.kind].describe(event)
}

export function isTrouble<K extends HistoryKind>(event: HistoryEvent<K>): boolean {
  return KINDS[event.kind].isTrouble?.(event) === true
}

function describeGate({ ending, reason, waitedMs, waitedFor, by }: HistoryEvent<'gate'>): string {
  const waited = waitedFor.length === 0 ? '' : ` for ${shortened(waitedFor, 3).join('; ')}`
  const after = waitedMs < 1000 ? '' : `, after waiting ${durationText(waitedMs)}${waited}`
  const who = by === 'kured' ? 'Kured' : by
  if (ending === 'down') return `${who} reboots the host${after}: ${reason}`
  return `no reboot by ${who}${after}: ${reason}`
}

const HOW = {
  planned: 'booted, as planned',
  unplanned: 'booted after a shutdown in order, not by kured-sentinel reboot',
  'power-cut': 'booted without a shutdown: a power cut, a crash or a reset',
  unknown: 'booted; how the boot before ended is unknown',
}

function describeBoot({ how, causes, helped }: HistoryEvent<'boot'>): string {
  if (causes.length === 0) return HOW[how]
  const end = { yes: 'it helped', no: 'it did not help', unknown: 'not known whether it helped' }
  return `${HOW[how]}; a reboot was due for ${shortened(causes, 5).join('; ')}: ${end[helped]}`
}
