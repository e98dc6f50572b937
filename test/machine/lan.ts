/** The network between machines: a hub, to which each has a cable. It reaches nothing else. */
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** Bytes of a frame's length in front of it. [qemu, net/stream.c] */
const HEADER = 4

interface Cable {
  server: Server
  socket: Socket | undefined
  cut: boolean
}

export class Lan {
  readonly #cables = new Map<string, Cable>()

  /** Listens at `path`, the Unix socket of a machine's network card. @returns the cable's number */
  async plug(name: string, path: string): Promise<number> {
    const cable: Cable = { server: createServer(), socket: undefined, cut: false }
    cable.server.unref().on('connection', (socket) => {
      cable.socket = socket.unref()
      // A machine whose power is cut resets its connection.
      socket.on('error', () => {})
      socket.on(
        'data',
        framesOf((frame) => this.#forward(cable, frame)),
      )
    })
    this.#cables.set(name, cable)
    const number = this.#cables.size
    cable.server.listen(path)
    await once(cable.server, 'listening')
    return number
  }

  unplug(name: string): void {
    const cable = this.#cables.get(name)
    cable?.server.close()
    cable?.socket?.destroy()
  }

  /** While a cable is cut, frames are lost in both directions; the card does not notice. */
  cut(name: string, cut: boolean): void {
    const cable = this.#cables.get(name)
    if (cable === undefined) throw new Error(`no ${name} in this network`)
    cable.cut = cut
  }

  #forward(from: Cable, frame: Buffer): void {
    if (from.cut) return
    for (const cable of this.#cables.values()) {
      if (cable !== from && !cable.cut && cable.socket?.writable === true) cable.socket.write(frame)
    }
  }
}

/** Puts a stream's pieces together to frames, with their headers. */
function framesOf(take: (frame: Buffer) => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (piece) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    while (rest.length >= HEADER) {
      const end = HEADER + rest.readUInt32BE()
      if (rest.length < end) return
      take(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}
