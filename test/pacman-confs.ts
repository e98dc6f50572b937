/** pacman.conf files for the tests: realistic ones as literals, and a generator of odd ones. */
import fc from 'fast-check'

/** As an x86_64 desktop or server has it. */
export const ARCH = `#
# /etc/pacman.conf
#

[options]
# The following paths are commented out with their default values listed.
#RootDir     = /
#DBPath      = /var/lib/pacman/
HoldPkg     = pacman glibc
Architecture = auto

# Packages that stay as they are
#IgnorePkg   =
#IgnoreGroup =

#NoUpgrade   =
#Color
CheckSpace
ParallelDownloads = 5

SigLevel    = Required DatabaseOptional
LocalFileSigLevel = Optional

[core]
Include = /etc/pacman.d/mirrorlist

[extra]
Include = /etc/pacman.d/mirrorlist

#[custom]
#SigLevel = Optional TrustAll
#Server = file:///home/custompkgs
`

/** As a board has it: one architecture, several repositories, packages held from the start. */
export const ARCH_LINUX_ARM = `[options]
HoldPkg      = pacman glibc
Architecture = aarch64
IgnorePkg    = linux-rpi linux-rpi-headers
IgnoreGroup  =
CheckSpace
SigLevel    = Never

[core]
Include = /etc/pacman.d/mirrorlist
[extra]
Include = /etc/pacman.d/mirrorlist
[alarm]
Include = /etc/pacman.d/mirrorlist
[aur]
Include = /etc/pacman.d/mirrorlist
`

/** As a distribution built on Arch has it: sync first, tabs, a hook directory, a cache. */
export const MANJARO = `[options]
SyncFirst      = manjaro-system
HoldPkg        = pacman glibc manjaro-system
Architecture = auto
CacheDir = /var/cache/pacman/pkg/
\t#IgnorePkg =
IgnorePkg\t= kubelet kubeadm \t
IgnorePkg = containerd
#IgnoreGroup =
Color
ILoveCandy

[core]
SigLevel = PackageRequired
Include = /etc/pacman.d/mirrorlist
`

/** Everything is in other files, [options] too. */
export const INCLUDES = `Include = /etc/pacman.d/options.conf
Include = /etc/pacman.d/repos/*.conf
`

export const INCLUDED = {
  '/etc/pacman.d/mirrorlist': '## Geography\nServer = https://mirror.example/$repo/os/$arch\n',
  '/etc/pacman.d/options.conf':
    '[options]\nArchitecture = x86_64\nInclude = /etc/pacman.d/held.conf\nIgnorePkg = late\n',
  '/etc/pacman.d/held.conf': '# no section: it goes on in [options]\nIgnorePkg = kubelet kubeadm\n',
  '/etc/pacman.d/repos/10-core.conf': '[core]\nInclude = /etc/pacman.d/mirrorlist\n',
  '/etc/pacman.d/repos/20-extra.conf': '[extra]\nInclude = /etc/pacman.d/mirrorlist\n',
}

export const THREE_OPTIONS = `[options]
Architecture = x86_64

[core]
Server = https://mirror.example/core

[options]
IgnorePkg = a
IgnorePkg = b

[extra]
Server = https://mirror.example/extra

[options]
IgnorePkg = c
`

const word = fc.constantFrom('kubelet', 'linux*', 'a', 'b', 'a,', '#', 'x=1', '\xe9', '[ab]')
const blank = fc.constantFrom('', '', '', ' ', '   ', '\t', ' \t ', '\v')
const gap = fc.constantFrom(' ', ' ', ' ', '  ', '\t', ', ', ' \t ', '\xa0')
const list = fc
  .array(fc.tuple(word, gap), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, between]) => name + between).join(''))
const key = fc.constantFrom('IgnorePkg', 'IgnorePkg', 'IgnorePkg', 'IgnoreGroup', 'HoldPkg')

const listLine = fc.tuple(blank, key, blank, blank, list).map((parts) => {
  const [indent, name, before, after, value] = parts
  return `${indent}${name}${before}=${after}${value}`
})
const comment = fc
  .tuple(blank, fc.constantFrom('#', '# ', '#\t', '##'), listLine)
  .map((parts) => parts.join(''))
const header = fc.constantFrom(
  '[options]',
  '[options]',
  '[core]',
  ' [my.repo]\t',
  '[Options]',
  '[]',
)
const plain = oneOf(
  ['', '  ', '\t', '# prose', 'Color', 'CheckSpace', 'Architecture = auto', '; no comment'],
  ['DBPath = /srv/db/', 'DBPath=/other', 'RootDir = /mnt', 'Usage = All'],
)
const long = [5000, 4096, 4095, 4094].map((length) => 'IgnorePkg = a'.padEnd(length, ' long'))
const odd = oneOf(
  ['[options] # x', '[ options ]', '[options', ']', '[', 'IgnorePkg', 'ignorepkg = z', '=', '= x'],
  ['\0', 'IgnorePkg = a\0b', '#\0', '\r', 'IgnorePkg = a\rb', '\xef\xbb\xbf', '\xa0', 'New = 1'],
  [...long, `#${'-'.repeat(5000)} IgnorePkg = a`],
)

function oneOf(...lines: string[][]): fc.Arbitrary<string> {
  return fc.constantFrom(...lines.flat())
}

/**
 * The text of one file, as latin1.
 *
 * @param includes what an Include line may name
 * @param oddities how many of a hundred lines are nonsense
 */
export function confText(includes: readonly string[], oddities: number): fc.Arbitrary<string> {
  const include = fc.constantFrom('# none', ...includes.map((name) => `Include = ${name}`))
  const line = fc.oneof(
    { weight: 18, arbitrary: header },
    { weight: 30, arbitrary: listLine },
    { weight: 12, arbitrary: comment },
    { weight: 30, arbitrary: plain },
    { weight: 8, arbitrary: include },
    { weight: oddities, arbitrary: odd },
  )
  const end = fc.constantFrom('\n', '\r\n')
  return fc
    .record({
      start: fc.constantFrom('[options]', '[options]', '[options]', '# first', '[core]'),
      end,
      lines: fc.array(fc.tuple(line, fc.option(end, { freq: 20 })), { maxLength: 14 }),
      closed: fc.boolean(),
    })
    .map((conf) => {
      const rest = conf.lines.map(([text, own]) => text + (own ?? conf.end)).join('')
      const text = conf.start + conf.end + rest
      return conf.closed ? text : text.replace(/\r?\n$/, '')
    })
}
