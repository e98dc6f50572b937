import { sizeText } from '../text/size.ts'
import { CONFIG_FILE } from '../config/config.ts'
import type { Context } from './context.ts'
import { askFreeSpace } from '../host/directory.ts'
import { type PreflightFinding, SERVER_ADVICE } from './check.ts'

/**
 * Checks for the least free space. pacman itself checks the space that a transaction needs, if
 * pacman.conf has CheckSpace.
 */
export async function checkSpace(context: Context): Promise<PreflightFinding[]> {
  const { job, cacheDir, config, deadline } = context
  const path = job === 'upgrade' ? '/' : cacheDir
  const answer = await askFreeSpace(path, deadline)
  if ('problem' in answer) {
    return [
      {
        check: 'space',
        result: 'skip',
        message: `${path} does not answer: ${answer.problem}`,
        advice: SERVER_ADVICE,
      },
    ]
  }
  const message = `${sizeText(answer.free)} are free on ${path}`
  if (answer.free >= config.minFree) return [{ check: 'space', result: 'ok', message }]
  const least = `min-free = ${sizeText(config.minFree)}`
  const advice = `make room on ${path} (paccache -r, journalctl --vacuum-size=200M), or set a lower min-free in ${CONFIG_FILE}`
  return [
    { check: 'space', result: 'skip', message: `only ${message}, less than ${least}`, advice },
  ]
}
