/** A fleet of simulated hosts on a node's share: their rows, and their packed databases. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rowText } from '../../src/fleet/row.ts'
import { Host } from '../../src/host/host.ts'
import { packLocalDatabase } from '../../src/pacman/database/pack.ts'
import { STAGING } from '../../src/pacman/database/staging.ts'
import { row } from '../../test/fixture/fleet.ts'

/** As many as Arch has in core and extra, and as a host has installed. */
const OFFERED = 14_000
const INSTALLED = 700

/** Of the hosts' sets of packages. */
export interface SimulatedFleet {
  hosts: number
  /** how many of them differ */
  sets: number
}

/** In the node. */
const SHARE = '/srv/fleet'

/**
 * Writes the files of a fleet, the databases by which they are planned, and the configuration.
 *
 * @param root of the node, on this machine
 */
export function makeFleet(root: string, { hosts, sets }: SimulatedFleet): void {
  rmSync(join(root, SHARE), { recursive: true, force: true })
  const work = join(root, 'srv/bench')
  for (let set = 0; set < sets; set++) packSet(work, set)
  for (let index = 0; index < hosts; index++) {
    const name = `host${String(index).padStart(3, '0')}`
    const place = join(root, SHARE, name)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'status.json'), rowText(row(name, { architecture: process.arch })))
    execFileSync('cp', [join(work, `set${index % sets}/local.tar.zst`), place])
  }
  const config = `[fleet]\ndirectory = ${SHARE}\nmount = no\n`
  writeFileSync(join(root, 'etc/kured-sentinel.conf'), config)
}

const name = (index: number) => `package-${String(index).padStart(5, '0')}`

/** Each package depends on the next ones, as real ones do, and has text that is as long. */
function desc(index: number, version: string, more: string): string {
  const depends = [1, 7, 31].map((step) => name((index + step) % INSTALLED)).join('\n')
  return `%NAME%\n${name(index)}\n\n%VERSION%\n${version}\n\n%BASE%\n${name(index)}\n\n%DESC%\n${'A package. '.repeat(6)}\n\n%URL%\nhttps://example.org/${index}\n\n%ARCH%\nany\n\n%BUILDDATE%\n1700000000\n\n%PACKAGER%\nA Packager <packager@example.org>\n\n%LICENSE%\nMIT\n\n${more}%DEPENDS%\n${depends}\n\n`
}

/** A set has the common packages, and some of its own. */
function packSet(work: string, set: number): void {
  const place = join(work, `set${set}`)
  rmSync(place, { recursive: true, force: true })
  const own = Array.from({ length: 20 }, (_, index) => INSTALLED + set * 20 + index)
  const installed = [...Array.from({ length: INSTALLED }).keys(), ...own]
  const files = installed.map((index) => {
    const more = `%INSTALLDATE%\n1700000001\n\n%SIZE%\n100000\n\n%VALIDATION%\nnone\n\n`
    return [`${name(index)}-1.0-1/desc`, desc(index, '1.0-1', more)] as const
  })
  new Host(place).writeScratch('/db/local', new Map(files))
  packLocalDatabase(new Host(place), '/db', new Host(place))
}

/** The new databases: every tenth package has a new version. */
export function makeDatabase(root: string): void {
  const work = join(root, 'srv/bench/sync')
  mkdirSync(work, { recursive: true })
  for (let index = 0; index < OFFERED; index++) {
    const version = index % 10 === 0 ? '2.0-1' : '1.0-1'
    const place = join(work, `${name(index)}-${version}`)
    mkdirSync(place)
    const file = `%FILENAME%\n${name(index)}-${version}-any.pkg.tar.zst\n\n%CSIZE%\n50000\n\n%ISIZE%\n100000\n\n%SHA256SUM%\n${'0'.repeat(64)}\n\n`
    writeFileSync(join(place, 'desc'), desc(index, version, file))
  }
  const staging = join(root, STAGING)
  mkdirSync(join(staging, 'sync'), { recursive: true })
  // As repo-add names them: pacman takes no entry that begins with a dot.
  execFileSync('bsdtar', ['-czf', join(staging, 'sync/lab.db'), '-C', work, ...readdirSync(work)])
}
