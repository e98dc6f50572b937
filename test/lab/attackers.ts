/**
 * Attacks by ordinary users and pods that try to cause or prevent a reboot, each a C program. It
 * makes /var/tmp/ready when it is ready, and keeps running.
 */

const HEAD = `#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void stay(void) { for (;;) pause(); }
static void ready(void) { close(open("/var/tmp/ready", O_CREAT, 0600)); stay(); }
static void must(int result, const char *what) { if (result < 0) { perror(what); exit(1); } }
static void map(int fd) {
  void *at = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  must(at == MAP_FAILED ? -1 : 0, "mmap");
}
`

const FORGER = `${HEAD}
static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY);
  must(fd < 0 ? -1 : write(fd, text, strlen(text)), path);
  close(fd);
}
/* Namespaces of one's own, in which one is root. */
static void be_root(void) {
  char map[64], groups[64];
  snprintf(map, sizeof map, "0 %d 1", getuid());
  snprintf(groups, sizeof groups, "0 %d 1", getgid());
  must(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", map);
  put("/proc/self/gid_map", groups);
}
/* A file of one's own. */
static int make(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT, 0755);
  must(fd, path);
  must(ftruncate(fd, 4096), path);
  return fd;
}
/* Twenty thousand of these, by names such as that, in a file system over the directory. */
static void map_many(const char *directory, const char *names, int deleted) {
  char name[64];
  be_root();
  must(mount("none", directory, "tmpfs", 0, 0), "mount");
  for (int i = 0; i < 20000; i++) {
    snprintf(name, sizeof name, names, i);
    int fd = make(name);
    map(fd);
    close(fd);
    if (deleted) must(unlink(name), "unlink");
  }
}
/* A file of root's that is still there, by a name that says it is deleted. */
static int name_live(void) {
  char from[64];
  int live = open("/usr/bin/sleep", O_PATH);
  snprintf(from, sizeof from, "/proc/self/fd/%d", live);
  must(mkdir("/var/tmp/own", 0755), "mkdir");
  must(mount("/var/tmp/own", "/usr/bin", 0, MS_BIND, 0), "mount");
  close(make("/usr/bin/tool (deleted)"));
  must(mount(from, "/usr/bin/tool (deleted)", 0, MS_BIND, 0), "mount live");
  int fd = open("/usr/bin/tool (deleted)", O_RDONLY);
  must(fd, "open live");
  return fd;
}
`

/** Mappings of a user's file, or of a file of root that still exists, at a path of pacman's list. */
export const FORGERIES: Record<string, string> = {
  'a chroot into a bind mount of / at /usr/local': `${FORGER}
int main(void) {
  be_root();
  must(mount("/", "/usr/local", 0, MS_BIND | MS_REC, 0), "mount /");
  must(mkdir("/var/tmp/own", 0755), "mkdir");
  must(mount("/var/tmp/own", "/usr/local/usr/bin", 0, MS_BIND, 0), "mount");
  must(chroot("/usr/local"), "chroot");
  map(make("/usr/bin/tool"));
  must(unlink("/usr/bin/tool"), "unlink");
  ready();
}`,
  'a directory of one’s own over /usr/bin': `${FORGER}
int main(void) {
  be_root();
  must(mkdir("/var/tmp/own", 0755), "mkdir");
  must(mount("/var/tmp/own", "/usr/bin", 0, MS_BIND, 0), "mount");
  map(make("/usr/bin/tool"));
  must(unlink("/usr/bin/tool"), "unlink");
  ready();
}`,
  'a tree of one’s own that is no longer mounted': `${FORGER}
int main(void) {
  be_root();
  must(mkdir("/var/tmp/own", 0755), "mkdir");
  must(mkdir("/var/tmp/own/usr", 0755), "mkdir");
  must(mkdir("/var/tmp/own/usr/bin", 0755), "mkdir");
  must(mount("/var/tmp/own", "/mnt", 0, MS_BIND, 0), "mount");
  int fd = make("/mnt/usr/bin/tool");
  map(fd);
  must(unlink("/mnt/usr/bin/tool"), "unlink");
  must(umount2("/mnt", MNT_DETACH), "umount");
  ready();
}`,
  'a file of root’s under another name': `${FORGER}
int main(void) {
  be_root();
  map(name_live());
  ready();
}`,
  'a file of root’s under another name, handed to a process of the host': `${FORGER}
int main(void) {
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
  char byte = 0, space[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  if (fork() == 0) {
    be_root();
    int fd = name_live();
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    must(sendmsg(ends[0], &message, 0), "sendmsg");
    stay();
  }
  must(recvmsg(ends[1], &message, 0), "recvmsg");
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  map(fd);
  ready();
}`,
}

/** The origin of a process: a login, a service that runs users’ jobs, or a pod. */
export type Place = 'session' | 'cron' | 'pod'

interface Burden {
  source: string
  /** where the attack is possible; pods cannot make namespaces */
  from?: readonly Place[]
  /** so many paths more are in pacman's list: usr/lib/listed/0, … */
  listed?: number
  /** whether it only affects a check that finds pacman's lock */
  lock?: true
}

/** Attacks by size: many, long or slow things to read, in /opt/user. */
export const BURDENS: Record<string, Burden> = {
  'sixty thousand mappings of a long deleted name': {
    source: `${HEAD}
int main(void) {
  char name[4000] = "/opt/user";
  for (int i = 0; i < 14; i++) {
    strcat(name, "/"); memset(name + strlen(name), 'x', 250);
    must(mkdir(name, 0700), "mkdir");
  }
  strcat(name, "/lib.so");
  int fd = open(name, O_RDWR | O_CREAT, 0700);
  must(ftruncate(fd, 8192), "ftruncate");
  for (int i = 0; i < 60000; i++) mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, i % 2 * 4096);
  unlink(name);
  ready();
}`,
  },
  'thousands of mappings below twenty thousand directories': {
    source: `${HEAD}
int main(void) {
  must(chdir("/opt/user"), "chdir");
  for (int i = 0; i < 20000; i++) { mkdir("d", 0700); must(chdir("d"), "chdir d"); }
  int fd = open("lib.so", O_RDWR | O_CREAT, 0700);
  must(ftruncate(fd, 8192), "ftruncate");
  for (int i = 0; i < 20000; i++) mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, i % 2 * 4096);
  unlink("lib.so");
  ready();
}`,
  },
  'an executable whose path is too long to be read': {
    source: `${HEAD}
int main(int argc, char **argv) {
  if (argc > 1) ready();
  must(chdir("/opt/user"), "chdir");
  for (int i = 0; i < 40; i++) {
    char name[251]; memset(name, 'y', 250); name[250] = 0;
    mkdir(name, 0700); must(chdir(name), "chdir y");
  }
  int from = open("/proc/self/exe", O_RDONLY), to = open("prog", O_WRONLY | O_CREAT, 0700);
  char buffer[65536]; ssize_t n;
  while ((n = read(from, buffer, sizeof buffer)) > 0) must(write(to, buffer, n), "write");
  close(to);
  must(execl("./prog", "prog", "x", NULL), "execl");
}`,
  },
  'a mountinfo of hundreds of megabytes': {
    from: ['session', 'cron'],
    source: `${FORGER}
int main(void) {
  char name[251];
  be_root();
  must(chdir("/opt/user"), "chdir");
  for (int i = 0; i < 25; i++) {
    memset(name, 'z', 150); name[150] = 0;
    mkdir(name, 0700); must(chdir(name), "chdir z");
  }
  for (int i = 0; i < 2400; i++) must(mount(".", ".", 0, MS_BIND, 0), "mount");
  must(mkdir("/tmp/own", 0700), "mkdir");
  must(mount("/tmp/own", "/usr/lib", 0, MS_BIND, 0), "mount");
  map(make("/usr/lib/libgreet.so"));
  must(unlink("/usr/lib/libgreet.so"), "unlink");
  ready();
}`,
  },
  'twenty thousand names such as an NFS client gives': {
    from: ['session'],
    listed: 15_000,
    source: `${FORGER}
int main(void) {
  map_many("/opt", "/opt/.nfs%016x", 0);
  ready();
}`,
  },
  'twenty thousand deleted files by names from the list': {
    from: ['session'],
    listed: 20_000,
    source: `${FORGER}
int main(void) {
  map_many("/usr/lib/listed", "/usr/lib/listed/%d", 1);
  ready();
}`,
  },
  'hundreds of thousands of descriptors': {
    from: ['session'],
    lock: true,
    source: `${HEAD}
int main(void) {
  struct rlimit most;
  getrlimit(RLIMIT_NOFILE, &most); most.rlim_cur = most.rlim_max; setrlimit(RLIMIT_NOFILE, &most);
  int ends[2], children = 600000 / most.rlim_max + 1;
  char byte = 0;
  must(pipe(ends), "pipe");
  for (int c = 0; c < children; c++) if (fork() == 0) {
    while (dup(0) >= 0);
    must(write(ends[1], &byte, 1), "write");
    stay();
  }
  for (int c = 0; c < children; c++) must(read(ends[0], &byte, 1), "read");
  ready();
}`,
  },
}
