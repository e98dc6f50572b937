import { shortened } from '../../text/listed.ts'

/** The errors in pacman's stdout and stderr. */
export interface PacmanOutput {
  /** hooks and scriptlets that failed, by name; pacman continues after them, and exits with 0 */
  failed: string[]
  /** the same: the hook's file name, or the package of the scriptlet; '' if unknown */
  failures: { of: 'hook' | 'scriptlet'; name: string }[]
  /** its other errors, without "error: " */
  errors: string[]
  /** its lines beside the errors: which files, packages and dependencies they are about */
  details: string[]
  /** the files that it has not accepted, and under --noconfirm deletes; paths, each with a .sig */
  refused: string[]
  /** why it does not confine its downloads; no error of the run, unless pacman ends with one */
  sandbox: string[]
  /** " there is nothing to do" */
  nothingToDo: boolean
  /** there was output, and it was in English */
  understood: boolean
}

/**
 * A kernel without Landlock, or with an older one. pacman 7.0 downloads without the sandbox, 7.1
 * ends. [libalpm/sandbox_fs.c; Linux 6.1: "… because the landlock rule … could not be added!"]
 */
const SANDBOX = /^restricting .* failed because /

/**
 * Reads pacman's own output, line by line. Only the output shows a failed hook or scriptlet:
 * pacman.log has a hook's start, but not its end. [pacman 6.0.2, 7.0.0: libalpm/util.c,
 * _alpm_run_chroot] Only English is understood: the unit sets LC_MESSAGES=C.
 *
 * @param hooks the file names of the started hooks, in order, from pacman.log; the output has only
 *   their descriptions
 */
export function parsePacmanOutput(
  messages: readonly string[],
  hooks: readonly string[],
): PacmanOutput {
  const said: PacmanOutput = {
    failed: [],
    failures: [],
    errors: [],
    details: [],
    refused: [],
    sandbox: [],
    nothingToDo: false,
    understood: false,
  }
  let current = 'a command'
  let failing: PacmanOutput['failures'][number] = { of: 'hook', name: '' }
  // The next hook's number, 0 outside of hooks; the length of its series; the hooks so far.
  let next = 0
  let all = ''
  let before = 0
  for (const message of messages.flatMap(withoutQuestion)) {
    const line = message.replace(/\u001b\[[?0-9;]*[A-Za-z]/g, '').trimEnd()
    const [, number, total = '', title = ''] = /^\(\s*(\d+)\/(\d+)\) (.*)$/.exec(line) ?? []
    const [, changed] =
      /^(?:re)?(?:install|upgrad|downgrad|remov)ing (\S+?)\.\.\.$/.exec(line) ?? []
    const [, error] = /^error: (.*)$/.exec(line) ?? []
    if (line === ':: Starting full system upgrade...') said.understood = true
    if (line.startsWith(':: ')) next = line.endsWith(' hooks...') ? 1 : 0
    else if (next > 0 && Number(number) === next && (next === 1 || total === all)) {
      all = total
      failing = { of: 'hook', name: fileName(hooks[before]) }
      current = describeHook(failing.name, title)
      next += 1
      before += 1
    } else if (changed !== undefined) {
      failing = { of: 'scriptlet', name: changed }
      current = `the scriptlet of ${changed}`
    } else if (error !== undefined && /^command (?:failed|terminated)/.test(error)) {
      said.failed.push(`${current}: ${error}`)
      said.failures.push(failing)
    } else if (error !== undefined) (SANDBOX.test(error) ? said.sandbox : said.errors).push(error)
    else if (line === ' there is nothing to do') said.nothingToDo = true
    const [, refused] = /^:: File (\/.+) is corrupted \(.*\)\.$/.exec(line) ?? []
    if (refused !== undefined) said.refused.push(refused)
    if (isDetail(line)) said.details.push(line.replace(/^:: /, ''))
  }
  return said
}

/**
 * An error behind a question is in the same line: the question goes to stdout without a newline, which
 * pacman prints once it is answered. [pacman, src/pacman/util.c, question]
 */
function withoutQuestion(line: string): string[] {
  return line.split(/(?<=\[(?:Y\/n|y\/N)\] )(?=error: )/)
}

/** Lines without ":: " that pacman prints for one of its errors. [src/pacman/sync.c, upgrade.c] */
const ABOUT_AN_ERROR =
  / exists in filesystem(?: \(|$)| exists in both '| does not have a valid architecture$| is invalid or corrupted$/

/**
 * Whether a line says what an error is about. pacman heads its steps and its errors' details with
 * ":: "; only the steps end in "...", and a question's last line is another.
 */
function isDetail(line: string): boolean {
  if (!line.startsWith(':: ')) return ABOUT_AN_ERROR.test(line)
  return !/\.\.\.$|\[[YN]\/[yn]\]|\[[yn]\/[YN]\]|^:: (?:The following|There (?:is|are)) .*:$/i.test(
    line,
  )
}

/**
 * Errors with what they are about, each once; so many of the latter, and the number of the rest.
 */
export function describeErrors(
  errors: readonly string[],
  { details }: Pick<PacmanOutput, 'details'>,
  most = 5,
): string[] {
  return [...new Set(errors), ...shortened([...new Set(details)], most)]
}

function fileName(hook: string | undefined): string {
  if (hook === undefined) return ''
  return hook.endsWith('.hook') ? hook : `${hook}.hook`
}

function describeHook(file: string, title: string): string {
  if (file === '') return `the hook "${title}"`
  return title === file || title === '' ? file : `${file} (${title})`
}
