import { SentinelError } from '../errors.ts'
import { unitNameOf } from '../systemd/escape.ts'
import { printable } from '../text/printable.ts'

/** NAME_MAX. [limits.h] */
const NAME_BYTES = 255

/**
 * A mount point in systemd's form: absolute, without `//`, `.` or a trailing slash.
 *
 * @param option the option with this value, for the error
 * @throws SentinelError for a path that a unit file cannot express
 */
export function mountPath(text: string, option: string): string {
  const refuse = refuser(text, option)
  const path = normalPath(text, refuse)
  if (unitNameOf(path, 'automount').length > NAME_BYTES) {
    refuse('is too long for a mount unit: its name would not be a file name')
  }
  return path
}

/** The directory for the metrics' file, in the same form, for a line of a unit file or of a state. */
export function textfileDirectory(text: string, option: string): string {
  const refuse = refuser(text, option)
  // kured-sentinel.install reads it with sed.
  if (/["\\]/.test(text)) refuse('contains a quote or a backslash')
  return normalPath(text, refuse)
}

type Refuse = (reason: string) => void

function refuser(text: string, option: string): Refuse {
  return (reason) => {
    throw new SentinelError(`${option} ${quoted(text)} ${reason}`)
  }
}

function normalPath(text: string, refuse: Refuse): string {
  mustFit(text, refuse)
  if (!text.startsWith('/')) refuse('is not an absolute path')
  const steps = text.split('/').filter((step) => step !== '' && step !== '.')
  if (steps.includes('..')) refuse('contains ..')
  if (steps.length === 0) refuse('is the root directory')
  return `/${steps.join('/')}`
}

/** Checks SERVER:/EXPORT of an NFS server. Throws SentinelError for anything else. */
export function exportOf(text: string): string {
  const refuse = refuser(text, '--nfs')
  mustFit(text, refuse)
  // mount(8) would take a leading dash for an option.
  if (!/^([\p{L}\p{N}_][\p{L}\p{N}_.-]*|\[[0-9A-Fa-f:.]+(%[\w.-]+)?\]):\/.*$/u.test(text)) {
    refuse('is not SERVER:/EXPORT, such as nas:/srv/pacman/sync or [fd00::1]:/srv/pacman/pkg')
  }
  return text
}

/** Refuses text that a line of a unit file cannot express. [systemd.syntax(7)] */
function mustFit(text: string, refuse: Refuse): void {
  if (text === '') refuse('is empty')
  if (printable(text) !== text || text.includes('\ufffd')) {
    refuse('contains a control or invisible character')
  }
  if (/\s$/u.test(text)) refuse('ends in a space, which systemd would cut off')
  if (text.endsWith('\\')) refuse('ends in a backslash, which would join the next line to it')
}

function quoted(text: string): string {
  return `'${text}'`
}
