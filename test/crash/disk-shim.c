/*
 * Stands between one process and the disk (LD_PRELOAD), for files at or below CRASH_PREFIX:
 *
 * - fails the n-th call that changes the disk, as CRASH_CONTROL (20 bytes of shared memory) says;
 * - writes every call that changed the disk to CRASH_JOURNAL, in the order in which they took effect.
 *
 * LevelDB 1.20 writes through stdio, whose own calls cannot be intercepted. So files that are opened for writing
 * below the prefix get a stream of ours (fopencookie) with the same buffer size.
 *
 * Layouts are read and written by disk-shim.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536
#define STREAMS_MAX 256
/* What stdio takes for a file on ext4. */
#define STREAM_BUFFER_BYTES 4096

enum kind { OPEN = 1, WRITE, SYNC, TRUNCATE, RENAME, UNLINK, MAKE_FOLDER, REMOVE_FOLDER };
enum flag { CREATED = 1, TRUNCATED = 2, FOLDER = 4 };
enum mode { ONCE = 1, STAYS, SHORT };

struct control {
  int32_t at;     /* which counted call fails, from 1; 0 for none */
  int32_t error;  /* errno of the failure */
  int32_t mode;
  int32_t count;  /* calls counted since the test armed this */
  int32_t fired;  /* failures made */
};

struct entry {
  uint8_t kind, flags;
  uint16_t path_bytes;
  uint32_t data_bytes;
  uint64_t inode, offset;
};

/* What a descriptor was opened as. Forgotten when it is closed, but never freed, since others may be reading. */
struct descriptor {
  uint64_t inode, device;
  int is_folder;
  char path[]; /* relative to the prefix */
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct descriptor *descriptors[DESCRIPTORS_MAX];
static struct {
  FILE *stream;
  int fd;
  char buffer[STREAM_BUFFER_BYTES];
} streams[STREAMS_MAX];
static const char *prefix;
static size_t prefix_bytes;
static struct control *control;
static int journal = -1;

/* Others may open files before a constructor of ours would run: whoever comes first sets up. */
static pthread_once_t is_set_up = PTHREAD_ONCE_INIT;

static void die(const char *why) {
  fprintf(stderr, "disk-shim: %s\n", why);
  abort();
}

static void set_up(void) {
  const char *path = getenv("CRASH_PREFIX");
  if (path == NULL || path[0] != '/') return;
  prefix = strdup(path);
  prefix_bytes = strlen(path);
  path = getenv("CRASH_CONTROL");
  if (path != NULL) {
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *shared = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) die("cannot map CRASH_CONTROL");
    control = shared;
  }
  path = getenv("CRASH_JOURNAL");
  if (path == NULL) return;
  journal = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (journal < 0) die("cannot open CRASH_JOURNAL");
}

/* The part of a path below the prefix ("" for the prefix itself), or NULL. */
static const char *below(const char *path) {
  pthread_once(&is_set_up, set_up);
  if (prefix == NULL || path == NULL || strncmp(path, prefix, prefix_bytes) != 0) return NULL;
  if (path[prefix_bytes] == '\0') return path + prefix_bytes;
  return path[prefix_bytes] == '/' ? path + prefix_bytes + 1 : NULL;
}

/* What is known of a descriptor, or NULL when it is none of ours. It may be another file or a socket by now: not every
 * way to close one comes past here. */
static struct descriptor *watched(int fd) {
  struct descriptor *descriptor = fd >= 0 && fd < DESCRIPTORS_MAX ? descriptors[fd] : NULL;
  if (descriptor == NULL) return NULL;
  struct stat info;
  int kept = errno;
  int is_same = fstat(fd, &info) == 0 && info.st_ino == descriptor->inode && info.st_dev == descriptor->device;
  errno = kept;
  return is_same ? descriptor : NULL;
}

static void write_whole(int fd, const void *bytes, size_t count) {
  for (const char *at = bytes; count > 0;) {
    ssize_t written = syscall(SYS_write, fd, at, count);
    if (written < 0 && errno != EINTR) die("the journal cannot be written");
    if (written > 0) at += written, count -= written;
  }
}

static void note(enum kind kind, int flags, uint64_t inode, uint64_t offset, const char *path, const void *data,
                 size_t data_bytes) {
  if (journal < 0) return;
  int kept = errno;
  struct entry entry = {kind, flags, strlen(path), data_bytes, inode, offset};
  write_whole(journal, &entry, sizeof entry);
  write_whole(journal, path, entry.path_bytes);
  write_whole(journal, data, data_bytes);
  errno = kept;
}

/* Counts a call; true when it is one that must fail, with errno set. `is_filling`: a full disk refuses it. */
static int must_fail(int is_filling) {
  if (control == NULL) return 0;
  int count = ++control->count;
  if (control->at == 0 || count < control->at) return 0;
  if (control->mode == STAYS ? control->error == ENOSPC && !is_filling : control->fired > 0) return 0;
  control->fired += 1;
  errno = control->error;
  return 1;
}

static uint64_t inode_at(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 ? info.st_ino : 0;
}

static int open_any(const char *path, int flags, mode_t mode) {
  const char *name = below(path);
  if (name == NULL) {
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  }
  pthread_mutex_lock(&gate);
  int is_new = (flags & O_CREAT) != 0 && inode_at(path) == 0;
  int fd = is_new && must_fail(1) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (fd >= DESCRIPTORS_MAX) die("too many files are open");
  if (fd >= 0) {
    struct stat info;
    if (fstat(fd, &info) != 0) die("fstat failed");
    struct descriptor *descriptor = malloc(sizeof *descriptor + strlen(name) + 1);
    descriptor->inode = info.st_ino;
    descriptor->device = info.st_dev;
    descriptor->is_folder = S_ISDIR(info.st_mode);
    strcpy(descriptor->path, name);
    descriptors[fd] = descriptor;
    int is_truncated = !is_new && (flags & O_TRUNC) != 0;
    if ((flags & O_ACCMODE) != O_RDONLY)
      note(OPEN, (is_new ? CREATED : 0) | (is_truncated ? TRUNCATED : 0), descriptor->inode, 0, name, "", 0);
  }
  pthread_mutex_unlock(&gate);
  return fd;
}

/* libuv closes by a bare system call. An inode may be used again at once, so it is no sign of a new file. */
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (real == NULL) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  long arguments[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i += 1) arguments[i] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_close && arguments[0] >= 0 && arguments[0] < DESCRIPTORS_MAX) descriptors[arguments[0]] = NULL;
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

int close(int fd) { return syscall(SYS_close, fd); }

static mode_t mode_of(int flags, va_list rest) {
  return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_any(path, flags | O_LARGEFILE, mode);
}

/* `offset` is where the bytes go, or -1 for the place of the descriptor. */
static ssize_t write_any(int fd, const void *bytes, size_t count, off_t offset) {
  struct descriptor *descriptor = watched(fd);
  if (descriptor == NULL) {
    return offset < 0 ? syscall(SYS_write, fd, bytes, count) : syscall(SYS_pwrite64, fd, bytes, count, offset);
  }
  pthread_mutex_lock(&gate);
  off_t at = offset;
  if (offset < 0) {
    int is_appending = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
    at = is_appending ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
  }
  int is_failing = must_fail(1);
  int error = errno;
  size_t wanted = !is_failing ? count : control->mode == SHORT ? count / 2 : 0;
  ssize_t written = 0;
  if (wanted > 0) {
    written = offset < 0 ? syscall(SYS_write, fd, bytes, wanted) : syscall(SYS_pwrite64, fd, bytes, wanted, offset);
    if (written > 0) note(WRITE, 0, descriptor->inode, at, "", bytes, written);
  }
  if (is_failing && written > 0) {
    /* A short write says how much was taken; whoever writes the rest meets the error. */
    control->mode = ONCE;
    control->at = control->count + 1;
    control->fired = 0;
  } else if (is_failing) {
    written = -1;
    errno = error;
  }
  pthread_mutex_unlock(&gate);
  return written;
}

ssize_t write(int fd, const void *bytes, size_t count) { return write_any(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return write_any(fd, bytes, count, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  return write_any(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (watched(fd) == NULL) return syscall(SYS_writev, fd, parts, count);
  for (int i = 0; i < count; i += 1) {
    /* Writing less than all is allowed: the caller goes on. */
    if (parts[i].iov_len > 0) return write_any(fd, parts[i].iov_base, parts[i].iov_len, -1);
  }
  return 0;
}

static int sync_any(int fd, long call) {
  struct descriptor *descriptor = watched(fd);
  if (descriptor == NULL) return syscall(call, fd);
  pthread_mutex_lock(&gate);
  int result = must_fail(0) ? -1 : (int)syscall(call, fd);
  if (result == 0)
    note(SYNC, descriptor->is_folder ? FOLDER : 0, descriptor->inode, 0, descriptor->path, "", 0);
  pthread_mutex_unlock(&gate);
  return result;
}

int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

static int truncate_any(int fd, off64_t length) {
  struct descriptor *descriptor = watched(fd);
  if (descriptor == NULL) return syscall(SYS_ftruncate, fd, length);
  pthread_mutex_lock(&gate);
  int result = must_fail(1) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
  if (result == 0) note(TRUNCATE, 0, descriptor->inode, length, "", "", 0);
  pthread_mutex_unlock(&gate);
  return result;
}

int ftruncate(int fd, off_t length) { return truncate_any(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_any(fd, length); }

int rename(const char *from, const char *to) {
  const char *source = below(from), *target = below(to);
  if (source == NULL && target == NULL) return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (source == NULL || target == NULL) die("a rename across the prefix");
  pthread_mutex_lock(&gate);
  uint64_t inode = inode_at(from);
  int result = must_fail(0) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (result == 0) note(RENAME, 0, inode, 0, source, target, strlen(target));
  pthread_mutex_unlock(&gate);
  return result;
}

static int unlink_any(const char *path, int flags) {
  const char *name = below(path);
  if (name == NULL) return syscall(SYS_unlinkat, AT_FDCWD, path, flags);
  pthread_mutex_lock(&gate);
  uint64_t inode = inode_at(path);
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, flags);
  if (result == 0) note(flags & AT_REMOVEDIR ? REMOVE_FOLDER : UNLINK, 0, inode, 0, name, "", 0);
  pthread_mutex_unlock(&gate);
  return result;
}

int unlink(const char *path) { return unlink_any(path, 0); }
int rmdir(const char *path) { return unlink_any(path, AT_REMOVEDIR); }

int mkdir(const char *path, mode_t mode) {
  const char *name = below(path);
  if (name == NULL) return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  pthread_mutex_lock(&gate);
  int is_new = inode_at(path) == 0;
  int result = is_new && must_fail(1) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (result == 0) note(MAKE_FOLDER, 0, inode_at(path), 0, name, "", 0);
  pthread_mutex_unlock(&gate);
  return result;
}

/* Fails, but is not noted: only the folder's lock is linked, and no power cut has to leave that. */
int link(const char *from, const char *to) {
  const char *target = below(to);
  if (target == NULL) return syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_lock(&gate);
  int result = must_fail(1) ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_unlock(&gate);
  return result;
}

/* Writes all, as stdio does for a file; less than `count` is an error, and errno says which. */
static ssize_t stream_write(void *cookie, const char *bytes, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t written = write_any((int)(intptr_t)cookie, bytes + done, count - done, -1);
    if (written < 0) break;
    done += written;
  }
  return done;
}

static int stream_close(void *cookie) {
  int fd = (int)(intptr_t)cookie;
  pthread_mutex_lock(&gate);
  for (int i = 0; i < STREAMS_MAX; i += 1)
    if (streams[i].stream != NULL && streams[i].fd == fd) streams[i].stream = NULL;
  pthread_mutex_unlock(&gate);
  return syscall(SYS_close, fd);
}

static FILE *open_stream(const char *path, const char *mode, const char *symbol) {
  int is_writing = mode[0] == 'w' || mode[0] == 'a';
  if (below(path) == NULL || !is_writing) {
    FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, symbol);
    return real(path, mode);
  }
  if (strchr(mode, '+') != NULL) die("a stream for reading and writing");
  int fd = open_any(path, O_WRONLY | O_CREAT | (mode[0] == 'w' ? O_TRUNC : O_APPEND), 0666);
  if (fd < 0) return NULL;
  cookie_io_functions_t calls = {.write = stream_write, .close = stream_close};
  FILE *stream = fopencookie((void *)(intptr_t)fd, mode[0] == 'w' ? "w" : "a", calls);
  if (stream == NULL) die("no stream");
  pthread_mutex_lock(&gate);
  int place = 0;
  while (place < STREAMS_MAX && streams[place].stream != NULL) place += 1;
  if (place == STREAMS_MAX) die("too many streams are open");
  streams[place].stream = stream;
  streams[place].fd = fd;
  setvbuf(stream, streams[place].buffer, _IOFBF, STREAM_BUFFER_BYTES);
  pthread_mutex_unlock(&gate);
  return stream;
}

FILE *fopen(const char *path, const char *mode) { return open_stream(path, mode, "fopen"); }
FILE *fopen64(const char *path, const char *mode) { return open_stream(path, mode, "fopen64"); }

int fileno(FILE *stream) {
  pthread_mutex_lock(&gate);
  int fd = -1;
  for (int i = 0; i < STREAMS_MAX; i += 1)
    if (streams[i].stream == stream) fd = streams[i].fd;
  pthread_mutex_unlock(&gate);
  if (fd >= 0) return fd;
  int (*real)(FILE *) = (int (*)(FILE *))dlsym(RTLD_NEXT, "fileno");
  return real(stream);
}

/* What this file does not model must not go past it unseen. */
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  if (watched(fd) != NULL) die("pwritev is not modelled");
  return syscall(SYS_pwritev, fd, parts, count, (unsigned long)offset, 0UL);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t count, unsigned flags) {
  if (watched(out) != NULL) die("copy_file_range is not modelled");
  return syscall(SYS_copy_file_range, in, from, out, to, count, flags);
}
ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
  if (watched(out) != NULL) die("sendfile is not modelled");
  return syscall(SYS_sendfile, out, in, offset, count);
}
int truncate(const char *path, off_t length) {
  if (below(path) != NULL) die("truncate is not modelled");
  return syscall(SYS_truncate, path, length);
}
