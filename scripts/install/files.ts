/** The installed files: one list for pacman's package and for an install by hand. */
import { existsSync, readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { manPages } from '../build/man-pages.ts'

export type InstalledFile = { target: string; mode: number } & (
  | { source: string }
  /** a symbolic link with this target */
  | { link: string }
)

export const LIBRARY = '/usr/lib/kured-sentinel'
export const CONFIGURATION = '/etc/kured-sentinel.conf'
const HOOKS = [
  '00-kured-sentinel-replaced.hook',
  'zzz-kured-sentinel-begun.hook',
  'zzz-kured-sentinel-finished.hook',
]
const RESTART_HOOK = '99-kured-sentinel-restart.hook'

/** @param checkout the directory in which the program was built; sources are below it */
export function installedFiles(checkout: string): InstalledFile[] {
  const file = (source: string, target: string, mode = 0o644) => ({ source, target, mode })
  const all = (directory: string, target: string) =>
    filesIn(join(checkout, directory)).map((name) =>
      file(join(directory, name), join(target, name)),
    )
  const share = '/usr/share'
  return [
    file('bin/kured-sentinel', `${LIBRARY}/bin/kured-sentinel`, 0o755),
    file('bin/kured-sentinel.cjs', `${LIBRARY}/bin/kured-sentinel.cjs`),
    file('bin/note-replaced', `${LIBRARY}/bin/note-replaced`, 0o755),
    file('bin/note-unfinished', `${LIBRARY}/bin/note-unfinished`, 0o755),
    ...all('dist', `${LIBRARY}/dist`),
    file('package.json', `${LIBRARY}/package.json`),
    {
      link: '../lib/kured-sentinel/bin/kured-sentinel',
      target: '/usr/bin/kured-sentinel',
      mode: 0o777,
    },
    file('generated/kured-sentinel.conf', CONFIGURATION),
    ...all('systemd', '/usr/lib/systemd/system'),
    file('tmpfiles/kured-sentinel.conf', '/usr/lib/tmpfiles.d/kured-sentinel.conf'),
    ...HOOKS.map((name) => file(`hooks/${name}`, `${share}/libalpm/hooks/${name}`)),
    // Not in a hook directory of pacman: to activate it, link it to /etc/pacman.d/hooks.
    file(`hooks/${RESTART_HOOK}`, `${share}/kured-sentinel/${RESTART_HOOK}`),
    file('kured-values.yaml', `${share}/kured-sentinel/kured-values.yaml`),
    ...filesIn(join(checkout, 'examples')).map((name) =>
      file(`examples/${name}`, `${share}/kured-sentinel/examples/${name}`, 0o755),
    ),
    ...['alerts.yaml', 'dashboard.json'].map((name) =>
      file(`monitoring/${name}`, `${share}/kured-sentinel/${name}`),
    ),
    ...all('generated/schemas', `${share}/kured-sentinel/schemas`),
    ...manPages(checkout).map((name) =>
      file(`generated/${name}`, `${share}/man/man${extname(name).slice(1)}/${name}`),
    ),
    file('generated/kured-sentinel.bash', `${share}/bash-completion/completions/kured-sentinel`),
    file('generated/_kured-sentinel', `${share}/zsh/site-functions/_kured-sentinel`),
    file('generated/kured-sentinel.fish', `${share}/fish/vendor_completions.d/kured-sentinel.fish`),
    file('LICENSE', `${share}/licenses/kured-sentinel/LICENSE`),
    file('generated/THIRD-PARTY-LICENSES', `${share}/licenses/kured-sentinel/THIRD-PARTY-LICENSES`),
  ]
}

function filesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).toSorted() : []
}
