/* judge/claim_owner.c - see claim_owner.h.
 *
 * "boot/namespace/pid/start/nonce": the first four find the process even if its number was given to
 * another one since, the nonce tells two handles of one process apart. Process numbers are only
 * believed inside the same boot and pid namespace (a cache may lie on a volume that containers
 * share); elsewhere a claim lives until it expires. A zombie is dead.
 */
#include "judge/claim_owner.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The start time of a process in clock ticks since boot, or -1. */
static long long start_of(long pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) {
    close(fd);
  }
  text[n > 0 ? n : 0] = '\0';
  char *end = strrchr(text, ')'); /* the name may hold anything */
  char state = 0;
  long long start = -1;
  /* After the name: state, then 18 numbers, then the start time. */
  if (!end ||
      sscanf(end + 1,
             " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
             "%lld",
             &state, &start) != 2 ||
      state == 'Z' || state == 'X') {
    return -1;
  }
  return start;
}

static void read_line(const char *path, char *out, size_t size) {
  FILE *file = fopen(path, "re");
  if (!file || !fgets(out, (int)size, file)) {
    out[0] = '\0';
  }
  out[strcspn(out, "\r\n")] = '\0';
  if (file) {
    fclose(file);
  }
}

void lqa_claim_owner_init(lqa_claim_owner *owner) {
  char boot[64], space[64];
  uint64_t nonce = 0;
  read_line("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
  ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
  space[n > 0 ? n : 0] = '\0';
  if (getrandom(&nonce, sizeof nonce, 0) != sizeof nonce) {
    nonce = (uint64_t)lqa_clock_unix_ms() ^ (uint64_t)(uintptr_t)owner;
  }
  long pid = (long)getpid();
  int size = snprintf(owner->text, sizeof owner->text, "%s/%s/", boot, space);
  owner->machine_size = (size_t)size;
  snprintf(owner->text + size, sizeof owner->text - (size_t)size, "%ld/%lld/%016llx", pid,
           start_of(pid), (unsigned long long)nonce);
}

bool lqa_claim_owner_is_alive(const lqa_claim_owner *self, const char *other, int64_t expires_ms) {
  long pid;
  long long start;
  if (strncmp(other, self->text, self->machine_size) != 0 ||
      sscanf(other + self->machine_size, "%ld/%lld/", &pid, &start) != 2) {
    return lqa_clock_unix_ms() < expires_ms;
  }
  return start_of(pid) == start;
}
