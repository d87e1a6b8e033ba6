/*
 * Notes every write to a store's files, and to standard output, in the order in which they take effect.
 *
 * DML_WRITE_LOG    path of the log
 *
 * One entry: what (1 byte: d data.mdb, s stamp, o standard output, t new size of data.mdb), offset and length
 * (8 bytes each, of the machine's order), then the bytes, none for a new size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(type, name) static type next; if (!next) next = (type)dlsym(RTLD_NEXT, name)

typedef ssize_t (*write_at)(int, const void *, size_t, off_t);
typedef ssize_t (*write_here)(int, const void *, size_t);
typedef ssize_t (*write_many)(int, const struct iovec *, int, off_t);
typedef ssize_t (*write_many_here)(int, const struct iovec *, int);
typedef int (*resize)(int, off_t);

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;

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

/* Only what was written in full is an entry: the test fails no write. */
static void note(char kind, off_t at, const struct iovec *parts, int count, ssize_t written) {
  size_t size = 0;
  for (int index = 0; index < count; index++) size += parts[index].iov_len;
  if (written < 0) return;
  if ((size_t)written != size) abort();
  begin(kind, at, size);
  for (int index = 0; index < count; index++) put(parts[index].iov_base, parts[index].iov_len);
}

static int is_logged(int descriptor, char *kind) {
  *kind = getenv("DML_WRITE_LOG") == NULL ? 0 : kind_of(descriptor);
  return *kind != 0;
}

#define LOGGED(call, fd, at, parts, count)                \
  char kind;                                              \
  if (!is_logged(fd, &kind)) return call;                 \
  pthread_mutex_lock(&order);                             \
  off_t from = at;                                        \
  ssize_t written = call;                                 \
  note(kind, from, parts, count, written);                \
  pthread_mutex_unlock(&order);                           \
  return written

static off_t here(int fd) { return kind_of(fd) == 'o' ? 0 : lseek(fd, 0, SEEK_CUR); }

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  NEXT(write_at, "pwrite");
  struct iovec part = {(void *)bytes, size};
  LOGGED(next(fd, bytes, size, at), fd, at, &part, 1);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) {
  NEXT(write_at, "pwrite64");
  struct iovec part = {(void *)bytes, size};
  LOGGED(next(fd, bytes, size, at), fd, at, &part, 1);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  NEXT(write_many, "pwritev");
  LOGGED(next(fd, parts, count, at), fd, at, parts, count);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
  NEXT(write_many, "pwritev64");
  LOGGED(next(fd, parts, count, at), fd, at, parts, count);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  NEXT(write_here, "write");
  struct iovec part = {(void *)bytes, size};
  LOGGED(next(fd, bytes, size), fd, here(fd), &part, 1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  NEXT(write_many_here, "writev");
  LOGGED(next(fd, parts, count), fd, here(fd), parts, count);
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

int ftruncate(int fd, off_t size) {
  NEXT(resize, "ftruncate");
  return sized(fd, size, next(fd, size));
}

int ftruncate64(int fd, off_t size) {
  NEXT(resize, "ftruncate64");
  return sized(fd, size, next(fd, size));
}
