import { SentinelError } from '../errors.ts'
import { complaint, runProgram } from '../host/program.ts'

type Interface = 'Unit' | 'Service' | 'Timer'

/**
 * Reads properties of a unit with their types: times as numbers, lists as lists. `systemctl show`
 * prints local time and unquoted words, and no conditions. [org.freedesktop.systemd1(5)]
 *
 * @returns the values in the order of the names
 * @throws SentinelError when systemd gives no answer
 */
export function readProperties(unit: string, of: Interface, names: readonly string[]): unknown[] {
  const bus = 'org.freedesktop.systemd1'
  const args = ['--json=short', 'get-property', bus, busPath(unit), `${bus}.${of}`, ...names]
  const ended = runProgram('/usr/bin/busctl', args, { timeoutMs: 30_000 })
  if (ended.exitCode !== 0) {
    const reason = complaint(ended).replaceAll('\n', '; ')
    throw new SentinelError(`cannot ask systemd about ${unit}: ${reason}`)
  }
  const lines = ended.stdout.toString().trimEnd().split('\n')
  return lines.map((line) => {
    const answer: { data?: unknown } = JSON.parse(line)
    return answer.data
  })
}

/** A unit's object path: every byte of the name except letters and digits becomes `_NN`. */
export function busPath(unit: string): string {
  const bytes = Array.from(Buffer.from(unit), (byte, index) => {
    const char = String.fromCharCode(byte)
    const plain = index === 0 ? /[A-Za-z]/ : /[A-Za-z0-9]/
    return plain.test(char) ? char : `_${byte.toString(16).padStart(2, '0')}`
  })
  return `/org/freedesktop/systemd1/unit/${bytes.join('')}`
}
