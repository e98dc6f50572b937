/** The project's own package, built from the checkout by the real makepkg of this machine. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cache } from './cache.ts'
import { dropOld } from './drop-old.ts'
import { describe, run } from './run.ts'

export const CHECKOUT = join(import.meta.dirname, '../..')

/** Programs that the build needs; see scripts/setup.ts. */
export const PACKAGE_TOOLS = ['makepkg', 'bsdtar', 'fakeroot', 'scdoc', 'npm', 'git']

/** makepkg refuses to run as root. The user nobody has no home and no rights. */
const user = ['setpriv', '--reuid=nobody', '--regid=65534', '--clear-groups']

export interface OwnPackage {
  file: string
  /** where it was built; the package must not contain this path */
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
  // The build uses npm's cache from `npm ci` of the checkout, and so needs no network.
  const fetched = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()
  // Not what another npm is just writing there.
  const filter = (path: string) => !path.startsWith(join(fetched, '_cacache/tmp'))
  cpSync(join(fetched, '_cacache'), join(directory, 'npm/_cacache'), { recursive: true, filter })
  execFileSync('chown', ['-R', 'nobody:', directory])
  const argv = [...user, 'env', '--chdir', directory, 'makepkg', '--nodeps', ...options]
  const ended = await run(argv, {
    timeoutMs: 600_000,
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

/** The package of the present checkout, built once for each state of its source. */
export async function ownPackage(): Promise<string> {
  const workshop = mkdtempSync(join(tmpdir(), 'kured-sentinel-package-'))
  try {
    const tarball = execFileSync(join(CHECKOUT, 'scripts/tarball.sh'), [workshop]).toString().trim()
    const digest = createHash('sha256').update(readFileSync(tarball)).digest('hex').slice(0, 16)
    const stored = join(cache, 'own-package', `kured-sentinel-${digest}.pkg.tar.gz`)
    if (!existsSync(stored)) {
      const { file } = await buildOwnPackage(workshop, '--nocheck')
      mkdirSync(dirname(stored), { recursive: true })
      cpSync(file, `${stored}.${process.pid}`)
      renameSync(`${stored}.${process.pid}`, stored)
    }
    dropOld(stored)
    return stored
  } finally {
    rmSync(workshop, { recursive: true, force: true })
  }
}
