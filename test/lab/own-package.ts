/** The project's own package, built from the checkout by the real makepkg of this machine. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, run } from './run.ts'

export const CHECKOUT = join(import.meta.dirname, '../..')

/** What it needs beside the node's own programs; see scripts/setup.ts. */
export const PACKAGE_TOOLS = ['makepkg', 'bsdtar', 'fakeroot', 'scdoc', 'npm', 'git']

/** makepkg refuses root. Nobody has no home and no rights, as a builder should. */
const user = ['setpriv', '--reuid=nobody', '--regid=65534', '--clear-groups']

export interface OwnPackage {
  file: string
  /** where it was built; nothing in the package may know it */
  directory: string
  output: string
}

/** @param options of makepkg, such as --nocheck */
export async function buildOwnPackage(within: string, ...options: string[]): Promise<OwnPackage> {
  chmodSync(within, 0o755)
  const directory = mkdtempSync(join(within, 'makepkg-'))
  execFileSync(join(CHECKOUT, 'scripts/tarball.sh'), [directory], { stdio: 'pipe' })
  for (const name of ['PKGBUILD', 'kured-sentinel.install']) {
    cpSync(join(CHECKOUT, name), join(directory, name))
  }
  // What `npm ci` has fetched for the checkout serves the build, which so needs no network.
  const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()
  cpSync(join(cache, '_cacache'), join(directory, 'npm/_cacache'), { recursive: true })
  execFileSync('chown', ['-R', 'nobody:', directory])
  const argv = [...user, 'env', '--chdir', directory, 'makepkg', '--nodeps', ...options]
  const ended = await run(argv, {
    timeoutMs: 400_000,
    env: {
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin`,
      HOME: directory,
      LANG: 'C.UTF-8',
      SOURCE_DATE_EPOCH: '1764028800',
      PKGEXT: '.pkg.tar.gz',
      npm_config_cache: join(directory, 'npm'),
      npm_config_prefer_offline: 'true',
    },
  })
  if (ended.exitCode !== 0) throw new Error(describe(argv, ended))
  const name = readdirSync(directory).find((entry) => entry.endsWith('.pkg.tar.gz'))
  return { file: join(directory, name ?? ''), directory, output: ended.stdout }
}
