import { SentinelError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { complaint, runProgram } from '../../host/program.ts'
import { listInstalled } from './local.ts'

const PACK_MS = 60_000

/**
 * Packs what pacman needs of the local database to plan an upgrade: the desc of each package, without
 * its list of files. Some hundred kB. bsdtar comes with pacman. [libalpm/be_local.c]
 *
 * @param archive a path of this machine
 * @throws SentinelError if that fails
 */
export function packLocalDatabase(host: Host, dbPath: string, archive: string): void {
  const names = listInstalled(host, dbPath).map(({ directory }) => `./${directory}/desc`)
  const input = ['./ALPM_DB_VERSION', ...names].map((name) => `${name}\0`).join('')
  const from = ['--directory', host.path(`${dbPath}/local`), '--null', '--files-from', '-']
  const args = ['--create', '--zstd', '--file', archive, '--no-recursion', ...from]
  const ended = runProgram('/usr/bin/bsdtar', args, { timeoutMs: PACK_MS, input })
  if (ended.exitCode === 0) return
  throw new SentinelError(`${dbPath}/local cannot be packed: ${complaint(ended)}`)
}
