import { createConnection, type Socket } from 'node:net'
import { once } from 'node:events'
import { until } from '../cluster/until.ts'

/** Connects to a Unix socket that another program is about to make, and reads it line by line. */
export async function connectLines(path: string, take: (line: string) => void): Promise<Socket> {
  const socket = await until(`a connection to ${path}`, () => tryToConnect(path))
  const pieces: string[] = []
  socket.setEncoding('utf8').on('data', (text: string) => {
    const [first = '', ...more] = text.split('\n')
    pieces.push(first)
    for (const next of more) {
      take(pieces.splice(0).join(''))
      pieces.push(next)
    }
  })
  // Its end shows in the program's end.
  socket.on('error', () => {})
  return socket.unref()
}

async function tryToConnect(path: string): Promise<Socket | undefined> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    return undefined
  }
}
