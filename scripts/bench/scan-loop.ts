/** Run in the node: the scan against a plain loop that reads the same files, turn by turn. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { scanProc } from '../../src/sentinel/scan-proc.ts'

const buffer = Buffer.alloc(1 << 20)

function plainLoop(): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue
    try {
      const fd = openSync(`/proc/${pid}/maps`, 'r')
      while (readSync(fd, buffer, 0, buffer.length, null) > 0);
      closeSync(fd)
    } catch {
      // it has ended
    }
  }
}

const took = async (run: () => unknown) => {
  const start = performance.now()
  await run()
  return performance.now() - start
}
const host = new Host()
const loop: number[] = []
const scan: number[] = []
for (let i = 0; i < 40; i++) {
  loop.push(await took(plainLoop))
  scan.push(await took(() => scanProc(host, new Deadline(30_000))))
}
console.log(JSON.stringify({ loop, scan }))
