import { printable } from '../text/printable.ts'

/** As syslog numbers them. [sd-daemon(3), SyslogLevelPrefix=] */
const LEVELS = { error: 3, warning: 4, notice: 5, info: 6 }

/** A line for the journal, with its priority where it is systemd that reads it. */
export function journalLine(level: keyof typeof LEVELS, text: string, toJournal = true): string {
  return `${toJournal ? `<${LEVELS[level]}>` : ''}${printable(text)}\n`
}
