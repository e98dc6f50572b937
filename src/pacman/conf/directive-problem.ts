import type { ConfDirective, ConfProblem, ConfSection } from './model.ts'

/** Options whose loss would change our verdict, or what a host upgrades. */
const WATCHED = ['IgnorePkg', 'IgnoreGroup', 'DBPath', 'RootDir']

/**
 * Why pacman does not read a directive as it was meant, or undefined. If the problem is not fatal,
 * pacman warns at most, and exits with success. [pacman, src/pacman/conf.c, _parse_directive]
 */
export function directiveProblem(
  { key, value }: ConfDirective,
  section: ConfSection | undefined,
): Pick<ConfProblem, 'message' | 'fatal'> | undefined {
  const fatal = section === undefined
  if (key.startsWith('[')) {
    return { message: `${key} does not open a section: its ] must be the last character`, fatal }
  }
  if (fatal) return { message: `${key} is before the first section`, fatal }
  const meant = WATCHED.find((name) => name.toLowerCase() === key.toLowerCase())
  if (meant === undefined) return undefined
  if (meant !== key) return { message: `${key} is unknown to pacman: write ${meant}`, fatal }
  if (section.name !== 'options') {
    const opened = `[${section.name}] since ${section.file}:${section.line}`
    return {
      message: `${key} has no effect: pacman reads it only in [options], this is ${opened}`,
      fatal,
    }
  }
  return value === undefined ? { message: `${key} needs a value`, fatal } : undefined
}
