/** `ignore add` and `ignore remove` as built, with the real pacman-conf. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfEntry } from '../../src/pacman/conf/model.ts'
import { BIN, NODE, run } from '../fixture/program.ts'
import { makeTree } from '../fixture/tree.ts'
import { labTest } from '../lab/lab.ts'
import { ARCH, MANJARO } from '../fixture/pacman-confs.ts'

/** A directory of files with `@` in them for itself, and the program to run on its pacman.conf. */
function arrange(files: Record<string, string>) {
  const root = makeTree(files)
  const path = (name: string) => join(root, name)
  const texts = () =>
    Object.fromEntries(Object.keys(files).map((name) => [name, readFileSync(path(name), 'latin1')]))
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path(name), text.replaceAll('@', root), 'latin1')
  }
  const before = texts()
  const conf = path('pacman.conf')
  const ignore = (command: string, names: string[], through: string[] = []) => {
    const ran = run(['ignore', ...command.split(' '), '--pacman-conf', conf, '--', ...names], {
      through,
    })
    return {
      ...ran,
      stdout: ran.stdout.replaceAll(root, '@'),
      // Told where this machine has databases of pacman's, which do not have these packages.
      stderr: ran.stderr
        .replace(/^warning: .* in any sync database.*\n/gm, '')
        .replaceAll(root, '@'),
    }
  }
  return { root, conf, path, texts, before, ignore }
}

const state = (file: string) => {
  const { ino, mtimeMs } = statSync(file)
  return [ino, mtimeMs]
}
const plain = ARCH.replaceAll(/^Include = .*$/gm, 'Server = file:///none')

labTest('a configuration named from the caller’s directory', async () => {
  const { root, path, texts } = arrange({ 'pacman.conf': plain })
  const through = ['/usr/bin/env', `--chdir=${root}`]
  const added = run(['ignore', 'add', '--pacman-conf', 'pacman.conf', '--', 'one'], { through })
  assert.deepEqual(
    [added.code, added.stdout],
    [0, `one added to IgnorePkg in ${path('pacman.conf')}\n`],
  )
  assert.match(texts()['pacman.conf'] ?? '', /^IgnorePkg *= one$/m)
})

labTest('a first name, more names, the last one gone: the same bytes again', () => {
  for (const text of [plain, plain.replaceAll('\n', '\r\n'), '[options]\r\nColor']) {
    const { ignore, texts, before } = arrange({ 'pacman.conf': text })
    const added = ignore('add', ['kubelet', 'kubeadm'])
    assert.deepEqual(
      [added.code, added.stdout, added.stderr],
      [0, 'kubelet kubeadm added to IgnorePkg in @/pacman.conf\n', ''],
    )
    assert.match(texts()['pacman.conf'] ?? '', /^IgnorePkg {0,3} = kubelet kubeadm\r?$/m)
    assert.equal(ignore('add --group', ['k8s']).code, 0)
    assert.match(texts()['pacman.conf'] ?? '', /^IgnoreGroup {1,2}= k8s\r?$/m)
    assert.equal(ignore('remove', ['kubelet']).code, 0)
    assert.equal(ignore('remove', ['kubeadm']).code, 0)
    assert.equal(ignore('remove --group', ['k8s']).code, 0)
    assert.deepEqual(texts(), before)
  }
  return Promise.resolve()
})

labTest('a dry run shows the diff, which patch(1) could apply, and writes nothing', () => {
  const { ignore, conf, root } = arrange({
    'pacman.conf': MANJARO.replace(/^(?:Include|SyncFirst).*\n/gm, ''),
  })
  const old = state(conf)
  const { code, stdout, stderr } = ignore('add --dry-run', ['new', 'kubelet'])
  assert.equal(code, 0)
  assert.equal(
    stdout,
    `--- @/pacman.conf
+++ @/pacman.conf
@@ -4,7 +4,7 @@
 CacheDir = /var/cache/pacman/pkg/
 \t#IgnorePkg =
 IgnorePkg\t= kubelet kubeadm \t
-IgnorePkg = containerd
+IgnorePkg = containerd new
 #IgnoreGroup =
 Color
 ILoveCandy
`,
  )
  assert.equal(
    stderr,
    'new would be added to IgnorePkg in @/pacman.conf\nkubelet: already in IgnorePkg, nothing to do\n',
  )
  const json = JSON.parse(ignore('add --dry-run --json', ['new', 'kubelet']).stdout)
  assert.deepEqual(json.details, {
    key: 'IgnorePkg',
    dryRun: true,
    files: [{ file: '@/pacman.conf', names: ['new'], diff: stdout }],
    unchanged: ['kubelet'],
    warnings: [],
  })
  assert.deepEqual(state(conf), old)
  assert.deepEqual(readdirSync(root), ['pacman.conf'])
  return Promise.resolve()
})

labTest('nothing to do is no write', () => {
  const { ignore, conf, path } = arrange({
    'pacman.conf': '[options]\nIgnorePkg = a\nInclude = @/more.conf\n',
    'more.conf': 'IgnorePkg = b\n',
  })
  const old = [state(conf), state(path('more.conf'))]
  const added = ignore('add', ['a', 'b'])
  assert.deepEqual([added.code, added.stdout], [0, 'a b: already in IgnorePkg, nothing to do\n'])
  const removed = ignore('remove', ['c', '-x'])
  assert.deepEqual([removed.code, removed.stdout], [0, 'c -x: not in IgnorePkg, nothing to do\n'])
  assert.deepEqual([state(conf), state(path('more.conf'))], old)
  return Promise.resolve()
})

const INCLUDING = {
  'pacman.conf': '[options]\nIgnorePkg = a b\nInclude = @/d/*.conf\n',
  'd/more.conf': '# more\nIgnorePkg = b c # a,\n',
}

labTest('an entry of an included file is listed with its place, and removed there', () => {
  const { ignore, texts, before, conf, root } = arrange({
    ...INCLUDING,
    // A database of its own: pacman may never have run on this machine.
    'd/database.conf': 'DBPath = @/db\n',
    'db/local/ALPM_DB_VERSION': '9\n',
  })
  const list = run(['ignore', 'list', '--json', '--pacman-conf', conf]).stdout
  const { entries }: { entries: ConfEntry[] } = JSON.parse(list.replaceAll(root, '@')).details
  assert.deepEqual(
    entries.map(({ name, file }) => `${name}${file}`),
    'a@/pacman.conf b@/pacman.conf b@/d/more.conf c@/d/more.conf #@/d/more.conf a,@/d/more.conf'.split(
      ' ',
    ),
  )
  const removed = ignore('remove', ['b', '#', 'a,'])
  assert.equal(removed.stderr, '')
  assert.equal(
    removed.stdout,
    `b removed from IgnorePkg in @/pacman.conf
b # a, removed from IgnorePkg in @/d/more.conf (included by @/pacman.conf)
`,
  )
  assert.deepEqual(texts(), {
    ...before,
    'pacman.conf': `[options]\nIgnorePkg = a\nInclude = ${root}/d/*.conf\n`,
    'd/more.conf': '# more\nIgnorePkg = c\n',
  })
  return Promise.resolve()
})

labTest('the first [options] may stand in an included file, or nowhere', () => {
  const files = { 'pacman.conf': 'Include = @/options.conf\n', 'options.conf': '[options]\n' }
  const { ignore, path } = arrange(files)
  assert.equal(
    ignore('add', ['a']).stdout,
    'a added to IgnorePkg in @/options.conf (included by @/pacman.conf)\n',
  )
  assert.equal(readFileSync(path('options.conf'), 'utf8'), '[options]\nIgnorePkg = a\n')
  const { code, stderr } = arrange({ 'pacman.conf': '[core]\n' }).ignore('add', ['a'])
  assert.equal(code, 2)
  assert.match(stderr, /has no \[options\] section; add the line \[options\] to it/)
  return Promise.resolve()
})

labTest('a name that another entry still holds is not called free', () => {
  const { ignore, before, texts } = arrange({
    'pacman.conf': '[options]\nIgnorePkg = linux a\nInclude = @/more.conf\n',
    'more.conf': 'IgnorePkg = linux* [ab]\nIgnoreGroup = k8? k8s\n',
  })
  const said = (name: string, by: string) =>
    `warning: ${name} is still ignored, by ${by} in @/more.conf\n`
  const both = said('linux', 'linux*') + said('a', '[ab]')
  assert.equal(ignore('remove --dry-run', ['linux', 'a']).stderr.endsWith(both), true)
  assert.deepEqual(texts(), before)
  const removed = ignore('remove', ['linux', 'a'])
  assert.deepEqual([removed.code, removed.stderr], [0, both])
  // Not there, and ignored all the same.
  assert.equal(ignore('remove', ['linux-lts']).stderr, said('linux-lts', 'linux*'))
  assert.equal(ignore('remove --group', ['k8s']).stderr, said('k8s', 'k8?'))
  // Both go: nothing holds it any more.
  assert.equal(ignore('remove', ['b', '[ab]']).stderr, '')
  return Promise.resolve()
})

labTest('a link stays, and the file behind it is changed', () => {
  const { ignore, path, texts } = arrange({ 'real/pacman.conf': '[options]\n' })
  symlinkSync('real/pacman.conf', path('pacman.conf'))
  assert.equal(ignore('add', ['a']).code, 0)
  assert.deepEqual(texts(), { 'real/pacman.conf': '[options]\nIgnorePkg = a\n' })
  assert.ok(lstatSync(path('pacman.conf')).isSymbolicLink())
  return Promise.resolve()
})

labTest('where pacman reads anything else afterwards, all files are put back', () => {
  // Without its first name, pacman trims the tab that belongs to the next one.
  const { ignore, path, texts, before, root } = arrange({
    'pacman.conf': '[options]\nIgnorePkg = a b\nInclude = @/more.conf\n',
    'more.conf': 'IgnorePkg = b \tc\n',
  })
  const old = [state(path('pacman.conf')), state(path('more.conf'))]
  const { code, stdout, stderr } = ignore('remove', ['b'])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(
    stderr,
    /pacman\.conf was not changed\n.*more\.conf was not changed\n-> pacman-conf reads/,
  )
  assert.deepEqual(texts(), before)
  assert.deepEqual([state(path('pacman.conf')), state(path('more.conf'))], old)
  assert.deepEqual(readdirSync(root), ['more.conf', 'pacman.conf'])
  return Promise.resolve()
})

/** Leftovers of real configurations, each of which pacman only warns of. */
const LEFTOVERS = `[options]
TotalDownload
News = 1
Color = yes
SyncFirst = pacman
[core]
Server = file:///none
IgnorePkg = elsewhere
`

labTest('what pacman warned of before is told and carried along', () => {
  const { ignore, texts, before, conf } = arrange({ 'pacman.conf': LEFTOVERS })
  const warned = run(['ignore', 'list', '--pacman-conf', conf])
  assert.equal(warned.code, 0, warned.stderr)
  const added = ignore('add', ['a'])
  assert.equal(added.code, 0, added.stderr)
  assert.match(added.stdout, /^a added to IgnorePkg in @\/pacman\.conf$/m)
  assert.match(
    added.stderr,
    /^warning: @\/pacman\.conf:2: directive 'TotalDownload' .*recognized\.$/m,
  )
  assert.match(added.stderr, /^warning: @\/pacman\.conf:8: IgnorePkg has no effect/m)
  assert.equal(added.stderr.match(/^warning: /gm)?.length, 5)
  assert.match(texts()['pacman.conf'] ?? '', /^IgnorePkg = a$/m)
  assert.equal(ignore('remove', ['a']).code, 0)
  assert.deepEqual(texts(), before)
  return Promise.resolve()
})

labTest('lines that pacman reads otherwise than they look are told, and stop nothing', () => {
  const cases: [text: string, says: RegExp][] = [
    [`[options]\nXferCommand = ${'x'.repeat(5000)}\n`, /:2: longer than 4095 bytes/],
    ['[options]\nInclude = @/bad\n', /@\/bad:2: \[core\] # x does not open a section/],
    ['[options]\n[core]\nIgnorePkg = a\n', /:3: IgnorePkg has no effect/],
  ]
  for (const [text, says] of cases) {
    const { ignore } = arrange({ 'pacman.conf': text, bad: '# bad\n[core] # x\n' })
    const { code, stderr } = ignore('add --dry-run', ['a'])
    assert.match(stderr, says)
    assert.equal(code, 0, stderr)
  }
  return Promise.resolve()
})

labTest('what pacman stops at is told, and nothing changed', () => {
  const { ignore, texts, before } = arrange({
    'pacman.conf': '[options]\nNews = 1\nSigLevel = Perhaps\n',
  })
  const { code, stderr } = ignore('add', ['a'])
  assert.equal(code, 2)
  assert.match(stderr, /^error: pacman-conf does not accept .*'Perhaps'/)
  assert.doesNotMatch(stderr, /News/)
  assert.deepEqual(texts(), before)
  return Promise.resolve()
})

const NOBODY = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/** A mount namespace in which `mount`, a line of sh with the directory as $0, was done before. */
const mounted = (root: string, mount: string) => {
  const script = `${mount} && exec "$@"`
  return ['/usr/bin/unshare', '--mount', '/usr/bin/sh', '-c', script, root]
}

labTest('not root, a read-only file system, a full disk: an error, and nothing changed', () => {
  const { ignore, texts, before, root, path } = arrange(INCLUDING)
  execFileSync('chmod', ['-R', 'a+rX', root])
  const readOnly = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
  const readOnlyBelow = readOnly.replaceAll('"$0"', '"$0/d"')
  const full =
    'cp -a "$0" /tmp/.full && mount -t tmpfs -o size=8k tmpfs "$0" && cp -a /tmp/.full/. "$0"'
  const filled = `${full} && rm -r /tmp/.full && : "$(cat /dev/zero >"$0/zero" 2>&1)"`
  const cases: [command: string, name: string, through: string[], says: RegExp][] = [
    [
      'add',
      'new',
      NOBODY,
      /pacman\.conf cannot be changed; nothing was done: .*\n.*\nRun it as root/,
    ],
    ['add', 'new', mounted(root, readOnly), /pacman\.conf cannot be changed.*read-only/],
    ['remove', 'b', mounted(root, readOnlyBelow), /more\.conf cannot be changed.*read-only/],
    ['add', 'new', mounted(root, filled), /pacman\.conf was not changed\n-> .*no space left/i],
  ]
  for (const [command, name, through, says] of cases) {
    const { code, stdout, stderr } = ignore(command, [name], through)
    assert.match(stderr, says)
    assert.deepEqual([code, stdout], [2, ''])
    assert.deepEqual(texts(), before)
    assert.deepEqual(readdirSync(root), ['d', 'pacman.conf'])
    assert.deepEqual(readdirSync(path('d')), ['more.conf'])
  }
  // Who may write, but not give a file to its owner, would make it his own.
  execFileSync('chmod', ['-R', 'a+w', root])
  const { code, stderr } = ignore('add', ['new'], NOBODY)
  assert.match(stderr, /its owner or mode cannot be kept/)
  assert.deepEqual([code, texts(), readdirSync(root)], [2, before, ['d', 'pacman.conf']])
  return Promise.resolve()
})

labTest('two at once lose nothing, in 50 rounds', async () => {
  const { conf, root } = arrange({ 'pacman.conf': plain })
  const add = (name: string) => change('add', conf, name)
  for (let round = 0; round < 50; round++) await Promise.all([add(`a-${round}`), add(`b-${round}`)])
  const held = /^IgnorePkg {3}= (.*)$/m.exec(readFileSync(conf, 'utf8'))?.[1]?.split(' ') ?? []
  const expected = Array.from({ length: 50 }, (_, index) => [`a-${index}`, `b-${index}`]).flat()
  assert.deepEqual(held.toSorted(), expected.toSorted())
  assert.deepEqual(readdirSync(root), ['pacman.conf'])
})

labTest('two that share an included file lose nothing either', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `k${index}`)
  const top = '[options]\nInclude = @/held/list.conf\n'
  const { root } = arrange({
    'held/list.conf': `IgnorePkg = ${names.join(' ')}\n`,
    'one/pacman.conf': top,
    'two/pacman.conf': top,
  })
  const tops = ['one', 'two'].map((directory) => join(root, directory, 'pacman.conf'))
  for (let round = 0; round < 20; round += 2) {
    await Promise.all(tops.map((conf, index) => change('remove', conf, `k${round + index}`)))
  }
  assert.equal(readFileSync(join(root, 'held/list.conf'), 'utf8'), '')
})

/** Starts the built program, so that several can run at once; it must succeed. */
async function change(action: 'add' | 'remove', conf: string, name: string): Promise<void> {
  const words = [BIN, 'ignore', action, '--pacman-conf', conf, name]
  const child = spawn(NODE, words, { stdio: ['ignore', 'ignore', 'inherit'], env: {} })
  assert.deepEqual(await once(child, 'close'), [0, null])
}
