import { SentinelError } from '../../errors.ts'
import { Host } from '../../host/host.ts'
import { complaint, runProgram } from '../../host/program.ts'
import { listInstalled } from './local.ts'

const PACK_MS = 60_000

/** What pacman goes by when it plans an upgrade. [libalpm/be_local.c, local_db_read] */
const KEPT = ['NAME', 'VERSION', 'ARCH', 'GROUPS', 'REPLACES', 'DEPENDS', 'CONFLICTS', 'PROVIDES']

/**
 * Packs what pacman needs of the local database to plan an upgrade: of each package's desc the fields
 * that matter to that. Two hosts with the same packages make the same bytes. Some ten kB. bsdtar comes
 * with pacman.
 *
 * @param work an empty directory of this machine, in which the archive is made
 * @returns the archive's name in it
 * @throws SentinelError, or the system error, if that fails
 */
export function packLocalDatabase(host: Host, dbPath: string, work: Host): string {
  const local = `${dbPath}/local`
  const entries = listInstalled(host, dbPath).map(({ directory }) => `${directory}/desc`)
  const files = entries
    .toSorted()
    .map((file) => [file, keptFields(host.readText(`${local}/${file}`))] as const)
  work.writeScratch('/local', new Map(files))
  // Times, owners and modes are these, whatever the files have.
  const lines = files.map(
    ([file]) =>
      `./${escaped(file)} type=file mode=0644 uid=0 gid=0 time=0 contents=${escaped(file)}`,
  )
  const input = ['#mtree', ...lines, ''].join('\n')
  const archive = 'local.tar.zst'
  const args = ['--create', '--zstd', '--file', work.path(`/${archive}`), '@-']
  const cwd = work.path('/local')
  const ended = runProgram('/usr/bin/bsdtar', args, { timeoutMs: PACK_MS, input, cwd })
  if (ended.exitCode === 0) return archive
  throw new SentinelError(`${local} cannot be packed: ${complaint(ended)}`)
}

/** The fields of a desc that are kept: each has a heading, its lines, and an empty one. */
function keptFields(desc: string): string {
  const fields = desc.split(/(?<=\n)(?=%[A-Z0-9]+%\n)/)
  return fields.filter((field) => KEPT.includes(/^%([A-Z0-9]+)%/.exec(field)?.[1] ?? '')).join('')
}

/** As mtree(5) wants it. */
function escaped(path: string): string {
  return path.replace(/[^\w./+:@~-]/g, (char) =>
    [...Buffer.from(char)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  )
}
