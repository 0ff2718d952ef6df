/* Preloaded into the command: the Nth call of one kind is refused, as a system without memory or
 * disk would.
 *
 *     REFUSE=memory|open|write|fsync|rename  REFUSE_CALL=17  REFUSE_FROM=liblabelqa
 *     REFUSE_COUNT=FILE gets the number of calls of that kind, written at exit.
 *
 * Memory is refused to the library named only, told by the caller's address: what a foreign library
 * does without memory is its own affair. Files are refused to whoever asks, SQLite and DuckDB
 * included, and only where they can be told from the system's own: not below /proc, /sys, /usr,
 * /lib, /etc, /dev, and no standard stream. REFUSE_ON=1: that call and all after it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

enum kind { NONE, MEMORY, OPEN, WRITE, FSYNC, RENAME };
static const char *const KINDS[] = {"", "memory", "open", "write", "fsync", "rename"};

static struct {
  enum kind kind;
  long call;
  bool on;
  const char *from, *count;
  uintptr_t low, high;
  atomic_long seen;
} refusal;

#define CALLER ((uintptr_t)__builtin_return_address(0))

static int find_code(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size, (void)data;
  for (int k = 0; strstr(info->dlpi_name, refusal.from) && k < info->dlpi_phnum; k++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[k];
    if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
      refusal.low = info->dlpi_addr + part->p_vaddr;
      refusal.high = refusal.low + part->p_memsz;
    }
  }
  return 0;
}

__attribute__((constructor)) static void begin(void) {
  const char *kind = getenv("REFUSE"), *call = getenv("REFUSE_CALL"), *from = getenv("REFUSE_FROM");
  refusal.call = call ? atol(call) : 0;
  refusal.on = getenv("REFUSE_ON") != NULL;
  refusal.from = from ? from : "liblabelqa";
  refusal.count = getenv("REFUSE_COUNT");
  dl_iterate_phdr(find_code, NULL);
  for (int k = MEMORY; kind && k <= RENAME; k++) {
    if (strcmp(kind, KINDS[k]) == 0) {
      refusal.kind = (enum kind)k;
    }
  }
}

__attribute__((destructor)) static void end(void) {
  char text[32];
  refusal.kind = NONE;
  int size = snprintf(text, sizeof text, "%ld\n", (long)refusal.seen);
  int file = refusal.count ? open(refusal.count, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
  if (file >= 0) {
    (void)!write(file, text, (size_t)size);
    close(file);
  }
}

static bool is_refused(enum kind kind, int why) {
  if (refusal.kind != kind) {
    return false;
  }
  long seen = atomic_fetch_add(&refusal.seen, 1) + 1;
  bool refused = refusal.call > 0 && (refusal.on ? seen >= refusal.call : seen == refusal.call);
  if (refused) {
    errno = why;
  }
  return refused;
}

static bool is_out_of_memory(uintptr_t caller) {
  return caller >= refusal.low && caller < refusal.high && is_refused(MEMORY, ENOMEM);
}

void *malloc(size_t bytes) {
  return is_out_of_memory(CALLER) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes) {
  return is_out_of_memory(CALLER) ? NULL : __libc_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes) {
  return is_out_of_memory(CALLER) ? NULL : __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  return is_out_of_memory(CALLER) ? NULL : __libc_memalign(alignment, bytes);
}

char *strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = is_out_of_memory(CALLER) ? NULL : __libc_malloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t most) {
  size_t size = strnlen(text, most);
  char *copy = is_out_of_memory(CALLER) ? NULL : __libc_malloc(size + 1);
  if (copy) {
    memcpy(copy, text, size);
    copy[size] = '\0';
  }
  return copy;
}

/* ---- files ---- */

static bool is_ours(const char *path) {
  static const char *const theirs[] = {"/proc/", "/sys/", "/usr/", "/lib", "/etc/", "/dev/"};
  for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
    if (strncmp(path, theirs[i], strlen(theirs[i])) == 0) {
      return false;
    }
  }
  return strstr(path, ".so") == NULL;
}

static void *next(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

static int open_next(const char *name, const char *path, int flags, mode_t mode) {
  union {
    void *found;
    int (*call)(const char *, int, ...);
  } real = {next(name)};
  return is_ours(path) && is_refused(OPEN, EMFILE) ? -1 : real.call(path, flags, mode);
}

#define OPEN_AS(name)                                                       \
  int name(const char *path, int flags, ...) {                              \
    va_list list;                                                           \
    va_start(list, flags);                                                  \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                           \
    return open_next(#name, path, flags, mode);                             \
  }
OPEN_AS(open)
OPEN_AS(open64)

FILE *fopen(const char *path, const char *mode) {
  union {
    void *found;
    FILE *(*call)(const char *, const char *);
  } real = {next("fopen")};
  return is_ours(path) && is_refused(OPEN, EMFILE) ? NULL : real.call(path, mode);
}

static bool is_full(int file) {
  return file > 2 && is_refused(WRITE, ENOSPC);
}

ssize_t write(int file, const void *data, size_t size) {
  union {
    void *found;
    ssize_t (*call)(int, const void *, size_t);
  } real = {next("write")};
  return is_full(file) ? -1 : real.call(file, data, size);
}

#define PWRITE_AS(name, offset_type)                                      \
  ssize_t name(int file, const void *data, size_t size, offset_type at) { \
    union {                                                               \
      void *found;                                                        \
      ssize_t (*call)(int, const void *, size_t, offset_type);            \
    } real = {next(#name)};                                               \
    return is_full(file) ? -1 : real.call(file, data, size, at);          \
  }
PWRITE_AS(pwrite, off_t)
PWRITE_AS(pwrite64, off64_t)

#define SYNC_AS(name)                                     \
  int name(int file) {                                    \
    union {                                               \
      void *found;                                        \
      int (*call)(int);                                   \
    } real = {next(#name)};                               \
    return is_refused(FSYNC, EIO) ? -1 : real.call(file); \
  }
SYNC_AS(fsync)
SYNC_AS(fdatasync)

int rename(const char *from, const char *to) {
  union {
    void *found;
    int (*call)(const char *, const char *);
  } real = {next("rename")};
  return is_refused(RENAME, EIO) ? -1 : real.call(from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  union {
    void *found;
    int (*call)(int, const char *, int, const char *, unsigned);
  } real = {next("renameat2")};
  return is_refused(RENAME, EIO) ? -1 : real.call(from_folder, from, to_folder, to, flags);
}
