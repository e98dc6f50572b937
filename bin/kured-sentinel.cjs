#!/usr/bin/node
'use strict'

/*
 * The one place that sets the exit code. Kured takes 0 for "reboot" and 1 for a quiet "no", and
 * Node ends with 1 on an error of its own: so it is 2 from the start, and anything else only when
 * a command has done its work and printed its answer.
 */
process.exitCode = 2
process.on('uncaughtException', fail)

const dist = `${__dirname}/../dist`
const words = process.argv.slice(2)
/*
 * To systemd an ExecCondition= that ends with 2 is a skip, of which nobody hears; 255 is a failure.
 * Only what systemd itself has started has its own PID there. [systemd.service(5), systemd.exec(5)]
 */
const isCondition =
  words[0] === 'preflight' && Number(process.env['SYSTEMD_EXEC_PID']) === process.pid
const failed = isCondition ? 255 : 2
// The check of every minute has a file of its own, without commander.
const isPlain = words.length === 0 || (words.length === 1 && words[0] === 'check')

Promise.resolve()
  .then(() => (isPlain ? require(`${dist}/minute.cjs`) : import(`${dist}/main.js`)))
  .then((program) => program.run(words))
  .then((code) => process.exit(code === 2 ? failed : code), fail)

/** What root could do. @param {any} error */
function isDenied(error) {
  return ['EACCES', 'EPERM'].includes(error?.code) && process.geteuid?.() !== 0
}

/** @param {any} error */
function fail(error) {
  const lines = [`error: ${error?.message ?? error}`]
  let denied = isDenied(error)
  for (let cause = error?.cause; cause; cause = cause.cause) {
    lines.push(`-> ${cause.message ?? cause}`)
    denied ||= isDenied(cause)
  }
  if (denied) lines.push('Run it as root, with sudo for example.')
  if (String(error?.code).endsWith('_NOT_FOUND')) {
    lines.splice(
      0,
      lines.length,
      'error: a part of the program is missing: build it, or install it anew',
    )
    lines.push(`-> ${String(error.message).split('\n')[0]}`)
  } else if (error?.name !== 'SentinelError' && error?.code === undefined) {
    // What no one foresaw is a fault of this program: where it happened helps to mend it.
    lines.push(...String(error?.stack).split('\n').slice(1, 4))
  }
  try {
    const text = lines.map((line) => line.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')).join('\n')
    require('node:fs').writeSync(2, `${text}\n`)
  } catch {
    // Nobody listens any more; the exit code still says it.
  }
  process.exit(failed)
}
