/*
 * Refuses the n-th call of one kind on one of a store's files, and logs all calls on them.
 *
 * DML_CALL       open | mmap | fcntl | lseek | ftruncate | pread | pwrite | fdatasync | fstat
 * DML_CALL_FILE  data.mdb | lock.mdb
 * DML_CALL_NTH   1 for the first, 0 for none
 * DML_CALL_ERRNO number of the error
 * DML_CALL_LOG   a file that gets one line for each call: kind, file, and "refused" for the one that was
 *
 * For machines without strace; calls that do not go through the C library are not seen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long passed = 0;

#define NEXT(type, name) static type next; if (!next) next = (type)dlsym(RTLD_NEXT, name)

typedef int (*open_file)(const char *, int, ...);
typedef int (*open_at)(int, const char *, int, ...);
typedef void *(*map)(void *, size_t, int, int, int, off_t);
typedef int (*control)(int, int, ...);
typedef off_t (*seek)(int, off_t, int);
typedef int (*resize)(int, off_t);
typedef ssize_t (*read_at)(int, void *, size_t, off_t);
typedef ssize_t (*write_at)(int, const void *, size_t, off_t);
typedef ssize_t (*write_many)(int, const struct iovec *, int);
typedef int (*sync_one)(int);
typedef int (*look)(int, struct stat *);
typedef int (*look64)(int, struct stat64 *);
typedef int (*old_look64)(int, int, struct stat64 *);

static int ends_with(const char *path, const char *end) {
  size_t length = strlen(path), tail = strlen(end);
  return length >= tail && strcmp(path + length - tail, end) == 0;
}

static const char *const FILES[] = {"data.mdb", "lock.mdb"};

/* The store's file that a path or descriptor is; NULL for every other. */
static const char *file_of(const char *path, int descriptor) {
  char link[64], target[4096];
  if (path == NULL) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length <= 0) return NULL;
    target[length] = 0;
    path = target;
  }
  for (size_t index = 0; index < sizeof FILES / sizeof *FILES; index++)
    if (ends_with(path, FILES[index])) return FILES[index];
  return NULL;
}

static void note(const char *call, const char *file, int is_refused) {
  const char *log = getenv("DML_CALL_LOG");
  if (log == NULL) return;
  NEXT(open_file, "open");
  int descriptor = next(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return;
  char line[64];
  int length = snprintf(line, sizeof line, "%s %s%s\n", call, file, is_refused ? " refused" : "");
  ssize_t written = write(descriptor, line, (size_t)length);
  (void)written;
  close(descriptor);
}

static int refused(const char *call, const char *path, int descriptor) {
  const char *wanted = getenv("DML_CALL"), *wanted_file = getenv("DML_CALL_FILE");
  if (wanted == NULL || wanted_file == NULL) return 0;
  const char *file = file_of(path, descriptor);
  if (file == NULL) return 0;
  int is_refused = 0;
  if (strcmp(wanted, call) == 0 && strcmp(wanted_file, file) == 0)
    is_refused = __sync_add_and_fetch(&passed, 1) == atol(getenv("DML_CALL_NTH"));
  note(call, file, is_refused);
  if (is_refused) errno = atoi(getenv("DML_CALL_ERRNO"));
  return is_refused;
}

static mode_t mode_of(int flags, va_list args) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    NEXT(open_file, #name); \
    va_list args; \
    va_start(args, flags); \
    mode_t mode = mode_of(flags, args); \
    va_end(args); \
    return refused("open", path, -1) ? -1 : next(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    NEXT(open_at, #name); \
    va_list args; \
    va_start(args, flags); \
    mode_t mode = mode_of(flags, args); \
    va_end(args); \
    return refused("open", path, -1) ? -1 : next(folder, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

#define MMAP(name) \
  void *name(void *at, size_t size, int protection, int flags, int fd, off_t offset) { \
    NEXT(map, #name); \
    return fd >= 0 && refused("mmap", NULL, fd) ? MAP_FAILED : next(at, size, protection, flags, fd, offset); \
  }
MMAP(mmap)
MMAP(mmap64)

#define FCNTL(name) \
  int name(int fd, int command, ...) { \
    NEXT(control, #name); \
    va_list args; \
    va_start(args, command); \
    void *argument = va_arg(args, void *); \
    va_end(args); \
    int is_lock = command == F_SETLK || command == F_SETLKW || command == F_GETLK; \
    return is_lock && refused("fcntl", NULL, fd) ? -1 : next(fd, command, argument); \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

#define LSEEK(name) \
  off_t name(int fd, off_t offset, int from) { \
    NEXT(seek, #name); \
    return refused("lseek", NULL, fd) ? -1 : next(fd, offset, from); \
  }
LSEEK(lseek)
LSEEK(lseek64)

#define FTRUNCATE(name) \
  int name(int fd, off_t size) { \
    NEXT(resize, #name); \
    return refused("ftruncate", NULL, fd) ? -1 : next(fd, size); \
  }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define PREAD(name) \
  ssize_t name(int fd, void *bytes, size_t size, off_t at) { \
    NEXT(read_at, #name); \
    return refused("pread", NULL, fd) ? -1 : next(fd, bytes, size, at); \
  }
PREAD(pread)
PREAD(pread64)

#define PWRITE(name) \
  ssize_t name(int fd, const void *bytes, size_t size, off_t at) { \
    NEXT(write_at, #name); \
    return refused("pwrite", NULL, fd) ? -1 : next(fd, bytes, size, at); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t writev(int fd, const struct iovec *parts, int count) {
  NEXT(write_many, "writev");
  return refused("pwrite", NULL, fd) ? -1 : next(fd, parts, count);
}

#define SYNC(name) \
  int name(int fd) { \
    NEXT(sync_one, #name); \
    return refused("fdatasync", NULL, fd) ? -1 : next(fd); \
  }
SYNC(fsync)
SYNC(fdatasync)

int fstat(int fd, struct stat *found) {
  NEXT(look, "fstat");
  return refused("fstat", NULL, fd) ? -1 : next(fd, found);
}

int fstat64(int fd, struct stat64 *found) {
  NEXT(look64, "fstat64");
  return refused("fstat", NULL, fd) ? -1 : next(fd, found);
}

int __fxstat64(int version, int fd, struct stat64 *found) {
  NEXT(old_look64, "__fxstat64");
  return refused("fstat", NULL, fd) ? -1 : next(version, fd, found);
}
