/** A certificate authority of a test's own, and what it vouches for. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** Paths of PEM files. */
export interface Certificate {
  certificate: string
  key: string
}

export class Authority {
  readonly certificate: string
  readonly #directory: string
  readonly #own: Certificate

  constructor(directory: string) {
    this.#directory = directory
    this.#own = this.#make('authority', '/CN=lab', [])
    this.certificate = this.#own.certificate
  }

  /** For somebody who is known to the API by the names in the subject: O is a group, CN a user. */
  client(name: string, subject: string): Certificate {
    return this.#issue(name, subject, ['extendedKeyUsage=clientAuth'])
  }

  /** For a server on the loopback address. */
  server(name: string): Certificate {
    return this.#issue(name, `/CN=${name}`, [
      'extendedKeyUsage=serverAuth',
      'subjectAltName=IP:127.0.0.1',
    ])
  }

  #issue(name: string, subject: string, extensions: string[]): Certificate {
    const signer = ['-CA', this.#own.certificate, '-CAkey', this.#own.key]
    const leaf = ['basicConstraints=critical,CA:FALSE', ...extensions]
    return this.#make(name, subject, [...signer, ...leaf.flatMap((one) => ['-addext', one])])
  }

  #make(name: string, subject: string, options: string[]): Certificate {
    const certificate = join(this.#directory, `${name}.crt`)
    const key = join(this.#directory, `${name}.key`)
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', key, '-out', certificate, '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, '-subj', subject, ...options], {
      stdio: 'pipe',
    })
    return { certificate, key }
  }
}

/** The pair of keys that tokens of service accounts are signed with. */
export function signingKey(directory: string): { private: string; public: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const paths = { private: join(directory, 'sa.key'), public: join(directory, 'sa.pub') }
  const mode = 0o600
  writeFileSync(paths.private, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode })
  writeFileSync(paths.public, publicKey.export({ type: 'spki', format: 'pem' }))
  return paths
}

/** A kubeconfig, one key a line as kubeadm writes it, with all in it but what `user` names by path. */
export function kubeconfig(server: string, authority: string, user: object): string {
  const ca = readFileSync(authority).toString('base64')
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
  })
}
