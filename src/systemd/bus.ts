import { SentinelError } from '../errors.ts'
import { complaint, runProgram } from '../host/program.ts'

type Interface = 'Unit' | 'Service' | 'Timer'

/**
 * Properties of a unit as they are: times as numbers and lists as lists, where `systemctl show`
 * prints local time, words without quotes, and of the conditions nothing.
 * [org.freedesktop.systemd1(5)]
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
    throw new SentinelError(`systemd cannot be asked about ${unit}: ${reason}`)
  }
  const lines = ended.stdout.toString().trimEnd().split('\n')
  return lines.map((line) => {
    const answer: { data?: unknown } = JSON.parse(line)
    return answer.data
  })
}

/** A unit's object: in its path every byte of the name but letters and digits is `_NN`. */
export function busPath(unit: string): string {
  const bytes = Array.from(Buffer.from(unit), (byte, index) => {
    const char = String.fromCharCode(byte)
    const plain = index === 0 ? /[A-Za-z]/ : /[A-Za-z0-9]/
    return plain.test(char) ? char : `_${byte.toString(16).padStart(2, '0')}`
  })
  return `/org/freedesktop/systemd1/unit/${bytes.join('')}`
}
