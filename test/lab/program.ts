/** Installs the checkout's built program in a node's tree, as the package does. */
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'

const checkout = join(import.meta.dirname, '../..')

export function installProgram(root: string): void {
  const library = join(root, 'usr/lib/kured-sentinel')
  mkdirSync(library, { recursive: true })
  for (const part of ['bin', 'dist', 'package.json']) {
    const source = join(checkout, part)
    if (existsSync(source)) cpSync(source, join(library, part), { recursive: true })
  }
  symlinkSync('../lib/kured-sentinel/bin/kured-sentinel', join(root, 'usr/bin/kured-sentinel'))
  for (const [source, target] of [
    ['hooks/00-kured-sentinel-replaced.hook', 'usr/share/libalpm/hooks'],
    ['hooks/zzz-kured-sentinel-begun.hook', 'usr/share/libalpm/hooks'],
    ['hooks/zzz-kured-sentinel-finished.hook', 'usr/share/libalpm/hooks'],
    ['tmpfiles/kured-sentinel.conf', 'usr/lib/tmpfiles.d'],
  ] as const) {
    mkdirSync(join(root, target), { recursive: true })
    cpSync(join(checkout, source), join(root, target, basename(source)))
  }
}
