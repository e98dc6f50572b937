import { Exit } from '../errors.ts'
import { Deadline } from '../host/deadline.ts'
import { Host } from '../host/host.ts'
import { renderHoldsCheck } from './ignore-check-output.ts'
import { printableJson } from '../text/printable.ts'
import { withProgress } from '../terminal/progress.ts'
import { write } from '../host/write.ts'
import { checkIgnored } from '../ignored/check.ts'

/** A board needs a second or two for each of pacman's runs. */
const LIMIT_MS = 120_000

const CODES = { fine: Exit.ok, blocked: 1, unknown: Exit.attention }

/** `ignore check`: asks whether the next upgrade would fail. @returns 0 no, 1 yes, 2 could not tell */
export async function ignoreCheck(options: {
  json: true | undefined
  pacmanConf: string
}): Promise<number> {
  const check = await withProgress('asking pacman', () =>
    checkIgnored(new Host(), options.pacmanConf, new Deadline(LIMIT_MS)),
  )
  write(1, options.json ? printableJson(check) : renderHoldsCheck(check))
  return CODES[check.verdict]
}
