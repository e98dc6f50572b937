import { errorCode, errorText } from '../../errors.ts'
import { glob } from '../../host/glob.ts'
import type { Host } from '../../host/host.ts'
import { directiveProblem } from './directive-problem.ts'
import { LINE_BYTES, readLine, splitLines } from './line.ts'
import type { ConfDirective, ConfEntry, ConfPlace, ConfSection, PacmanConf } from './model.ts'

export const PACMAN_CONF = '/etc/pacman.conf'

/** For a host without pacman.conf. pacman does not run there; its files are at the usual places. */
export const NO_CONF: PacmanConf = { directives: [], sections: [], problems: [], files: [] }

/** How deep Includes may be nested. [pacman, src/pacman/conf.c, config_max_recursion] */
const MAX_DEPTH = 10

/**
 * Reads a pacman.conf with everything it includes, as pacman itself does: line by line, with one
 * current section for all files, so a section continues into an included file and out of it again.
 * [pacman, src/common/ini.c and src/pacman/conf.c]
 *
 * Values are not checked (`SigLevel = nonsense` is fatal to pacman, not here). A relative Include
 * starts at the working directory, or at the host's root prefix if there is one.
 *
 * @returns everything before the first fatal problem, and all problems up to it
 * @throws the system error if the file itself cannot be read
 */
export function readPacmanConf(host: Host, path = PACMAN_CONF): PacmanConf {
  const conf: PacmanConf = { directives: [], sections: [], problems: [], files: [] }
  const reading: Reading = { host, conf, section: undefined, open: [] }
  readFile(reading, path, host.readBytes(path))
  return conf
}

/** The host's own pacman.conf, or NO_CONF. Throws the system error if it cannot be read. */
export function readHostConf(host: Host): PacmanConf {
  return host.lstat(PACMAN_CONF) === undefined ? NO_CONF : readPacmanConf(host)
}

/** The entries of a list in [options], in pacman's order. Only spaces separate them. */
export function listOption(conf: PacmanConf, key: string): ConfEntry[] {
  return options(conf, key).flatMap(({ value, file, line }) =>
    value
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => ({ name, file, line })),
  )
}

/** The names of the repositories: every section but [options] is one. */
export function repositories({ sections }: PacmanConf): string[] {
  return [...new Set(sections.map(({ name }) => name))].filter((name) => name !== 'options')
}

/**
 * The directory of pacman's databases, without a slash at its end. The first DBPath counts, then
 * the first RootDir. [pacman, src/pacman/conf.c, setdefaults]
 */
export function databasePath(conf: PacmanConf): string {
  // With an empty DBPath pacman does not run; its database is at the usual place.
  const path = options(conf, 'DBPath')[0]?.value || `${rootPath(conf)}/var/lib/pacman`
  const absolute = path.startsWith('/') ? path : `${process.cwd()}/${path}`
  return plainPath(absolute)
}

/**
 * The log of every transaction: the first LogFile, else its usual place below the first RootDir.
 * [pacman, src/pacman/conf.c, setdefaults]
 */
export function logPath(conf: PacmanConf): string {
  return options(conf, 'LogFile')[0]?.value || plainPath(`${rootPath(conf)}/var/log/pacman.log`)
}

function rootPath(conf: PacmanConf): string {
  return options(conf, 'RootDir')[0]?.value ?? ''
}

function options(conf: PacmanConf, key: string): (ConfDirective & { value: string })[] {
  return conf.directives.filter(
    (directive): directive is ConfDirective & { value: string } =>
      directive.section === 'options' && directive.key === key && directive.value !== undefined,
  )
}

interface Reading {
  host: Host
  conf: PacmanConf
  section: ConfSection | undefined
  /** the files being read, outermost first */
  open: string[]
}

/** @returns false if pacman would stop here with an error */
function readFile(reading: Reading, file: string, bytes: Buffer): boolean {
  const { conf } = reading
  const text = bytes.toString('latin1')
  reading.open.push(file)
  conf.files.push(file)
  if (text.startsWith('\xef\xbb\xbf')) {
    const message = 'a byte order mark, which pacman reads as part of the first line; remove it'
    conf.problems.push({ file, line: 1, message, fatal: false })
  }
  for (const { raw, line, tooLong } of splitLines(text)) {
    if (tooLong) {
      const message = `longer than ${LINE_BYTES} bytes: pacman reads the rest as another line`
      conf.problems.push({ file, line, message, fatal: false })
    }
    if (raw.includes('\0')) {
      const message = 'a NUL byte: pacman ignores the rest of the line'
      conf.problems.push({ file, line, message, fatal: false })
    }
    if (!take(reading, raw, { file, line })) return false
  }
  reading.open.pop()
  return true
}

function take(reading: Reading, raw: string, place: ConfPlace): boolean {
  const { conf } = reading
  const found = readLine(raw)
  if (found === undefined) return true
  if (found.kind === 'section') {
    reading.section = { name: decode(found.name), ...place }
    conf.sections.push(reading.section)
    return true
  }
  const key = decode(found.key)
  const value = found.value === undefined ? undefined : decode(found.value)
  const directive = { section: reading.section?.name ?? '', key, value, ...place }
  if (key === 'Include') {
    conf.directives.push(directive)
    return include(reading, value, place)
  }
  const problem = directiveProblem(directive, reading.section)
  if (problem !== undefined) conf.problems.push({ ...problem, ...place })
  if (problem?.fatal === true) return false
  conf.directives.push(directive)
  return true
}

function include(reading: Reading, value: string | undefined, place: ConfPlace): boolean {
  const { host, conf, open } = reading
  const refuse = (message: string, fatal = true): boolean => {
    conf.problems.push({ ...place, message, fatal })
    return !fatal
  }
  if (value === undefined || value === '') return refuse('Include needs a value')
  if (open.length > MAX_DEPTH) {
    const again = open.find((file, index) => open.indexOf(file) < index)
    if (again !== undefined) return refuse(`Include leads back to ${again}: a loop`)
    return refuse(`Include is nested more than ${MAX_DEPTH} deep`)
  }
  const pattern = host.root !== '' && !value.startsWith('/') ? `/${value}` : value
  for (const file of glob(host, pattern)) {
    let bytes: Buffer
    try {
      bytes = host.readBytes(file)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return refuse(`Include = ${value} matches nothing`)
      // pacman opens a directory too, and reads nothing from it; a FIFO would make it wait.
      const fatal = errorCode(error) !== undefined || host.lstat(file)?.isDirectory() !== true
      if (!refuse(`Include = ${value}: ${errorText(error)}`, fatal)) return false
      continue
    }
    if (!readFile(reading, file, bytes)) return false
  }
  return true
}

function decode(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString()
}

/** The path with single slashes, and none at its end. */
export function plainPath(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
}
