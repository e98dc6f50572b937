/** What people without rights, and accidents, do to a real node: no reboot, and no silence. */
import assert from 'node:assert/strict'
import { bootNode, install, labTest, upgradeTo } from '../lab/lab.ts'
import type { LabNode } from '../lab/node.ts'
import { greet, greeter, kernel, tool } from '../lab/recipes.ts'

const check = (node: LabNode) => node.asKured(['/usr/bin/kured-sentinel'])
const AS_USER = 'setpriv --reuid=builder --regid=builder --clear-groups'

/** A user's own deleted "/usr/bin/old": on a mount that is detached, names begin at its root. */
const detached = (mount: string) => `${AS_USER} unshare -Urm sh -c '
mkdir -p /tmp/m /var/tmp/b; ${mount}; mkdir -p /tmp/m/usr/bin
cp /bin/sleep /tmp/m/usr/bin/old; /tmp/m/usr/bin/old 300 & sleep 0.3
rm /tmp/m/usr/bin/old; umount -l /tmp/m' > /dev/null 2>&1`

labTest('a user’s own deleted files below a “/usr” are no upgrade', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'))
  await node.shell(detached('mount -t tmpfs none /tmp/m'))
  await node.shell(detached('mount --bind /var/tmp/b /tmp/m'))
  const maps = await node.shell('cat /proc/$(pgrep -n -x old)/maps')
  assert.match(maps, /r-xp .* \/usr\/bin\/old \(deleted\)/, 'it looks like one')
  const { exitCode, stdout, stderr } = await check(node)
  assert.deepEqual([exitCode, stdout], [1, 'no reboot required\n'], stderr)

  // A user locks every directory that there is to open, and no command waits for that.
  await node.shell(`kured-sentinel ignore add one; ${AS_USER} bash -c '
for path in / $(find /run /etc /tmp /var -maxdepth 3 -type d 2>/dev/null); do
  { exec {fd}<$path && flock --nonblock $fd; } 2>/dev/null
done; echo locked >/var/tmp/locked; exec sleep 302' >/dev/null 2>&1 &`)
  await node.shell('until [ -s /var/tmp/locked ]; do sleep 0.1; done')
  await node.shell(`for path in /run /etc /run/kured-sentinel; do if flock --nonblock $path true; then exit 9; fi; done
kured-sentinel ignore add two; kured-sentinel units install; kured-sentinel units remove`)

  // The same with pacman's lock: a stale one is not taken for one that somebody holds.
  const lock = 'var/lib/pacman/db.lck'
  await node.shell(`touch --date='2 hours ago' /${lock}`)
  await node.shell(`${AS_USER} unshare -Urm sh -c '
mount -t tmpfs none /tmp/m; mkdir -p /tmp/m/var/lib/pacman; exec 9> /tmp/m/${lock}
umount -l /tmp/m; exec sleep 301 > /dev/null 2>&1 &'`)
  const held = 'readlink /proc/$(pgrep -f "^sleep 301")/fd/9'
  assert.equal(await node.shell(`until ${held} | grep lib; do sleep 0.1; done`), `/${lock}\n`)
  const answer = await check(node)
  assert.deepEqual([answer.exitCode, answer.stdout], [2, ''])
  assert.match(answer.stderr, /stale lock .*: nobody has it open/)
})

labTest('a daemon that went into a chroot by itself runs the host’s code', async () => {
  await using node = await bootNode()
  const daemon = {
    name: 'daemon',
    files: {
      '/usr/lib/systemd/system/daemon.service': '[Service]\nExecStart=/usr/bin/daemon\n',
      '/var/empty/.keep': '',
    },
    build: 'gcc -static -o daemon daemon.c',
    package: 'install -D -t "$pkgdir/usr/bin" daemon',
  }
  const source = (version: string) => ({
    ...daemon,
    version,
    sources: {
      'daemon.c': `#include <unistd.h>\nint main(void) { chdir("/var/empty"); if (chroot(".")) return 1; for (;;) sleep(${version.charAt(0)}00); }\n`,
    },
  })
  await install(node, source('1.0'))
  await node.ok(['systemctl', 'start', 'daemon'])
  await upgradeTo(node, source('2.0'))
  const { exitCode, stdout } = await check(node)
  assert.equal(exitCode, 0)
  assert.match(
    stdout,
    /daemon\[\d+\] runs a replaced executable: \/usr\/bin\/daemon \(daemon\.service\)/,
  )
})

labTest('a helper that ends by the OOM killer, or empty, has not answered', async () => {
  await using node = await bootNode()
  await install(node, greet('1.0'), greeter, kernel('linux', '9.9.9', '9.9.9-lab'))
  await node.ok(['systemctl', 'start', 'plain'])
  await upgradeTo(node, greet('2.0'))
  assert.equal((await check(node)).exitCode, 0)
  await node.shell(
    'echo "int kill(int, int); int getpid(void); int main(void) { kill(getpid(), 9); }" | gcc -w -xc -o /root/dies -',
  )
  // A user's process could lead stat(2) to a server of that user's: it is asked of stat(1).
  await node.shell(`${AS_USER} greeter >/dev/null 2>&1 &`)
  await upgradeTo(node, greet('3.0'))
  for (const helper of ['grep', 'stat']) {
    await node.shell(`mv /usr/bin/${helper} /root/; cp /root/dies /usr/bin/${helper}`)
    const { exitCode, stdout, stderr } = await check(node)
    assert.deepEqual([exitCode, stdout], [2, ''], helper)
    assert.match(stderr, new RegExp(`${helper}, run through setpriv, did not run to its end`))
    await node.shell(`mv /root/${helper} /usr/bin/`)
  }
  // After a power cut: to execvp(3) a script, for which a shell answers 0.
  for (const helper of ['grep', 'setpriv']) {
    await node.shell(`cd /usr/bin; cp -p ${helper} /root/; : > ${helper}`)
    const { exitCode, stdout, stderr } = await check(node)
    assert.deepEqual([exitCode, stdout], [2, ''], helper)
    assert.match(stderr, /kernel: searching .*; processes: grep failed on \/proc with exit 0/)
    await node.shell(`mv /root/${helper} /usr/bin/`)
  }
  await node.shell('cd /usr/bin; cp -p stat /root/; : > stat')
  const unanswered = await check(node)
  assert.equal(unanswered.exitCode, 2)
  assert.match(unanswered.stderr, /processes: stat did not answer for every path/)
  await node.shell('mv /root/stat /usr/bin/')
  await node.shell('cd /usr/bin; cp -p lsof /root/; : > lsof')
  const silent = await node.asKured(['/usr/bin/kured-sentinel', '--scanner', 'lsof'])
  assert.equal(silent.exitCode, 2)
  assert.match(silent.stderr, /processes: lsof failed \(is it installed\?\): exit 0/)
  await node.shell('mv /root/lsof /usr/bin/')
  // util-linux before 2.33; its exit code is the one that grep has for "no match".
  await node.writeFile(
    '/usr/bin/setpriv',
    '#!/bin/sh\necho "setpriv: unrecognized option" >&2\nexit 1\n',
    0o755,
  )
  const { exitCode, stderr } = await check(node)
  assert.equal(exitCode, 2)
  assert.match(stderr, /reading \/proc: setpriv: unrecognized option/)
})

labTest('a user’s thousands of mounts do not hold the check', async () => {
  await using node = await bootNode()
  const source = `#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>
int main(void) {
  char name[64];
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return 1;
  for (int i = 0; i < 3000; i++) if (mount("/var/tmp/b", "/usr", 0, MS_BIND, 0)) return 2;
  for (int i = 0; i < 20; i++) {
    sprintf(name, "/usr/lib%d.so", i);
    int fd = open(name, O_RDWR | O_CREAT, 0700);
    if (ftruncate(fd, 4096) || mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) return 3;
    unlink(name);
  }
  close(open("/var/tmp/ready", O_CREAT, 0600));
  pause();
}`
  await node.writeFile('/root/stack.c', source)
  await node.shell('gcc -o /usr/bin/stack /root/stack.c; install -d -o builder /var/tmp/b')
  await node.ok(['systemd-run', '--unit=stack', 'sh', '-c', `exec ${AS_USER} stack`])
  await node.shell(
    'i=0; until [ -e /var/tmp/ready ] || [ $i = 300 ]; do sleep 0.1; i=$((i+1)); done',
  )
  assert.equal(
    await node.shell('ls /var/tmp/ready; systemctl is-active stack'),
    '/var/tmp/ready\nactive\n',
  )
  const begin = performance.now()
  const { exitCode, timedOut } = await check(node)
  assert.equal(timedOut, false)
  assert.notEqual(exitCode, 0)
  assert.ok(performance.now() - begin < 30_000)
})

/** A program below /opt, and its service. */
const optional = (version: string) => ({
  ...tool(version),
  files: { '/usr/lib/systemd/system/tool.service': '[Service]\nExecStart=/opt/bin/tool\n' },
  package: 'install -D -t "$pkgdir/opt/bin" tool',
})

labTest('an overlay of two file systems: its files are on neither, and count', async () => {
  await using node = await bootNode()
  await node.shell(`mkdir -p /srv/lower /srv/upper /opt
mount -t tmpfs none /srv/lower; mount -t tmpfs none /srv/upper; mkdir /srv/upper/files /srv/upper/work
mount -t overlay overlay -o lowerdir=/srv/lower,upperdir=/srv/upper/files,workdir=/srv/upper/work /opt`)
  await install(node, optional('1.0'))
  await node.ok(['systemctl', 'start', 'tool'])
  await upgradeTo(node, optional('2.0'))
  const { exitCode, stdout } = await check(node)
  assert.equal(exitCode, 0)
  assert.match(stdout, /tool\[\d+\] runs a replaced executable: \/opt\/bin\/tool/)
})

/** An automount whose mount never comes, as from a server that is away: whoever goes there waits. */
const AWAY = `
mknod /dev/autofs c 10 235; systemctl daemon-reexec; cd /run/systemd/system
printf '[Service]\\nType=oneshot\\nTimeoutStartSec=infinity\\nExecStart=/bin/sleep infinity\\n' >never.service
printf '[Unit]\\nRequires=never.service\\nAfter=never.service\\n[Mount]\\nWhat=nas:/x\\nWhere=/srv/away\\nType=nfs4\\n' >srv-away.mount
printf '[Automount]\\nWhere=/srv/away\\n' >srv-away.automount
systemctl daemon-reload; systemctl start srv-away.automount`

labTest('a directory that became a link to a server which is away: no hang', async () => {
  await using node = await bootNode()
  await install(node, optional('1.0'), greet('1.0'), greeter)
  await node.ok(['systemctl', 'start', 'tool', 'plain'])
  await upgradeTo(node, optional('2.0'), greet('2.0'))
  await node.shell(AWAY)
  await node.shell('rm -r /opt/bin; ln -s /srv/away /opt/bin')
  const argv = ['/usr/bin/kured-sentinel', 'check', '--timeout', '6s']
  const { exitCode, stderr } = await node.asKured(argv, { timeoutMs: 30_000 })
  assert.equal(exitCode, 2)
  assert.match(stderr, /\/opt\/bin\/tool gives no answer: is a server away\?/)
})
