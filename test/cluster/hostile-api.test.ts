/** The real kubectl between this program and an API that refuses, hangs, breaks off or makes things up. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { judgeCluster } from '../../src/cluster/check.ts'
import { collectCluster } from '../../src/cluster/collect.ts'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { makeTree } from '../fixture/tree.ts'
import { gatedTest } from '../lab/lab.ts'
import { clusterProblem, KUBECTL } from './tools.ts'

/** In ms; kubectl itself tries again for ten times as long as a server tells it to. */
const LIMIT = 4000

function kubeconfig(server: string, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server } }],
    users: [{ name: 'x', user }],
  })
}

const TOKEN = { token: 'x' }

/** What is made of such an API: its verdict, or the error. */
async function ask(
  answer: RequestListener,
  config = (server: string) => kubeconfig(server, TOKEN),
): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const url = `http://127.0.0.1:${address.port}`
  const host = new Host(makeTree({ 'usr/bin/x': '', 'admin.conf': config(url) }))
  symlinkSync(KUBECTL, host.path('/usr/bin/kubectl'))
  const user = { kubeconfig: '/admin.conf', home: '/root' }
  try {
    const view = await collectCluster(host, user, new Deadline(LIMIT), () => {})
    return judgeCluster(view).verdict
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'SentinelError', String(error))
    return error.message
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const says =
  (text: string): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(text)

const refuses =
  (code: number): RequestListener =>
  (_, response) => {
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'not you', code }
    response
      .writeHead(code, {
        'Content-Type': 'application/json',
        ...([429, 503].includes(code) && { 'Retry-After': '1' }),
      })
      .end(JSON.stringify(status))
  }

function apiTest(name: string, run: () => Promise<void>): void {
  gatedTest(clusterProblem(), name, run, { timeout: 120_000 })
}

apiTest('an API that refuses', async () => {
  const answers = await Promise.all([401, 403, 404, 410, 500].map((code) => ask(refuses(code))))
  for (const said of answers) assert.match(said, /^the \w+ cannot be listed: .*not you$/)
  for (const said of await Promise.all([429, 503].map((code) => ask(refuses(code))))) {
    assert.match(said, /^the \w+ cannot be listed: (no answer within 4 s|.*(not you|requests).*)$/)
  }
})

apiTest('an API that hangs, drips or breaks off', async () => {
  const began = performance.now()
  const drips: RequestListener = (_, response) => {
    response.writeHead(200).write('{"items":[')
    const more = setInterval(() => response.write(' '), 100)
    response.on('close', () => clearInterval(more))
  }
  const cut: RequestListener = (_, response) => {
    response.writeHead(200, { 'Content-Length': '1000' }).write('{"items":[')
    setImmediate(() => response.destroy())
  }
  const [silent, slow, half] = await Promise.all([ask(() => {}), ask(drips), ask(cut)])
  for (const said of [silent, slow]) assert.match(said, /cannot be listed: no answer within 4 s$/)
  assert.match(half, /^the \w+ cannot be listed: .*EOF$/)
  assert.ok(performance.now() - began < 40_000)
})

apiTest('an API that gives what is no list, or no end of it', async () => {
  for (const answer of ['{}', 'null', '{"kind":"Status","status":"Success"}', '{"items":{}}']) {
    assert.match(
      await ask(says(answer)),
      /^the \w+ cannot be listed: the answer is no list$/,
      answer,
    )
  }
  for (const answer of ['', '{"items":[', '<html>']) {
    assert.match(
      await ask(says(answer)),
      /^the \w+ cannot be listed: kubectl gives no JSON$/,
      answer,
    )
  }
  const again = '{"metadata":{"continue":"x"},"items":[]}'
  assert.match(await ask(says(again)), /^the \w+ cannot be listed: the API repeats itself$/)
})

apiTest('a kubeconfig that leads nowhere', async () => {
  const never: RequestListener = () => assert.fail('asked')
  for (const config of ['', '{}', 'kind: Config\n']) {
    assert.match(await ask(never, () => config), /^the \w+ cannot be listed: \S+ names no server$/)
  }
  assert.match(
    await ask(never, () => 'not: [yaml'),
    /cannot be listed: error: error loading config/,
  )
  // kubectl would ask a person for the password.
  const began = performance.now()
  const asks = await ask(never, () => kubeconfig('https://127.0.0.1:1', { username: 'x' }))
  assert.match(asks, /^the \w+ cannot be listed: /)
  assert.doesNotMatch(asks, /no answer within/)
  assert.ok(performance.now() - began < 20_000)
})
