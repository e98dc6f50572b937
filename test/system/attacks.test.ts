/**
 * What people without rights, and pods, do to have a node rebooted, or to keep it from being. In all
 * of these a service runs what pacman replaced: that must be seen, in time and in little memory.
 */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, plain, tool } from '../lab/recipes.ts'

const AS_USER = 'setpriv --reuid=builder --regid=builder --clear-groups'
const SENTINEL = '/usr/bin/kured-sentinel'

/** Files of the user's own, by names that pacman has replaced in this boot. */
const FORGED: Record<string, string> = {
  'a bind mount of / that looks like the host’s': `unshare -Urm sh -c '
mount --rbind / /usr/local; cp /bin/sleep /var/tmp/tool; mount --bind /var/tmp /usr/bin
exec chroot /usr/local /usr/bin/env sh -c "cp /var/tmp/tool /var/tmp/x; exec /usr/bin/tool 400"' &
sleep 1; rm -f /var/tmp/tool`,
  'a mount that is detached': `unshare -Urm sh -c '
mkdir -p /tmp/m; mount -t tmpfs none /tmp/m; mkdir -p /tmp/m/usr/bin
cp /bin/sleep /tmp/m/usr/bin/tool; /tmp/m/usr/bin/tool 400 & sleep 0.3
rm /tmp/m/usr/bin/tool; umount -l /tmp/m; wait' &
sleep 1`,
  'a directory over /usr/bin': `unshare -Urm sh -c '
mkdir -p /var/tmp/b; cp /bin/sleep /var/tmp/b/tool; cp /bin/rm /bin/sh /var/tmp/b
mount --bind /var/tmp/b /usr/bin; /usr/bin/tool 400 & /usr/bin/rm /usr/bin/tool; wait' &
sleep 1`,
}

for (const [where, shell] of [
  ['in a session', `systemd-run --quiet --scope --slice=user-1001.slice ${AS_USER}`],
  ['in a job of cron’s', `systemd-run --quiet --unit=crond ${AS_USER}`],
] as const) {
  labTest(`a user’s forged files, ${where}: no reboot`, async () => {
    for (const [what, script] of Object.entries(FORGED)) {
      await using node = await bootNode()
      await install(node, tool('1.0'))
      await upgradeTo(node, tool('2.0'))
      await node.writeFile('/srv/forge', script, 0o755)
      await node.shell(`${shell} sh /srv/forge >/dev/null 2>&1 &`)
      const maps = 'cat /proc/$(pgrep -n -x tool)/maps 2>/dev/null'
      await node.shell(`until ${maps} | grep "r-xp.*tool (deleted)"; do sleep 0.1; done`)
      const { exitCode, stdout, stderr } = await node.asKured([SENTINEL])
      assert.deepEqual([exitCode, stdout], [1, 'no reboot required\n'], `${what}: ${stderr}`)
    }
  })
}

const C_HEAD = `#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
static void ready(void) { close(open("/var/tmp/ready", O_CREAT, 0600)); for (;;) pause(); }
static void map(int fd) { mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0); }
`

/** Each in C, for who runs it; /opt/user is that user's. */
const HOSTILE: Record<string, { source: string; pod?: true; lock?: true }> = {
  'sixty thousand mappings of a long deleted name': {
    pod: true,
    source: `int main(void) {
  char name[4000] = "/opt/user";
  for (int i = 0; i < 14; i++) { strcat(name, "/"); memset(name + strlen(name), 'x', 250); mkdir(name, 0700); }
  strcat(name, "/lib.so");
  int fd = open(name, O_RDWR | O_CREAT, 0700);
  ftruncate(fd, 8192);
  for (int i = 0; i < 60000; i++) mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, i % 2 * 4096);
  unlink(name);
  ready();
}`,
  },
  'thousands of mappings below twenty thousand directories': {
    pod: true,
    source: `int main(void) {
  chdir("/opt/user");
  for (int i = 0; i < 20000; i++) { mkdir("d", 0700); if (chdir("d")) return 1; }
  int fd = open("lib.so", O_RDWR | O_CREAT, 0700);
  ftruncate(fd, 8192);
  for (int i = 0; i < 20000; i++) mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, i % 2 * 4096);
  unlink("lib.so");
  ready();
}`,
  },
  'an executable whose path is too long to be read': {
    pod: true,
    source: `int main(int argc, char **argv) {
  if (argc > 1) ready();
  chdir("/opt/user");
  for (int i = 0; i < 40; i++) {
    char name[251]; memset(name, 'y', 250); name[250] = 0;
    mkdir(name, 0700); if (chdir(name)) return 1;
  }
  int from = open("/proc/self/exe", O_RDONLY), to = open("prog", O_WRONLY | O_CREAT, 0700);
  char buffer[65536]; ssize_t n;
  while ((n = read(from, buffer, sizeof buffer)) > 0) write(to, buffer, n);
  close(to);
  execl("./prog", "prog", "x", NULL);
  return 2;
}`,
  },
  'a mountinfo of hundreds of megabytes': {
    source: `int main(void) {
  char name[4000];
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return 1;
  chdir("/opt/user");
  for (int i = 0; i < 25; i++) {
    memset(name, 'z', 150); name[150] = 0;
    mkdir(name, 0700); if (chdir(name)) return 2;
  }
  for (int i = 0; i < 2400; i++) if (mount(".", ".", 0, MS_BIND, 0)) return 3;
  mkdir("/tmp/usr", 0700);
  int fd = open("/tmp/usr/lib.so", O_RDWR | O_CREAT, 0700);
  mount("/tmp/usr", "/usr/bin", 0, MS_BIND, 0);
  fd = open("/usr/bin/greeter", O_RDWR | O_CREAT, 0700);
  ftruncate(fd, 4096); map(fd); unlink("/usr/bin/greeter");
  ready();
}`,
  },
  'hundreds of thousands of descriptors, while a lock is there': {
    lock: true,
    source: `int main(void) {
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most); most.rlim_cur = most.rlim_max; setrlimit(RLIMIT_NOFILE, &most);
  for (int c = 0; c < 3; c++) if (fork() == 0) {
    while (dup(0) >= 0);
    if (c == 2) ready();
    for (;;) pause();
  }
  for (;;) pause();
}`,
  },
}

for (const [what, { source, pod, lock }] of Object.entries(HOSTILE)) {
  for (const where of pod === undefined ? (['user'] as const) : (['user', 'pod'] as const)) {
    labTest(`${what}, of a ${where}: seen all the same, in time, in little memory`, async () => {
      await using node = await bootNode({ prepare: takeMeasure })
      await node.shell('gcc -O2 -o /usr/bin/measure /root/measure.c')
      await install(node, greet('1.0'), greeter, plain('other', '1.0'))
      await node.ok(['systemctl', 'start', 'plain', 'private'])
      await upgradeTo(node, greet('2.0'))
      await node.writeFile('/root/hostile.c', C_HEAD + source)
      await node.shell(
        'gcc -w -o /usr/bin/hostile /root/hostile.c; install -d -o builder /opt/user',
      )
      await node.shell('chmod 1777 /var/tmp; rm -f /var/tmp/ready')
      await startHostile(node, where)
      if (lock === true) await node.shell('touch /var/lib/pacman/db.lck')
      const { answer, ms, kib } = await measured(node, ['--timeout', '10s'])
      assert.equal(answer, lock === true ? 1 : 0)
      assert.ok(ms < 11_000, `${ms} ms`)
      assert.ok(kib < 100 * 1024, `${kib} KiB`)
    })
  }
}

function takeMeasure(root: string): void {
  const source = join(import.meta.dirname, '../../scripts/bench/measure.c')
  cpSync(source, join(root, 'root/measure.c'))
}

async function startHostile(node: LabNode, where: 'user' | 'pod'): Promise<void> {
  const slice =
    where === 'pod'
      ? ['--scope', '--slice=kubepods.slice', '--unit=cri-containerd-3f1c0b9d2e7a.scope']
      : ['--scope', '--slice=user-1001.slice']
  const run = ['systemd-run', '--quiet', ...slice, ...AS_USER.split(' '), '/usr/bin/hostile']
  await node.shell(`ulimit -n 200000; ${run.join(' ')} >/dev/null 2>&1 &`)
  await node.shell('until [ -e /var/tmp/ready ]; do sleep 0.1; done', { timeoutMs: 120_000 })
}

/** A check's answer, with its time and the memory of its largest process. */
async function measured(node: LabNode, args: string[]) {
  const script = `/usr/bin/measure /bin/sh -c '${SENTINEL} ${args.join(' ')}; echo $? >/run/answer'`
  const [ms = NaN, kib = NaN] = (await node.shell(script, { timeoutMs: 90_000 }))
    .split(' ')
    .map(Number)
  return { answer: Number(await node.readFile('/run/answer')), ms, kib }
}
