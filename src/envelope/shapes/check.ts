import { command } from '../command.ts'
import { flag, listOf, moment, object, oneOf, optional, either, text, whole } from '../shape.ts'
import { RUN, unknownFact } from './parts.ts'

/** Of a fact of the host, as `check` and `restart` know it. */
export const HOST_FACT = {
  why: optional(text('why it does not count')),
  pid: optional(whole()),
  command: optional(text('the name of the process')),
  unit: optional(text('the unit of systemd in which the process is')),
  path: optional(text('the file')),
  byPacman: optional(
    flag('whether pacman has replaced this file, or installed this kernel, in this boot'),
  ),
  running: optional(text('the running kernel’s release')),
  installed: optional(text('the installed kernel’s release')),
  package: optional(text('the package of the installed kernel')),
  version: optional(text('its version')),
  installedAt: optional(text('when it was installed, in seconds since 1970')),
  askedIn: optional(text('the boot in which a reboot was asked for already for this')),
}

const FIELDS = {
  effect: oneOf(
    ['reboot', 'attention', 'busy', 'held', 'none'],
    'what it speaks for: a reboot; no answer but 2; to wait, as pacman is at work; to wait, by a hold; nothing',
  ),
  counts: flag('whether it made the verdict'),
  ...HOST_FACT,
}

const KINDS = [
  'library',
  'executable',
  'kernel',
  'module',
  'microcode',
  'request',
  'lock',
  'unreadable',
  'hold',
  'interval',
  'health',
  'unfinished',
  'boot',
  'fleet',
] as const

const LOOK = { bootId: text(), durationMs: whole('of the look at the host') }

const VERDICTS = {
  reboot: 'a reboot is required',
  none: 'no reboot, or not now',
  attention: 'no reboot, and a person should look',
}

export const CHECK = {
  check: command({ verdicts: VERDICTS, kinds: KINDS, fields: FIELDS, details: LOOK }),

  status: command({
    verdicts: VERDICTS,
    kinds: KINDS,
    fields: FIELDS,
    details: {
      ...LOOK,
      due: flag('whether a reboot is due, also where it has to wait'),
      heldBy: optional(object({ by: text(), at: moment() }, 'who set the hold, and when')),
      restarts: optional(text('why it is not known which services may be restarted')),
      kured: either(
        object({
          askedAgoMs: optional(whole('when Kured last asked in this boot')),
          toldAt: optional(moment('when it was first told in this boot to reboot')),
        }),
        unknownFact,
      ),
      upgrade: either(
        object({
          run: optional(RUN),
          skip: optional(object({ at: moment(), why: text() })),
          next: optional(moment()),
        }),
        unknownFact,
      ),
      reboot: either(
        object({
          agoMs: whole(),
          how: oneOf(['planned', 'unplanned', 'power-cut', 'unknown']),
          causes: listOf(text(), 'what a reboot was due for before it'),
          helped: oneOf(['yes', 'no', 'unknown']),
        }),
        unknownFact,
      ),
      kubelet: optional(
        object(
          { fits: optional(flag()), message: text() },
          'the kubelet that the next boot starts, and whether it fits the apiserver',
        ),
      ),
      notSeen: object(
        {
          scripts: listOf(text(), 'upgraded packages of which older scripts may still run'),
          firmware: listOf(text(), 'upgraded packages of which devices may run older firmware'),
          problem: optional(text('why that is not known')),
        },
        'what nothing can tell of this boot’s upgrades',
      ),
      checkExitCode: whole('what check would exit with'),
    },
  }),
}
