import { command } from '../command.ts'
import {
  either,
  flag,
  fraction,
  listOf,
  moment,
  object,
  oneOf,
  open,
  optional,
  orNull,
  text,
  whole,
} from '../shape.ts'
import { dryRun } from './parts.ts'

const ROW = object({
  format: whole(),
  host: text(),
  machine: text('a digest of its machine ID'),
  architecture: text(),
  version: text('of this program'),
  at: moment('by its own clock'),
  bootId: text(),
  uptimeMs: whole(),
  phase: oneOf(['up', 'going-down']),
  verdict: oneOf(['reboot', 'none', 'attention']),
  causes: listOf(text()),
  health: orNull(
    object({
      verdict: oneOf(['pending', 'healthy', 'unhealthy', 'accepted']),
      reasons: listOf(text()),
      sinceBoot: flag(),
    }),
  ),
  hold: orNull(object({ reason: text(), until: moment() })),
  upgrade: orNull(
    object({ outcome: text(), reason: text(), packages: whole(), at: moment(), skips: whole() }),
  ),
  kernel: text(),
  kubelet: text(),
  ignored: listOf(text()),
  ignoredGroups: listOf(text()),
})

export const PEOPLE = {
  doctor: command({
    verdicts: {
      ok: 'all is well',
      unknown: 'something could not be looked at',
      warning: 'this host takes part, but with a flaw',
      wrong: 'it does not take part, or not for long',
    },
    fields: {},
    details: { durationMs: whole() },
  }),

  history: command({
    verdicts: { shown: 'these are the events', none: 'nothing has happened yet' },
    fields: {},
    details: {
      events: listOf(
        open({
          kind: text('as the manual page lists them'),
          at: moment('when it was written'),
          bootId: text(),
          uptimeMs: whole(),
          times: optional(whole('of a skip that came again and again')),
          since: optional(moment('of its first time')),
        }),
        'oldest first, each with the fields of its kind',
      ),
      unreadable: whole('lines of the file that are no events'),
    },
  }),

  cluster: command({
    verdicts: {
      fit: 'fit for drains and reboots',
      warnings: 'fit, but not without harm',
      blocked: 'drains or reboots are blocked',
    },
    fields: {
      level: oneOf(['blocks', 'warning', 'hint']),
      object: text('such as "Deployment web/shop"'),
    },
    details: {
      nodes: whole(),
      pods: whole(),
      round: optional(
        object(
          {
            nodes: whole(),
            windowMinutes: fraction('of a day, in which reboots may begin'),
            nodeMinutes: fraction('of one node'),
            nights: whole(),
          },
          'until each node was rebooted once',
        ),
      ),
      durationMs: whole(),
    },
  }),

  health: command({
    verdicts: {
      healthy: 'the node is well since its boot',
      accepted: 'a person takes it as it is',
      pending: 'it is too early to tell',
      unhealthy: 'it is not well',
      unwatched: 'with --accept: there was nothing to accept',
    },
    fields: {},
    details: { accepted: flag('whether this command accepted it') },
  }),

  notify: command({
    verdicts: {
      told: 'each program was told; in a dry run it would be',
      none: 'nothing waits to be told, or there is no program',
      failed: 'a program failed, or is refused',
    },
    fields: { path: text() },
    details: {
      events: listOf(open({}), 'as the programs get them; in a dry run the names of what waits'),
      tellings: listOf(object({ path: text(), problem: optional(text()) })),
      dryRun,
    },
  }),

  fleet: command({
    verdicts: {
      well: 'all hosts are well',
      trouble: 'a host is hurt, cannot be seen, or was not heard of for long',
    },
    fields: { host: text('the name of the host that it is about') },
    details: {
      clock: oneOf(['server', 'own'], 'by which the ages are'),
      hosts: listOf(
        object({
          host: text(),
          ageMs: whole('since its row was written'),
          row: either(
            ROW,
            object({ problem: text() }),
            'what it says of itself, or why that is not known',
          ),
          isOld: flag('whether it was not heard of for 36 hours'),
          brake: orNull(
            object(
              { kind: oneOf(['unseen', 'hurt', 'underway']), message: text(), remedy: text() },
              'why others wait for it',
            ),
          ),
        }),
      ),
      due: listOf(text(), 'the hosts for which a reboot is due'),
      round: orNull(
        object(
          { windowMs: whole(), turnMs: whole(), nights: whole() },
          'until each was rebooted once',
        ),
      ),
    },
  }),

  'fleet forget': command({
    verdicts: { forgotten: 'what was left of the host is gone' },
    fields: {},
    details: { forgotten: text('its name') },
  }),

  'fleet report': command({
    verdicts: { told: 'the fleet knows how this host is' },
    fields: {},
    details: { told: text('this host’s name in the fleet') },
  }),
}
