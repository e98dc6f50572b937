import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { errorText } from '../../src/errors.ts'
import { withFlock } from '../../src/host/flock.ts'
import { type Replacement, replaceFile } from '../../src/host/replace.ts'

const root = mkdtempSync(join(tmpdir(), 'pacman-replace-'))
after(() => rmSync(root, { recursive: true }))

const before = Buffer.from('[options]\n#\xff\n', 'latin1')
const next = Buffer.from('[options]\nIgnorePkg = a\n#\xff\n', 'latin1')

/** A directory with a pacman.conf of mode 0640. */
function arrange(): { directory: string; path: string } {
  const directory = mkdtempSync(join(root, 'etc-'))
  const path = join(directory, 'pacman.conf')
  writeFileSync(path, before)
  chmodSync(path, 0o640)
  return { directory, path }
}

function replace(path: string, rest: Partial<Replacement> = {}): void {
  replaceFile({ path, before, after: next, ...rest })
}

/** The message of the error below the one that is thrown. */
function reasonOf(action: () => void): string {
  let reason = 'nothing was thrown'
  assert.throws(action, (error: Error) => {
    reason = errorText(error.cause)
    return true
  })
  return reason
}

function refuse(message: string): () => never {
  return () => {
    throw new Error(message)
  }
}

describe('a file is replaced', () => {
  test('and nothing is left beside it', () => {
    const { directory, path } = arrange()
    replace(path)
    assert.deepEqual(readFileSync(path), next)
    assert.deepEqual(readdirSync(directory), ['pacman.conf'])
    assert.equal(statSync(path).nlink, 1)
  })

  test('with its mode, whatever the umask', () => {
    const { path } = arrange()
    chmodSync(path, 0o604)
    const umask = process.umask(0o077)
    replace(path)
    process.umask(umask)
    assert.equal(statSync(path).mode & 0o7777, 0o604)
  })

  test('with its owner', { skip: process.getuid?.() !== 0 && 'only root gives files away' }, () => {
    const { path } = arrange()
    chownSync(path, 12, 34)
    replace(path)
    const { uid, gid } = statSync(path)
    assert.deepEqual([uid, gid], [12, 34])
  })

  test('through symlinks, which stay', () => {
    const { directory, path } = arrange()
    mkdirSync(join(directory, 'links'))
    symlinkSync('../pacman.conf', join(directory, 'links', 'one'))
    symlinkSync('one', join(directory, 'links', 'two'))
    replace(join(directory, 'links', 'two'))
    assert.deepEqual(readFileSync(path), next)
    assert.ok(lstatSync(join(directory, 'links', 'one')).isSymbolicLink())
    assert.deepEqual(readdirSync(join(directory, 'links')), ['one', 'two'])
  })

  test('and can be tried out before, complete', () => {
    const { directory, path } = arrange()
    let seen = ''
    const tryOut = (candidate: string) => {
      seen = candidate
      assert.deepEqual(readFileSync(candidate), next)
      assert.deepEqual(readFileSync(path), before)
      assert.equal(statSync(candidate).mode, statSync(path).mode)
    }
    replace(path, { tryOut })
    assert.ok(seen.startsWith(`${directory}/.pacman.conf.kured-sentinel-new-`))
  })
})

describe('nothing changes', () => {
  const cases: [title: string, rest: Partial<Replacement>, reason: RegExp][] = [
    ['when the new file fails its trial', { tryOut: refuse('bad') }, /^bad$/],
    ['when the new file proves bad in place', { verify: refuse('bad') }, /^bad$/],
    ['when somebody else wrote meanwhile', { before: next }, /another program/],
  ]
  for (const [title, rest, reason] of cases) {
    test(title, () => {
      const { directory, path } = arrange()
      const { ino, mtimeMs } = statSync(path)
      assert.match(
        reasonOf(() => replace(path, rest)),
        reason,
      )
      assert.deepEqual(readFileSync(path), before)
      assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [ino, mtimeMs])
      assert.deepEqual(readdirSync(directory), ['pacman.conf'])
    })
  }

  test('while the new bytes are verified they are in place', () => {
    const { path } = arrange()
    const verify = () => {
      assert.deepEqual(readFileSync(path), next)
    }
    replace(path, { verify })
  })

  test('when there is no such file', () => {
    const { directory } = arrange()
    assert.match(
      reasonOf(() => replace(join(directory, 'none'))),
      /no such file/,
    )
  })

  test('when it is a directory', () => {
    const { directory } = arrange()
    assert.match(
      reasonOf(() => replace(directory)),
      /not a regular file/,
    )
  })

  test('when a symlink leads nowhere', () => {
    const { directory } = arrange()
    symlinkSync('none', join(directory, 'link'))
    assert.match(
      reasonOf(() => replace(join(directory, 'link'))),
      /no such file/,
    )
    assert.deepEqual(readdirSync(directory), ['link', 'pacman.conf'])
  })
})

test('what dead runs left is removed, what others use is not', () => {
  const { directory, path } = arrange()
  const dead = execFileSync('/usr/bin/sh', ['-c', 'echo $$']).toString().trim()
  const own = `.pacman.conf.kured-sentinel-old-${process.pid}`
  const kept = ['.pacman.conf.kured-sentinel-new-1', '.pacman.conf.kured-sentinel-note', '.x']
  for (const name of [`.pacman.conf.kured-sentinel-new-${dead}`, own, ...kept]) {
    writeFileSync(join(directory, name), '')
  }
  replace(path)
  assert.deepEqual(readdirSync(directory).toSorted(), [...kept, 'pacman.conf'].toSorted())
})

describe('the lock', () => {
  test('gives the result of what runs under it, and is free afterwards', () => {
    const { directory } = arrange()
    assert.equal(
      withFlock(directory, 1000, () => 7),
      7,
    )
    assert.throws(() => withFlock(directory, 1000, refuse('inside')), /inside/)
    withFlock(directory, 1000, () => {})
  })

  test('is waited for as long as told', () => {
    const { directory } = arrange()
    const start = Date.now()
    withFlock(directory, 1000, () => {
      assert.throws(() => withFlock(directory, 300, () => {}), /locked by another run for more/)
    })
    const waited = Date.now() - start
    assert.ok(waited >= 300 && waited < 1500, `${waited} ms`)
  })

  test('ends with whoever held it', async () => {
    const { directory } = arrange()
    const holder = spawn('/usr/bin/flock', [directory, '--command', 'echo held; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    assert.throws(() => withFlock(directory, 100, () => {}), /locked/)
    process.kill(-(holder.pid ?? 0), 'SIGKILL')
    withFlock(directory, 2000, () => {})
  })

  test('needs a directory', () => {
    assert.throws(() => withFlock(join(root, 'none'), 100, () => {}), { code: 'ENOENT' })
  })
})
