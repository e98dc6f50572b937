/** Our reader and our editor against the real pacman-conf, by the batch. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { Host } from '../../src/host/host.ts'
import { databasePath, listOption, logPath, readPacmanConf } from '../../src/pacman/conf/conf.ts'
import type { PacmanConf } from '../../src/pacman/conf/model.ts'
import { addEntries, removeEntries } from '../../src/ignored/edit.ts'
import { baseTree } from '../lab/cache.ts'
import {
  ARCH,
  ARCH_LINUX_ARM,
  confText,
  INCLUDED,
  INCLUDES,
  MANJARO,
  THREE_OPTIONS,
} from '../fixture/pacman-confs.ts'

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000)
const runs = Number(process.env['FC_RUNS'] ?? 400)

const work = mkdtempSync(join(tmpdir(), 'pacman-conf-'))
after(() => rmSync(work, { recursive: true }))

/** The files of one host, by their paths below /mnt; latin1. */
type Files = Record<string, string>

interface Answer {
  exitCode: number
  ignorePkg: string[]
  ignoreGroup: string[]
  databasePath: string
  logPath: string
  stderr: string
}

/**
 * Asks pacman-conf, in `tree`, about many hosts with one start of sh. Each is seen by it at
 * /mnt/NUMBER, through a bind mount in a mount namespace of our own: the tree itself stays.
 */
function ask(tree: string, hosts: Files[]): { answers: Answer[]; ours: PacmanConf[] } {
  const root = mkdtempSync(join(work, 'batch-'))
  for (const [number, files] of hosts.entries()) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(root, 'mnt', String(number), path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text.replaceAll('@', `/mnt/${number}`), 'latin1')
    }
  }
  // Asked for several directives it puts the name before each value.
  const one =
    'pacman-conf --config $0/pacman.conf IgnorePkg IgnoreGroup DBPath LogFile >$0/out 2>$0/err'
  const script = `cd /; ls -d /mnt/* | xargs -n 1 -P 4 sh -c '${one}; echo $? >$0/exit'`
  const mount = `mount --bind ${root}/mnt ${tree}/mnt && exec chroot ${tree} sh -c "$1"`
  const ended = spawnSync('unshare', ['--mount', 'sh', '-c', mount, 'sh', script], {
    env: { PATH: '/usr/bin:/usr/sbin', LC_ALL: 'C' },
  })
  assert.equal(ended.status, 0, ended.stderr.toString())
  const answers = hosts.map((_, number) => {
    const read = (name: string) => readFileSync(join(root, 'mnt', String(number), name)).toString()
    const lines = read('out').split('\n')
    const values = (key: string) =>
      lines.flatMap((line) => (line.startsWith(`${key} = `) ? [line.slice(key.length + 3)] : []))
    return {
      exitCode: Number(read('exit')),
      ignorePkg: values('IgnorePkg'),
      ignoreGroup: values('IgnoreGroup'),
      databasePath: values('DBPath').join(),
      logPath: values('LogFile').join(),
      stderr: read('err'),
    }
  })
  const host = new Host(root)
  const ours = hosts.map((_, number) => readPacmanConf(host, `/mnt/${number}/pacman.conf`))
  return { answers, ours }
}

const names = (conf: PacmanConf, key: string) => listOption(conf, key).map(({ name }) => name)
const squeeze = (path: string) => path.replace(/\/+/g, '/').replace(/\/$/, '')

function agree(answer: Answer, ours: PacmanConf, about: string): void {
  const fatal = ours.problems.find((problem) => problem.fatal)
  assert.equal(answer.exitCode !== 0, fatal !== undefined, `${about}\n${answer.stderr}`)
  if (fatal !== undefined) return sameLine(answer, ours, about)
  assert.deepEqual(names(ours, 'IgnorePkg'), answer.ignorePkg, about)
  assert.deepEqual(names(ours, 'IgnoreGroup'), answer.ignoreGroup, about)
  assert.equal(databasePath(ours), squeeze(answer.databasePath), about)
  assert.equal(logPath(ours), squeeze(answer.logPath), about)
}

/** pacman names the line of some errors; it counts the pieces of a line that is too long. */
function sameLine({ stderr }: Answer, { problems }: PacmanConf, about: string): void {
  const said = /config file (\S+), line (\d+): (?:All directives must|directive 'Include')/.exec(
    stderr,
  )
  const ours = problems.find(({ fatal }) => fatal)
  if (said === null || problems.some(({ message }) => message.startsWith('longer than'))) return
  assert.equal(`${ours?.file}:${ours?.line}`, `${said[1]}:${said[2]}`, about)
}

const patterns = ['@/a.conf', '@/d/*', '@/d/?.conf', '@/d/[!c].conf', '@/*/b.conf', '@/d/none*']
const patternsToo = ['@/d', '@/d/.*.conf', '@/d/\\c.conf', '@/d//c.conf', '@/[', '@/pacman.conf']
const host: fc.Arbitrary<Files> = fc.record({
  'pacman.conf': confText([...patterns, ...patternsToo], 4),
  'a.conf': confText(['@/d/[bc].conf'], 2),
  'd/b.conf': confText(['@/d/c.conf', '@/a.conf'], 2),
  'd/c.conf': fc.oneof(confText([], 2), fc.constant('IgnorePkg = from-c'), fc.constant('')),
  'd/.hidden.conf': fc.constant('IgnorePkg = hidden\n'),
  'd/e/b.conf': fc.constant('IgnorePkg = deep\n'),
  '[': fc.constant('IgnorePkg = bracket\n'),
})

/** Hosts that pacman reads without a word about anything. */
const editable = fc
  .record({ 'pacman.conf': confText(['@/a.conf', '@/d/*.conf'], 0) })
  .map((files) => ({
    ...files,
    'a.conf': 'IgnorePkg = from-a\n',
    'd/b.conf': '[options]\nIgnorePkg = from-b',
    'd/c.conf': '[core]\r\nUsage = All\r\n',
  }))

const trees = ['/', baseTree].map((tree) => {
  if (!existsSync(join(tree, 'usr/bin/pacman-conf'))) {
    return { tree, title: tree, skip: `there is no pacman-conf in ${tree}` }
  }
  const version = spawnSync('chroot', [tree, 'pacman', '--version']).stdout?.toString() ?? ''
  const title = `pacman ${/Pacman v(\S+)/.exec(version)?.[1]}`
  return { tree, title, skip: process.getuid?.() === 0 ? false : 'mounting and chroot need root' }
})

for (const { tree, title, skip } of trees) {
  describe(title, { skip }, () => {
    test('reads the files of distributions as we do', () => {
      const texts = [ARCH, ARCH_LINUX_ARM, MANJARO, INCLUDES, THREE_OPTIONS]
      const local = (text: string) => text.replaceAll('/etc/pacman.d', '@/etc/pacman.d')
      const others = Object.entries(INCLUDED).map(([path, text]) => [path, local(text)])
      const hosts = texts.map((text) => ({
        ...Object.fromEntries(others),
        'pacman.conf': local(text),
      }))
      const { answers, ours } = ask(tree, hosts)
      for (const [index, answer] of answers.entries()) {
        const conf = ours[index]
        assert.ok(conf !== undefined)
        agree(answer, conf, texts[index] ?? '')
        assert.equal(answer.exitCode, 0)
      }
      assert.deepEqual(answers[3]?.ignorePkg, ['kubelet', 'kubeadm', 'late'])
    })

    test(`reads ${runs} generated hosts as we do (FC_SEED=${seed})`, () => {
      const hosts = fc.sample(host, { numRuns: runs, seed })
      const { answers, ours } = ask(tree, hosts)
      for (const [index, answer] of answers.entries()) {
        const conf = ours[index]
        assert.ok(conf !== undefined)
        agree(answer, conf, JSON.stringify(hosts[index], null, 1))
      }
      const fine = answers.filter(
        ({ exitCode, ignorePkg }) => exitCode === 0 && ignorePkg.length > 0,
      )
      assert.ok(fine.length > runs / 8, `only ${fine.length} hosts with a list`)
      assert.ok(answers.some(({ exitCode }) => exitCode !== 0))
    })

    test(`sees what we add to and remove from generated files (FC_SEED=${seed})`, () => {
      const silent = (conf: PacmanConf | undefined) => conf?.problems.length === 0
      const sampled = fc.sample(editable, { numRuns: runs, seed })
      const start = ask(tree, sampled)
      const chosen = sampled.flatMap((files, index) => {
        const answer = start.answers[index]
        const text = files['pacman.conf']
        // What pacman warns of already, an edit need not mend.
        if (!silent(start.ours[index]) || answer?.stderr !== '') return []
        if (!/^\s*\[options\]\s*$/m.test(text)) return []
        // `kubelet \ta`: without kubelet, pacman trims the tab, and "\ta" becomes "a".
        if (answer.ignorePkg.some((name) => name !== name.replace(/^\s+|\s+$/g, ''))) return []
        const added = addEntries(text, 'IgnorePkg', ['new-1', 'new-2*'])
        const fewer = removeEntries(text, 'IgnorePkg', ['kubelet', '#'])
        return [{ files, answer, added, fewer }]
      })
      assert.ok(chosen.length > runs / 10, `only ${chosen.length} hosts without a warning`)
      const written = chosen.flatMap(({ files, added, fewer }) => [
        { ...files, 'pacman.conf': added },
        { ...files, 'pacman.conf': fewer },
      ])
      const { answers } = ask(tree, written)
      for (const [index, { answer, added, fewer }] of chosen.entries()) {
        const [more, less] = answers.slice(2 * index)
        const expected = [...answer.ignorePkg, 'new-1', 'new-2*'].toSorted()
        assert.deepEqual(more?.ignorePkg.toSorted(), expected, JSON.stringify(added))
        const left = answer.ignorePkg.filter((name) => name !== 'kubelet' && name !== '#')
        assert.deepEqual(less?.ignorePkg, left, JSON.stringify(fewer))
        for (const answered of [more, less]) {
          assert.equal(answered?.stderr, '')
          assert.deepEqual(answered?.ignoreGroup, answer.ignoreGroup)
          assert.equal(answered?.databasePath, answer.databasePath)
        }
      }
    })
  })
}
