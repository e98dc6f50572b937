import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../test/lab/cache.ts'
import { logged } from './logged.ts'

export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * Builds a tree, unless it exists. It gets its name at the end, so that a killed build is never
 * taken for a finished one.
 */
export function buildOnce(tree: string, build: (partial: string) => void): void {
  if (existsSync(tree)) return
  const partial = `${tree}.partial`
  rmSync(partial, { recursive: true, force: true })
  build(partial)
  rmSync(join(partial, 'var/cache/apt/archives'), { recursive: true, force: true })
  renameSync(partial, tree)
}

/** Makes a tree of Debian packages and their dependencies; `architecture` is Debian's name. */
export function debootstrap(
  tree: string,
  of: { suite: string; packages: string[]; architecture: string },
  options: string[] = [],
): void {
  const include = `--include=${of.packages.join(',')}`
  const what = ['--variant=minbase', `--arch=${of.architecture}`, `--keyring=${keyring}`, include]
  isolated(['debootstrap', ...options, ...what, of.suite, tree, ...debianMirror()])
}

/** Runs a program in its own namespaces: its mounts and processes end with it. */
export function isolated(argv: string[]): void {
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  logged('setpriv', ['--pdeathsig', 'KILL', ...unshare, ...argv])
}

/** The mirror of this machine's apt, in either format of its sources; otherwise the default. */
function debianMirror(): string[] {
  if (findProgram('apt-get') === undefined) return []
  const format = '$(ORIGIN) $(RELEASE) $(COMPONENT) $(REPO_URI)'
  const targets = execFileSync('apt-get', ['indextargets', '--format', format], {
    encoding: 'utf8',
  })
  const rows = targets.split('\n').map((line) => line.split(' '))
  // Not bookworm-security and the like: their mirror may have nothing else.
  const own = rows.find(
    ([origin, release, component]) =>
      origin === 'Debian' && release?.includes('-') === false && component === 'main',
  )
  return own?.[3] === undefined ? [] : [own[3]]
}
