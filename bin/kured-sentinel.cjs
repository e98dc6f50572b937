#!/usr/bin/node
'use strict'

/*
 * Only this file sets the exit code. To Kured 0 is "reboot" and 1 a quiet "no", and Node exits with
 * 1 on its own errors: so the exit code is 2 from the start, and another one only after a command
 * has done its work and printed its answer.
 */
process.exitCode = 2
process.on('uncaughtException', fail)

const dist = `${__dirname}/../dist`
const words = process.argv.slice(2)
/*
 * systemd takes exit code 2 of an ExecCondition= for a skip, which nobody notices; 255 is failure.
 * Only a process that systemd itself started has its own PID in SYSTEMD_EXEC_PID.
 * [systemd.service(5), systemd.exec(5)]
 */
const isCondition =
  words[0] === 'preflight' && Number(process.env['SYSTEMD_EXEC_PID']) === process.pid
const failed = isCondition ? 255 : 2
// The check of every minute is in a separate file, without commander.
const isPlain = words.length === 0 || (words.length === 1 && words[0] === 'check')

Promise.resolve()
  .then(() => (isPlain ? require(`${dist}/minute.cjs`) : import(`${dist}/main.js`)))
  .then((program) => program.run(words, failed))
  .then((code) => process.exit(code === 2 ? failed : code), fail)

/** Whether root would not get this error. @param {any} error */
function isDenied(error) {
  return ['EACCES', 'EPERM'].includes(error?.code) && process.geteuid?.() !== 0
}

/*
 * What moves a terminal's cursor, ends a log line, reorders text or is invisible: controls, format
 * characters, line and paragraph separators, halves of pairs. src/text/printable.ts has the same.
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Prints the error with its causes, and exits. @param {any} error */
function fail(error) {
  // As of `… | head`: a person has read enough. Kured waits for the whole answer.
  if (error?.code === 'EPIPE' && process.env['KURED_NODE_ID'] === undefined) process.exit(failed)
  const lines = [`error: ${error?.message ?? error}`]
  let denied = isDenied(error)
  for (let cause = error?.cause; cause; cause = cause.cause) {
    lines.push(`-> ${cause.message ?? cause}`)
    denied ||= isDenied(cause)
  }
  if (denied) lines.push('Run it as root, with sudo for example.')
  if (String(error?.code).endsWith('_NOT_FOUND')) {
    lines.splice(0, lines.length, 'error: a part of the program is missing: build or reinstall it')
    lines.push(`-> ${String(error.message).split('\n')[0]}`)
  } else if (error?.name !== 'SentinelError' && error?.code === undefined) {
    // An unexpected error is a bug of this program: the stack helps to fix it.
    lines.push(...String(error?.stack).split('\n').slice(1, 4))
  }
  try {
    const text = lines.map((line) => line.replace(CONTROL, '?')).join('\n')
    require('node:fs').writeSync(2, `${text}\n`)
  } catch {
    // No reader is left; the exit code still counts.
  }
  process.exit(failed)
}
