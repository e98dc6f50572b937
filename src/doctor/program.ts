import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { errorCode, ifThere, errorText } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { runProgram } from '../host/program.ts'
import { type DoctorCheck, ok, type DoctorFinding, warning, wrong } from './line.ts'

/** What Kured calls, and the Node that its first line names. */
const CALLED = '/usr/bin/kured-sentinel'
const NODE = '/usr/bin/node'

/** The user, Node, and the program's files: a power cut after an upgrade can leave them empty. */
export const program: DoctorCheck = {
  area: 'program',
  look({ host, isRoot, deadline }) {
    const who = isRoot
      ? ok('runs as root')
      : warning('runs as an ordinary user, who cannot see everything', 'run it as root')
    const version = runProgram(NODE, ['--version'], { timeoutMs: deadline.left() / 2 })
    // Bundled, this file is in dist.
    const directory = join(import.meta.dirname, '..')
    return [who, judgeNode(version.stdout.toString()), ...judgeFiles(host, directory)]
  },
}

/** @param said the output of `node --version`, such as "v20.20.2" */
export function judgeNode(said: string): DoctorFinding {
  const version = said.trim().replace(/^v/, '')
  const least = manifest.engines.node.replace('>=', '')
  const [major = NaN, minor = NaN] = version.split('.').map(Number)
  const [leastMajor = NaN, leastMinor = NaN] = least.split('.').map(Number)
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
    return ok(`${NODE} is Node ${version}`)
  }
  const what = /^\d/.test(version) ? `is Node ${version}` : 'does not print its version'
  return wrong(`${NODE} ${what}; ${least} or newer is needed`, 'pacman -Syu nodejs')
}

const PARTS = [
  'bin/kured-sentinel',
  'bin/kured-sentinel.cjs',
  'bin/note-replaced',
  'bin/note-unfinished',
  'package.json',
]
const LOADED = ['main.js', 'minute.cjs']

/** Whether all files that the program may load exist, and whether Kured's call finds it. */
export function judgeFiles(host: Host, directory: string): DoctorFinding[] {
  const lacking = [
    ...PARTS.filter((part) => textOf(host, join(directory, part)) === undefined),
    ...lackingModules(host, join(directory, 'dist')),
  ]
  if (lacking.length > 0) {
    const [first = '', ...more] = lacking
    const others = more.length === 0 ? '' : ` and ${more.length} more`
    return [wrong(`${directory}: ${first}${others} missing or empty`, 'reinstall the program')]
  }
  const complete = `kured-sentinel ${manifest.version} in ${directory} is complete`
  let found: string
  try {
    found = host.realPath(CALLED)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return [ok(complete), wrong(errorText(error))]
    return [ok(complete), wrong(`${CALLED}, which Kured calls, is missing`, 'install the package')]
  }
  if (found === join(directory, PARTS[0] ?? '')) return [ok(complete)]
  return [ok(complete), warning(`${CALLED}, which Kured calls, is ${found}, not this program`)]
}

/** The missing modules, found by following imports from the modules that are loaded first. */
function lackingModules(host: Host, directory: string): string[] {
  const names = new Set(LOADED)
  const lacking: string[] = []
  for (const name of names) {
    const text = textOf(host, join(directory, name))
    if (text === undefined) lacking.push(`dist/${name}`)
    for (const [, next = ''] of (text ?? '').matchAll(/["']\.\/([\w-]+\.c?js)["']/g))
      names.add(next)
  }
  return lacking
}

function textOf(host: Host, path: string): string | undefined {
  return ifThere(() => host.readText(path)) || undefined
}
