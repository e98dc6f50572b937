import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { aarch64, aarch64Tree, inAarch64 } from '../../test/lab/aarch64.ts'
import { logged, step } from './logged.ts'
import { buildOnce, debootstrap } from './tree.ts'

/**
 * Only unpacks the packages: their scripts would take minutes under emulation, and the tests need
 * little of them (`aarch64.finish`).
 */
export function buildAarch64Tree(): void {
  buildOnce(aarch64Tree, (partial) => {
    step('building the aarch64 root with debootstrap and npm; this takes about half a minute')
    debootstrap(partial, { ...aarch64, architecture: 'arm64' }, ['--foreign'])
    const archives = join(partial, 'var/cache/apt/archives')
    for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
      logged('dpkg-deb', ['--extract', join(archives, file), partial])
    }
    rmSync(join(partial, 'debootstrap'), { recursive: true })
    unpackNode(partial)
    finish(partial)
  })
}

/** Without `npm install`, which refuses packages for another processor. */
function unpackNode(tree: string): void {
  const directory = join(tree, 'tmp')
  logged('npm', ['pack', '--silent', '--pack-destination', directory, aarch64.npm])
  for (const name of readdirSync(directory)) {
    const strip = ['--strip-components=2', '--no-same-owner', 'package/bin/node']
    logged('tar', ['-xzf', join(directory, name), '-C', join(tree, 'usr/bin'), ...strip])
    rmSync(join(directory, name))
  }
}

function finish(tree: string): void {
  const [program = '', ...words] = inAarch64(tree, ['/bin/sh', '-euc', aarch64.finish])
  try {
    logged(program, words)
  } catch (cause) {
    const needs = 'Linux 6.7, or qemu-aarch64 registered system-wide with flag F (systemd-binfmt)'
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`the aarch64 root does not run; it needs ${needs}\n${why}`, { cause })
  }
}
