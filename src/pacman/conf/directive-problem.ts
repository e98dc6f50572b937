import type { ConfDirective, ConfProblem, ConfSection } from './model.ts'

/** Options whose loss changes what we decide or what a host upgrades. */
const WATCHED = ['IgnorePkg', 'IgnoreGroup', 'DBPath', 'RootDir']

/**
 * Why pacman does not take a directive as it is meant, or undefined. It does warn of the ones that
 * are not fatal, but ends with success. [pacman, src/pacman/conf.c, _parse_directive]
 */
export function directiveProblem(
  { key, value }: ConfDirective,
  section: ConfSection | undefined,
): Pick<ConfProblem, 'message' | 'fatal'> | undefined {
  const fatal = section === undefined
  if (key.startsWith('[')) {
    return { message: `${key} opens no section: a section's ] must be the last character`, fatal }
  }
  if (fatal) return { message: `${key} stands before the first section`, fatal }
  const meant = WATCHED.find((name) => name.toLowerCase() === key.toLowerCase())
  if (meant === undefined) return undefined
  if (meant !== key) return { message: `${key} is unknown to pacman: write ${meant}`, fatal }
  if (section.name !== 'options') {
    const opened = `[${section.name}] since ${section.file}:${section.line}`
    return {
      message: `${key} is lost: pacman reads it in [options] only, here is ${opened}`,
      fatal,
    }
  }
  return value === undefined ? { message: `${key} needs a value`, fatal } : undefined
}
