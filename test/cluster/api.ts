/** The API of the test cluster, as one user of it: JSON over HTTPS. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { Certificate } from './pki.ts'

/** An object of the API. What a test reads of it, it names; the rest is anything. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Resource = any

export class ApiError extends Error {
  readonly status: number

  constructor(status: number, text: string) {
    super(`${status}: ${text}`)
    this.status = status
  }
}

export interface Delete {
  gracePeriodSeconds?: number
}

export class Api {
  readonly #server: string
  readonly #agent: Agent

  constructor(server: string, authority: string, user: Certificate) {
    this.#server = server
    this.#agent = new Agent({
      keepAlive: true,
      ca: readFileSync(authority),
      cert: readFileSync(user.certificate),
      key: readFileSync(user.key),
    })
  }

  get(path: string): Promise<Resource> {
    return this.#ask('GET', path)
  }

  async items(path: string): Promise<Resource[]> {
    return (await this.get(path)).items
  }

  create(path: string, body: object): Promise<Resource> {
    return this.#ask('POST', path, body)
  }

  replace(path: string, body: object): Promise<Resource> {
    return this.#ask('PUT', path, body)
  }

  /** Merges: what is null goes, lists are replaced. [RFC 7386] */
  patch(path: string, body: object): Promise<Resource> {
    return this.#ask('PATCH', path, body, 'application/merge-patch+json')
  }

  delete(path: string, options: Delete = {}): Promise<Resource> {
    return this.#ask('DELETE', path, options)
  }

  /** @throws ApiError for an answer that is not 2xx */
  #ask(method: string, path: string, body?: object, type = 'application/json'): Promise<Resource> {
    const content = body === undefined ? undefined : JSON.stringify(body)
    // Node sends the body of a DELETE without its length, which the server takes for a request.
    const headers = content && {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(content),
    }
    return new Promise((resolve, reject) => {
      const options = { method, headers: headers || {}, agent: this.#agent, timeout: 30_000 }
      const asked = request(new URL(path, this.#server), options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.once('error', reject)
        response.once('end', () => {
          const status = response.statusCode ?? 0
          if (status >= 300) reject(new ApiError(status, `${method} ${path}: ${text}`))
          else resolve(text.startsWith('{') ? JSON.parse(text) : text)
        })
      })
      asked.once('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer in 30 s`)))
      asked.once('error', reject)
      asked.end(content)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Answers `undefined` instead of 404. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}
