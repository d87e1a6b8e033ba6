/*
 * Fails the n-th write or sync of a store's data file with an error of the operating system.
 *
 * DML_FAULT_CALL   write (also changes of the size) | grow (writes past the end of the file only) | sync
 * DML_FAULT_NTH    1 for the first
 * DML_FAULT_ERRNO  number of the error
 * DML_FAULT_STICKY 1: every later call fails too
 *
 * Only descriptors whose file is named data.mdb count. On its first failure it writes a line to standard error.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long passed = 0;

static int is_data_file(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 8) return 0;
  path[length] = 0;
  return strcmp(path + length - 8, "data.mdb") == 0;
}

static int fails(const char *call, int descriptor) {
  const char *wanted = getenv("DML_FAULT_CALL");
  if (wanted == NULL || strcmp(wanted, call) != 0) return 0;
  if (descriptor >= 0 && !is_data_file(descriptor)) return 0;
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

static int write_fails(int descriptor, off_t at, size_t size) {
  struct stat status;
  if (getenv("DML_FAULT_CALL") == NULL || !is_data_file(descriptor)) return 0;
  if (fails("write", descriptor)) return 1;
  return fstat(descriptor, &status) == 0 && at + (off_t)size > status.st_size && fails("grow", descriptor);
}

static size_t total(const struct iovec *parts, int count) {
  size_t size = 0;
  for (int index = 0; index < count; index++) size += parts[index].iov_len;
  return size;
}

#define NEXT(type, name) static type next; if (!next) next = (type)dlsym(RTLD_NEXT, name)

typedef ssize_t (*write_at)(int, const void *, size_t, off_t);
typedef ssize_t (*write_here)(int, const void *, size_t);
typedef ssize_t (*write_many)(int, const struct iovec *, int, off_t);
typedef ssize_t (*write_many_here)(int, const struct iovec *, int);
typedef int (*resize)(int, off_t);
typedef int (*sync_one)(int);
typedef int (*sync_map)(void *, size_t, int);

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  NEXT(write_at, "pwrite");
  return write_fails(fd, at, size) ? -1 : next(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) {
  NEXT(write_at, "pwrite64");
  return write_fails(fd, at, size) ? -1 : next(fd, bytes, size, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  NEXT(write_many, "pwritev");
  return write_fails(fd, at, total(parts, count)) ? -1 : next(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
  NEXT(write_many, "pwritev64");
  return write_fails(fd, at, total(parts, count)) ? -1 : next(fd, parts, count, at);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  NEXT(write_here, "write");
  return write_fails(fd, lseek(fd, 0, SEEK_CUR), size) ? -1 : next(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  NEXT(write_many_here, "writev");
  return write_fails(fd, lseek(fd, 0, SEEK_CUR), total(parts, count)) ? -1 : next(fd, parts, count);
}

int ftruncate(int fd, off_t size) {
  NEXT(resize, "ftruncate");
  return fails("write", fd) ? -1 : next(fd, size);
}

int ftruncate64(int fd, off_t size) {
  NEXT(resize, "ftruncate64");
  return fails("write", fd) ? -1 : next(fd, size);
}

int fsync(int fd) {
  NEXT(sync_one, "fsync");
  return fails("sync", fd) ? -1 : next(fd);
}

int fdatasync(int fd) {
  NEXT(sync_one, "fdatasync");
  return fails("sync", fd) ? -1 : next(fd);
}

int msync(void *address, size_t size, int flags) {
  NEXT(sync_map, "msync");
  return fails("sync", -1) ? -1 : next(address, size, flags);
}
