import { SentinelError } from '../errors.ts'
import { unitNameOf } from '../systemd/escape.ts'
import { printable } from '../text/printable.ts'

/** NAME_MAX. [limits.h] */
const NAME_BYTES = 255

/**
 * A directory to mount at, as systemd takes it: absolute, without `//`, `.` or a slash at the end.
 *
 * @param option whose value it is, for the error
 * @throws SentinelError for what no unit file can hold
 */
export function mountPath(text: string, option: string): string {
  const refuse = (reason: string) => {
    throw new SentinelError(`${option} ${quoted(text)} ${reason}`)
  }
  mustFit(text, refuse)
  if (!text.startsWith('/')) refuse('is no absolute path')
  const steps = text.split('/').filter((step) => step !== '' && step !== '.')
  if (steps.includes('..')) refuse('has a .. in it')
  if (steps.length === 0) refuse('is the root of all files')
  const path = `/${steps.join('/')}`
  if (unitNameOf(path, 'automount').length > NAME_BYTES) {
    refuse('is too long for a mount unit: its name would not be a file name')
  }
  return path
}

/** SERVER:/EXPORT of an NFS server. Throws SentinelError for anything else. */
export function exportOf(text: string): string {
  const refuse = (reason: string) => {
    throw new SentinelError(`--nfs ${quoted(text)} ${reason}`)
  }
  mustFit(text, refuse)
  // A server that begins with a dash would be an option to mount(8).
  if (!/^([\p{L}\p{N}_][\p{L}\p{N}_.-]*|\[[0-9A-Fa-f:.]+(%[\w.-]+)?\]):\/.*$/u.test(text)) {
    refuse('is not SERVER:/EXPORT, such as nas:/srv/pacman/sync or [fd00::1]:/srv/pacman/pkg')
  }
  return text
}

/** Refuses what a line of a unit file cannot say. [systemd.syntax(7)] */
function mustFit(text: string, refuse: (reason: string) => void): void {
  if (text === '') refuse('is empty')
  if (printable(text) !== text || text.includes('\ufffd')) {
    refuse('holds a control character, or one that does not show')
  }
  if (/\s$/u.test(text)) refuse('ends in a space, which systemd would cut off')
  if (text.endsWith('\\')) refuse('ends in a backslash, which would join the next line to it')
}

function quoted(text: string): string {
  return `'${text}'`
}
