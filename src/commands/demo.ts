import { join } from 'node:path'
import { makeEnclosedStage } from '../demo/enclosed-stage.ts'
import { type Scene, SCENES } from '../demo/scenes.ts'
import { outputWidth } from '../terminal/width.ts'
import type { DemoOutcome, Shown, Stage } from '../demo/stage.ts'
import { makeTreeStage } from '../demo/tree-stage.ts'
import { errorText, Exit } from '../errors.ts'
import { withFleetingDirectory } from '../host/fleeting-directory.ts'
import { Host } from '../host/host.ts'
import { runEnclosed } from '../host/namespaces.ts'
import { write } from '../host/write.ts'
import { chalk } from '../terminal/colours.ts'
import { printable, printableLines } from '../text/printable.ts'
import { wrapWords } from '../text/wrap.ts'

/** The whole demonstration; it takes about two seconds. In ms. */
const LIMIT_MS = 60_000

/** Width of a terminal. */
const COLUMNS = 80

/**
 * `demo`: shows the program at work on a throw-away host; where this machine forbids namespaces, on
 * a tree of files. Nothing of the machine is changed.
 *
 * @returns 0; 2 if something did not come out as it must
 */
export async function demo(): Promise<number> {
  const shown = findShown()
  const enclosed = runEnclosed(
    [shown.node, join(shown.directory, 'bin/kured-sentinel.cjs'), 'demo', '--enclosed'],
    LIMIT_MS,
  )
  // unshare's and the shell's own exit code for what they could not do, and ours.
  if (enclosed.exitCode !== Exit.none) {
    write(2, enclosed.stderr)
    return enclosed.exitCode ?? Exit.attention
  }
  const why = enclosed.stderr.trim().split('\n').at(-1) ?? ''
  tell(`A host in namespaces of its own cannot be had here (${printable(why)}).`)
  return withFleetingDirectory((root) => play(makeTreeStage(shown, root)))
}

/**
 * `demo --enclosed`: the demonstration itself, run by `demo` in namespaces of its own.
 *
 * @returns 1 if this machine lacks or forbids what it takes; nothing is on stdout then
 */
export async function enclosedDemo(): Promise<number> {
  let stage: Stage
  try {
    stage = await makeEnclosedStage(findShown())
  } catch (error) {
    write(2, printableLines([errorText(error)]))
    return Exit.none
  }
  return play(stage)
}

function findShown(): Shown {
  // Bundled, this file is in dist.
  const directory = new Host().realPath(join(import.meta.dirname, '..'))
  const width = outputWidth()
  const terminal: Shown['terminal'] = {
    ...(chalk.level > 0 && { FORCE_COLOR: '1' }),
    ...(width !== Infinity && { COLUMNS: String(width) }),
  }
  return { directory, node: process.execPath, terminal }
}

async function play(stage: Stage): Promise<number> {
  tell(stage.about)
  for (const scene of SCENES) {
    write(1, '\n')
    tell(scene.say)
    write(1, `${chalk.green.bold('root@demo:~#')} ${chalk.bold(scene.command)}\n`)
    const outcome = await stage.run(scene.command)
    write(1, renderOutcome(scene, outcome))
    if (outcome !== undefined && outcome.code !== scene.code) {
      write(2, 'error: the demonstration ends here: this exit code should be another\n')
      return Exit.attention
    }
  }
  return Exit.ok
}

function tell(text: string): void {
  write(
    1,
    wrapWords(text, COLUMNS)
      .map((line) => `${chalk.cyan(line)}\n`)
      .join(''),
  )
}

function renderOutcome({ code, means }: Scene, outcome: DemoOutcome | undefined): string {
  if (outcome === undefined) return chalk.dim('(not without namespaces: it asks systemd)\n')
  const isShown = means !== undefined || outcome.code !== code
  const meaning = outcome.code === code ? `: ${means}` : ` instead of ${code}`
  return outcome.output + (isShown ? chalk.dim(`exit code ${outcome.code}${meaning}\n`) : '')
}
