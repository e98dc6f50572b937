/* One process with 150 threads and 1,500 open files, which make lsof slow. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

static void *wait_for_ever(void *nothing) {
  for (;;) pause();
  return nothing;
}

int main(void) {
  struct rlimit files = {4096, 4096};
  setrlimit(RLIMIT_NOFILE, &files);
  pthread_t thread;
  for (int i = 0; i < 1500; i++)
    if (open("/etc/passwd", O_RDONLY) < 0) return 1;
  for (int i = 0; i < 149; i++)
    if (pthread_create(&thread, 0, wait_for_ever, 0)) return 1;
  wait_for_ever(0);
}
