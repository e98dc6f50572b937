/** Packages whose upgrade leaves stale code, of all kinds that the sentinel must distinguish. */
import type { PackageRecipe } from './package.ts'

const unit = (lines: string) => `[Service]\n${lines}\n`

/** A package that contains only its version. */
export const plain = (
  name: string,
  version: string,
  more: Partial<PackageRecipe> = {},
): PackageRecipe => ({ name, version, files: { [`/usr/share/${name}`]: version }, ...more })

/** While this file exists, the upgrade of a gated package waits. */
export const GATE = '/run/gate'
/** Made by an upgrade that waits. */
export const REACHED = '/run/reached'

/** A package whose upgrade waits in the middle of the transaction. */
export const gated = (name: string, version: string): PackageRecipe =>
  plain(name, version, {
    install: `pre_upgrade() { [ ! -e ${GATE} ] || : >${REACHED}; while [ -e ${GATE} ]; do sleep 0.2; done; }\n`,
  })

/** A library whose code differs in each version. */
export const greet = (version: string): PackageRecipe => ({
  name: 'libgreet',
  version,
  sources: { 'greet.c': `int greet(void) { return ${version.charAt(0)}; }\n` },
  build: 'gcc -shared -fPIC -o libgreet.so greet.c',
  package: 'install -D -t "$pkgdir/usr/lib" libgreet.so',
})

/** Long-running programs that map the library, as plain and sandboxed services; not upgraded. */
export const greeter: PackageRecipe = {
  name: 'greeter',
  version: '1.0',
  depends: ['libgreet'],
  sources: {
    'greeter.c':
      '#include <unistd.h>\nint greet(void);\nint main(void) { for (;;) sleep(100 * greet()); }\n',
  },
  files: {
    '/usr/lib/systemd/system/plain.service': unit('ExecStart=/usr/bin/greeter'),
    '/usr/lib/systemd/system/private.service': unit(
      'ExecStart=/usr/bin/greeter\nPrivateTmp=yes\nProtectSystem=strict\nPrivateDevices=yes',
    ),
    '/usr/lib/systemd/system/template@.service': unit('ExecStart=/usr/bin/greeter'),
    '/usr/lib/systemd/system/boxed.service': unit(
      'ExecStart=/usr/bin/greeter\nRootDirectory=/srv/box',
    ),
  },
  build: `echo 'int greet(void) { return 1; }' | gcc -shared -fPIC -xc -o libgreet.so -
gcc -o greeter greeter.c -L. -lgreet`,
  package: 'install -D -t "$pkgdir/usr/bin" greeter',
}

/** A static program, like kubelet: it has no libraries, but itself can be replaced. */
export const tool = (version: string): PackageRecipe => ({
  name: 'tool',
  version,
  sources: {
    'tool.c': `#include <unistd.h>\nint main(void) { for (;;) sleep(${version.charAt(0)}00); }\n`,
  },
  files: { '/usr/lib/systemd/system/tool.service': unit('ExecStart=/usr/bin/tool') },
  build: 'gcc -static -o tool tool.c',
  package: 'install -D -t "$pkgdir/usr/bin" tool',
})

/** Maps deleted files that no upgrade replaced: a memfd, shared memory, data; all executable. */
export const hoard: PackageRecipe = {
  name: 'hoard',
  version: '1.0',
  sources: {
    'hoard.c': `#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static void hold(int fd) {
  if (ftruncate(fd, 4096) || mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
    _exit(1);
}

static void hold_deleted(const char *path) {
  hold(open(path, O_RDWR | O_CREAT, 0700));
  unlink(path);
}

int main(void) {
  hold(memfd_create("/usr/lib/libmemory.so", 0));
  hold_deleted("/dev/shm/libshared.so");
  hold_deleted("/var/lib/hoard/libdata.so");
  for (;;) pause();
}
`,
  },
  files: {
    '/usr/lib/systemd/system/hoard.service': unit('ExecStart=/usr/bin/hoard\nStateDirectory=hoard'),
  },
  build: 'gcc -o hoard hoard.c',
  package: 'install -D -t "$pkgdir/usr/bin" hoard',
}

/** Unpacks a library below /opt at its start, maps and removes it, like JNA, netty, PyInstaller. */
export const unpacker: PackageRecipe = {
  name: 'unpacker',
  version: '1.0',
  sources: {
    'unpacker.c': `#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  char name[] = "/opt/unpacker/native-XXXXXX";
  int fd = mkstemp(name);
  fchmod(fd, 0755);
  if (ftruncate(fd, 4096) || mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
    return 1;
  unlink(name);
  for (;;) pause();
}
`,
  },
  files: {
    '/opt/unpacker/.keep': '',
    '/usr/lib/systemd/system/unpacker.service': `${unit('ExecStart=/usr/bin/unpacker')}[Install]
WantedBy=multi-user.target
`,
  },
  build: 'gcc -o unpacker unpacker.c',
  package: 'install -D -t "$pkgdir/usr/bin" unpacker',
}

/** A package with a long transaction, for tests that look at it. */
export const slow: PackageRecipe = {
  name: 'slow',
  version: '1.0',
  install: 'post_install() { sleep 300; }\n',
  files: { '/usr/share/slow': 'slow\n' },
}

/** A kernel package with the file list of Arch's. */
export const kernel = (name: string, version: string, release: string): PackageRecipe => ({
  name,
  version,
  files: {
    [`/usr/lib/modules/${release}/pkgbase`]: `${name}\n`,
    [`/usr/lib/modules/${release}/modules.order`]: '\n',
    [`/usr/lib/modules/${release}/vmlinuz`]: '',
  },
})

/** Fails if /run/broken exists. */
const UNLESS_BROKEN = `/bin/sh -c 'test ! -e /run/broken || exit 3; exec greeter'`
const DEAF = `/bin/sh -c 'trap "" TERM; exec greeter'\nTimeoutStopSec=100`
const idle = 'ExecStart=/usr/bin/sleep infinity'

/** Unit files by path, from the services' names. */
function services(files: Record<string, string>): Record<string, string> {
  const named = Object.entries(files)
  return Object.fromEntries(
    named.map(([name, content]) => [`/usr/lib/systemd/system/${name}.service`, content]),
  )
}

/** Services of all kinds, most with the greeter; not upgraded. */
export const kinds: PackageRecipe = {
  name: 'kinds',
  version: '1.0',
  depends: ['greeter'],
  files: {
    '/usr/lib/systemd/system/link.socket': '[Socket]\nListenStream=127.0.0.1:7777\nAccept=yes\n',
    ...services({
      'link@': unit('ExecStart=/usr/bin/greeter\nStandardInput=socket'),
      delegated: unit(`Delegate=yes
ExecStart=/bin/sh -c 'd=/sys/fs/cgroup/system.slice/delegated.service/child; mkdir $$d; echo $$$$ > $$d/cgroup.procs; exec greeter'`),
      base: unit('ExecStart=/usr/bin/greeter'),
      needs: `[Unit]\nRequires=base.service\nAfter=base.service\n${unit('ExecStart=/usr/bin/greeter')}`,
      part: `[Unit]\nPartOf=needs.service\n${unit(idle)}`,
      client: `[Unit]\nAfter=plain.service\n${unit('ExecStart=/usr/bin/greeter')}`,
      under: unit('ExecStart=/usr/bin/greeter'),
      // A bad set-up of Kubernetes: it requires a service that may be restarted.
      kubelet: `[Unit]\nRequires=under.service\n${unit(idle)}`,
      breaks: unit(`ExecStartPre=/usr/bin/test ! -e /run/broken\nExecStart=/usr/bin/greeter`),
      dies: unit(`ExecStart=${UNLESS_BROKEN}`),
      loops: unit(`ExecStart=${UNLESS_BROKEN}\nRestart=always\nRestartSec=300ms`),
      withers: unit(`ExecStart=/bin/sh -c 'test ! -e /run/broken || exec sleep 0.7; exec greeter'`),
      refusing: `[Unit]\nRefuseManualStop=yes\n${unit('ExecStart=/usr/bin/greeter')}`,
      oneshot: unit(
        `Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '/usr/bin/greeter >/dev/null &'`,
      ),
      containerd: unit('ExecStart=/usr/bin/greeter'),
      shims: unit(`KillMode=process\nExecStart=/bin/sh -c '/usr/bin/greeter & exec greeter'`),
      deaf: unit(`ExecStart=${DEAF}`),
      stopping: unit(`ExecStart=${DEAF}`),
      innocent: unit(idle),
    }),
  },
}

/** A database, as far as its program, its unit's name and its version go. */
export const postgresql = (version: string): PackageRecipe => ({
  name: 'postgresql',
  version,
  depends: ['greeter'],
  files: { '/usr/lib/systemd/system/postgresql.service': unit('ExecStart=/usr/bin/postgres') },
  build: `echo '${version}' > version`,
  package: `install -D /usr/bin/sleep "$pkgdir/usr/bin/postgres"
sed -i 's,/usr/bin/postgres$,& infinity,' "$pkgdir/usr/lib/systemd/system/postgresql.service"`,
})

const beside = (program: string) =>
  unit(`ExecStart=/bin/sh -c 'greeter & exec ${program} infinity'`)

/** Services whose names do not say what a restart of them takes down; not upgraded. */
export const impostors: PackageRecipe = {
  name: 'impostors',
  version: '1.0',
  depends: ['greeter'],
  files: services({
    web: beside('/usr/bin/qemu-system-x86_64'),
    quadlet: beside('/usr/bin/conmon'),
    'node-agent': beside('/opt/node/kubelet'),
    tunnel: unit(`ExecStart=/bin/sh -c 'exec 3</dev/net/tun; exec greeter'`),
    uplink: `[Unit]\nBefore=network.target\n${unit('ExecStart=/usr/bin/greeter')}`,
    forgets: unit('ExecStart=/usr/bin/greeter\nKillMode=none'),
    hesitates: unit('ExecStart=/usr/bin/greeter\nSendSIGKILL=no'),
    'io.podman': unit('ExecStart=/usr/bin/greeter'),
    limited: `[Unit]\nStartLimitIntervalSec=30min\nStartLimitBurst=3\n${unit('ExecStart=/usr/bin/greeter')}`,
    docktail: unit('ExecStart=/usr/bin/greeter\nRuntimeDirectory=docktail'),
  }),
  package: `for program in usr/bin/qemu-system-x86_64 usr/bin/conmon opt/node/kubelet; do
  install -D /usr/bin/sleep "$pkgdir/$program"
done`,
}
