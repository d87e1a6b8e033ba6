/*
 * Fails the n-th write or sync of a store's data file with an error of the operating system, or notes every write to a
 * store's files and to standard output in the order in which they take effect.
 *
 * DML_FAULT_CALL   write (also changes of the size) | grow (writes past the end of the file only) | sync
 * DML_FAULT_NTH    1 for the first
 * DML_FAULT_ERRNO  number of the error
 * DML_FAULT_STICKY 1: every later call fails too
 * DML_WRITE_LOG    path of the log; nothing may fail then
 *
 * On its first failure it writes a line to standard error. An entry of the log: what (1 byte: d data.mdb, s stamp,
 * o standard output, t new size of data.mdb), offset and length (8 bytes each, of the machine's order), then the
 * bytes, none for a new size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(type, name) static type next; if (!next) next = (type)dlsym(RTLD_NEXT, name)

typedef ssize_t (*write_at)(int, const void *, size_t, off_t);
typedef ssize_t (*write_here)(int, const void *, size_t);
typedef ssize_t (*write_many)(int, const struct iovec *, int, off_t);
typedef ssize_t (*write_many_here)(int, const struct iovec *, int);
typedef int (*resize)(int, off_t);
typedef int (*sync_one)(int);
typedef int (*sync_map)(void *, size_t, int);

static long passed = 0;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;

/* The letter of the log for what a descriptor leads to; 0 for every other file. */
static char kind_of(int descriptor) {
  char link[64], path[4096];
  if (descriptor == 1) return 'o';
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 8) return 0;
  path[length] = 0;
  if (strcmp(path + length - 8, "data.mdb") == 0) return 'd';
  return strcmp(path + length - 6, "/stamp") == 0 ? 's' : 0;
}

static int fails(const char *call, int descriptor) {
  const char *wanted = getenv("DML_FAULT_CALL");
  if (wanted == NULL || strcmp(wanted, call) != 0) return 0;
  if (descriptor >= 0 && kind_of(descriptor) != 'd') return 0;
  long nth = atol(getenv("DML_FAULT_NTH"));
  long now = __sync_add_and_fetch(&passed, 1);
  int sticky = getenv("DML_FAULT_STICKY") != NULL;
  if (now != nth && !(sticky && now > nth)) return 0;
  if (now == nth) {
    const char line[] = "fault injected\n";
    ssize_t written = write(2, line, sizeof line - 1);
    (void)written;
  }
  errno = atoi(getenv("DML_FAULT_ERRNO"));
  return 1;
}

static size_t total(const struct iovec *parts, int count) {
  size_t size = 0;
  for (int index = 0; index < count; index++) size += parts[index].iov_len;
  return size;
}

static off_t here(int fd) { return kind_of(fd) == 'o' ? 0 : lseek(fd, 0, SEEK_CUR); }

static int write_fails(int fd, off_t at, size_t size) {
  struct stat status;
  if (getenv("DML_FAULT_CALL") == NULL || kind_of(fd) != 'd') return 0;
  if (fails("write", fd)) return 1;
  return fstat(fd, &status) == 0 && at + (off_t)size > status.st_size && fails("grow", fd);
}

static void put(const void *bytes, size_t size) {
  NEXT(write_here, "write");
  if (next(log_file, bytes, size) != (ssize_t)size) abort();
}

static void begin(char kind, off_t at, size_t size) {
  int64_t numbers[2] = {at, (int64_t)size};
  if (log_file < 0) log_file = open(getenv("DML_WRITE_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  put(&kind, 1);
  put(numbers, sizeof numbers);
}

/* Only what was written in full is an entry: nothing fails while there is a log. */
static void note(char kind, off_t at, const struct iovec *parts, int count, ssize_t written) {
  if (written < 0) return;
  if ((size_t)written != total(parts, count)) abort();
  begin(kind, at, (size_t)written);
  for (int index = 0; index < count; index++) put(parts[index].iov_base, parts[index].iov_len);
}

static int is_logged(int descriptor, char *kind) {
  *kind = getenv("DML_WRITE_LOG") == NULL ? 0 : kind_of(descriptor);
  return *kind != 0;
}

#define WATCHED(call, fd, at, parts, count)                             \
  char kind;                                                            \
  if (write_fails(fd, at, total(parts, count))) return -1;              \
  if (!is_logged(fd, &kind)) return call;                               \
  pthread_mutex_lock(&order);                                           \
  off_t from = at;                                                      \
  ssize_t written = call;                                               \
  note(kind, from, parts, count, written);                              \
  pthread_mutex_unlock(&order);                                         \
  return written

#define PWRITE(name)                                                    \
  ssize_t name(int fd, const void *bytes, size_t size, off_t at) {      \
    NEXT(write_at, #name);                                              \
    struct iovec part = {(void *)bytes, size};                          \
    WATCHED(next(fd, bytes, size, at), fd, at, &part, 1);               \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name)                                                   \
  ssize_t name(int fd, const struct iovec *parts, int count, off_t at) { \
    NEXT(write_many, #name);                                            \
    WATCHED(next(fd, parts, count, at), fd, at, parts, count);          \
  }
PWRITEV(pwritev)
PWRITEV(pwritev64)

ssize_t write(int fd, const void *bytes, size_t size) {
  NEXT(write_here, "write");
  struct iovec part = {(void *)bytes, size};
  WATCHED(next(fd, bytes, size), fd, here(fd), &part, 1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  NEXT(write_many_here, "writev");
  WATCHED(next(fd, parts, count), fd, here(fd), parts, count);
}

static int sized(int fd, off_t size, int result) {
  char kind;
  if (result == 0 && is_logged(fd, &kind) && kind == 'd') {
    pthread_mutex_lock(&order);
    begin('t', size, 0);
    pthread_mutex_unlock(&order);
  }
  return result;
}

#define FTRUNCATE(name)                                                 \
  int name(int fd, off_t size) {                                        \
    NEXT(resize, #name);                                                \
    return fails("write", fd) ? -1 : sized(fd, size, next(fd, size));   \
  }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define SYNC(name)                                                      \
  int name(int fd) {                                                    \
    NEXT(sync_one, #name);                                              \
    return fails("sync", fd) ? -1 : next(fd);                           \
  }
SYNC(fsync)
SYNC(fdatasync)

int msync(void *address, size_t size, int flags) {
  NEXT(sync_map, "msync");
  return fails("sync", -1) ? -1 : next(address, size, flags);
}
