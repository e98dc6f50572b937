/** Puts the checkout's built program into a node's tree, laid out as the package installs it. */
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const checkout = join(import.meta.dirname, '../..')

export function installProgram(root: string): void {
  const library = join(root, 'usr/lib/kured-sentinel')
  mkdirSync(library, { recursive: true })
  for (const part of ['bin', 'dist', 'package.json']) {
    const source = join(checkout, part)
    if (existsSync(source)) cpSync(source, join(library, part), { recursive: true })
  }
  const link = '../lib/kured-sentinel/bin/kured-sentinel.js'
  symlinkSync(link, join(root, 'usr/bin/kured-sentinel'))
}
