/**
 * `npm run install:system` installs the built program with all its files below DESTDIR (default
 * `/`), like pacman's package; `-- --remove` removes everything except the configuration. Enables
 * and starts nothing.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { CONFIGURATION, installedFiles, LIBRARY, type InstalledFile } from './install/files.ts'

const checkout = join(import.meta.dirname, '..')
const destination = process.env['DESTDIR'] || '/'

// Everyone can read the files, whatever the caller's umask.
process.umask(0o022)
try {
  const files = installedFiles(checkout)
  const words = process.argv.slice(2).join(' ')
  if (words === '--remove') remove(files)
  else if (words === '') install(files)
  else throw new Error(`unknown: ${words}; use -- --remove, or DESTDIR=DIR before npm`)
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  if (process.geteuid?.() !== 0 && destination === '/') console.error('Run it as root.')
  process.exitCode = 1
}

function install(files: InstalledFile[]): void {
  const missing = files.flatMap((file) =>
    'source' in file && !existsSync(join(checkout, file.source)) ? [file.source] : [],
  )
  if (missing.length > 0) {
    throw new Error(`not built: ${missing.join(', ')}; install scdoc, then npm run build`)
  }
  const targets = files.map((file) => join(destination, file.target))
  for (const file of files) {
    const target = join(destination, file.target)
    // The administrator's configuration stays, also when it is a broken link.
    if (file.target === CONFIGURATION && lstatSync(target, { throwIfNoEntry: false })) continue
    put(file, target)
  }
  // Removes files of an earlier version: the names of the bundle's parts change.
  for (const name of readdirSync(join(destination, LIBRARY, 'dist'))) {
    const path = join(destination, LIBRARY, 'dist', name)
    if (!targets.includes(path)) rmSync(path)
  }
}

/** Renames each file into place, because Kured may run the program at any moment. */
function put(file: InstalledFile, target: string): void {
  mkdirSync(dirname(target), { recursive: true })
  const partial = `${target}.new`
  rmSync(partial, { force: true })
  if ('link' in file) symlinkSync(file.link, partial)
  else {
    copyFileSync(join(checkout, file.source), partial)
    chmodSync(partial, file.mode)
  }
  renameSync(partial, target)
}

function remove(files: InstalledFile[]): void {
  for (const { target } of files) {
    if (target !== CONFIGURATION) rmSync(join(destination, target), { force: true })
  }
  unlinkHooks(files.map(({ target }) => target))
  for (const directory of [
    LIBRARY,
    '/usr/share/kured-sentinel',
    '/usr/share/licenses/kured-sentinel',
  ]) {
    rmSync(join(destination, directory), { recursive: true, force: true })
  }
}

/** pacman refuses all transactions while a hook is a broken link. [libalpm/hook.c] */
function unlinkHooks(gone: string[]): void {
  const directory = join(destination, '/etc/pacman.d/hooks')
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isSymbolicLink() && gone.includes(readlinkSync(path))) rmSync(path)
  }
}
