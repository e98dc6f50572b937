import { command } from '../command.ts'
import { flag, listOf, object, oneOf, optional, text, whole } from '../shape.ts'
import { dryRun, RUN_FIELDS } from './parts.ts'

const PREFLIGHT = command({
  verdicts: {
    go: 'the job can begin',
    skip: 'not this time; the next run may',
    act: 'not until a person has acted',
  },
  fields: {
    packages: optional(listOf(text(), 'what the upgrade will change')),
    first: optional(
      object(
        { names: listOf(text()), versions: listOf(text()) },
        'keyrings that the service installs before it begins',
      ),
    ),
  },
  details: {
    job: oneOf(['upgrade', 'download']),
    reason: text('why not, in one line'),
    advice: text('what to do about it; "" where the reason says it'),
    plan: listOf(text(), 'the packages that the upgrade will change'),
    skips: whole('run by systemd: how many runs in a row were skipped, with this one'),
  },
})

const RECORD = command({
  verdicts: {
    completed: 'pacman did all it was to do, though hooks may have failed',
    'nothing-to-do': 'there was nothing to do',
    skipped: 'it did not begin',
    interrupted: 'it was cut',
    failed: 'it failed',
  },
  fields: {},
  details: RUN_FIELDS,
})

export const UPGRADE = {
  'preflight upgrade': PREFLIGHT,
  'preflight download': PREFLIGHT,
  'record upgrade': RECORD,
  'record download': RECORD,

  publish: command({
    verdicts: {
      published: 'hosts have the new databases; in a dry run they would',
      unchanged: 'they have them already, and all packages were there',
      failed: 'not all packages can be had now: hosts have what they had',
      stopped: 'it was told to stop: hosts have what they had',
      prepared: 'with --prepare: pacman -Sy can begin',
      'taken-over': 'with --take-over: this host publishes from now on',
    },
    fields: {},
    details: {
      dryRun: optional(dryRun),
      reason: optional(text('why it has failed')),
      hosts: optional(
        listOf(
          object({
            name: text(),
            packages: whole('how many it wants'),
            problem: text('why they are not there; "" where they are'),
          }),
        ),
      ),
      fetched: optional(listOf(text(), 'the files that the cache lacked')),
      wanted: optional(listOf(text(), 'the files that hosts want')),
      pruned: optional(
        listOf(
          object({ file: text(), size: whole('in bytes') }),
          'what has gone from the cache, or in a dry run would',
        ),
      ),
      kept: optional(text('why nothing was pruned; "" where that was looked at')),
      distrusted: optional(listOf(text(), 'what pacman said of signatures that it does not trust')),
      refused: optional(listOf(text(), 'files that pacman does not accept')),
    },
  }),

  repair: command({
    verdicts: {
      'nothing-to-do': 'the host is whole',
      planned: 'of a dry run: this would be done',
      repaired: 'what was left is mended',
      failed: 'it is not: a person must look',
      done: 'with --done: a person’s word that all is whole',
    },
    fields: {},
    details: {
      dbPath: optional(text()),
      lock: optional(text('the lock to remove, which nobody has open')),
      entries: listOf(text(), 'damaged entries of pacman’s database'),
      packages: listOf(
        text(),
        'the packages to install anew; with --done those that now count as finished',
      ),
      left: listOf(text(), 'packages that only a person can install anew, each with why'),
      isOwn: optional(flag('whether the unattended upgrade left it, and nobody else')),
      commands: listOf(listOf(text()), 'what was run, or in a dry run would be'),
      problems: listOf(text(), 'what is still wrong'),
    },
  }),
}
