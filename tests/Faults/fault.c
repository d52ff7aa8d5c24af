/*
 * Preloaded into the program under test: counts the calls by which it changes files, over all threads, and lets the n-th one
 * go wrong. strace counts for each thread by itself and cannot write half of a buffer; otherwise this is its injection.
 *
 *   FAULT_ROOT     only calls on files below this directory count
 *   FAULT_CLASSES  sum of the classes below that count
 *   FAULT_AT       which call, from 1; 0 for none
 *   FAULT_KIND     kill (before the call), torn (after half of a write, or after the call), short (half of a write),
 *                  or an errno that the call fails with
 *   FAULT_STICKY   if set, all later calls fail too
 *   FAULT_LOG      a file of at least 4096 bytes: the count so far, then what the call was
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN_READ = 1, OPEN_WRITE = 2, WRITE = 4, SYNC = 8, NAME = 16, REMOVE = 32, META = 64, SIZE = 128, READ = 256 };
enum { FINE, FAIL, HALF, HALF_AND_KILL };

struct record {
    atomic_long count;
    atomic_int hit;
    char what[1024];
};

static char root[1024];
static size_t root_length;
static long at;
static int classes, number, sticky, is_kill, is_torn, is_short;
static struct record *record;
static __thread int inside;

static void take(const char *name, char *value, size_t size) {
    const char *given = getenv(name);
    snprintf(value, size, "%s", given ? given : "");
    unsetenv(name);
}

/* What the program starts in its turn is not under test. */
__attribute__((constructor)) static void begin(void) {
    char text[1024];
    unsetenv("LD_PRELOAD");
    take("FAULT_ROOT", root, sizeof root);
    root_length = strlen(root);
    take("FAULT_CLASSES", text, sizeof text);
    classes = atoi(text);
    take("FAULT_AT", text, sizeof text);
    at = atol(text);
    take("FAULT_KIND", text, sizeof text);
    is_kill = !strcmp(text, "kill");
    is_torn = !strcmp(text, "torn");
    is_short = !strcmp(text, "short");
    number = atoi(text);
    take("FAULT_STICKY", text, sizeof text);
    sticky = text[0] != 0;
    take("FAULT_LOG", text, sizeof text);
    int log = open(text, O_RDWR | O_CLOEXEC);
    void *shared = log < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, log, 0);
    if (shared == MAP_FAILED) {
        fprintf(stderr, "fault: FAULT_LOG cannot be mapped\n");
        _exit(99);
    }
    close(log);
    record = shared;
}

/* The absolute path of what a call is about, without resolving its last part. */
static void path_of(int directory, const char *path, char *text, size_t size) {
    char link[64];
    ssize_t length = 0;
    text[0] = 0;
    if (path && path[0] == '/') {
        snprintf(text, size, "%s", path);
        return;
    }
    if (directory == AT_FDCWD)
        length = readlink("/proc/self/cwd", text, size - 1);
    else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        length = readlink(link, text, size - 1);
    }
    text[length < 0 ? 0 : length] = 0;
    if (path && path[0] && length > 0)
        snprintf(text + length, size - (size_t)length, "/%s", path);
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* What is to happen to a call; sets errno if it is to fail. */
static int decide(int class, const char *call, int directory, const char *path) {
    if (!(classes & class) || inside || !record)
        return FINE;
    int saved = errno;
    char text[900];
    inside = 1;
    path_of(directory, path, text, sizeof text);
    inside = 0;
    errno = saved;
    if (strncmp(text, root, root_length))
        return FINE;
    long mine = atomic_fetch_add(&record->count, 1) + 1;
    if (at == 0 || mine < at || (mine > at && !sticky))
        return FINE;
    if (!atomic_exchange(&record->hit, 1))
        snprintf(record->what, sizeof record->what, "%s %s", call, text);
    if (is_kill)
        die();
    if (is_torn)
        return HALF_AND_KILL;
    if (is_short)
        return HALF;
    errno = number;
    return FAIL;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* A call that either happens or does not. */
#define WHOLE(class, name, directory, path, ...) \
    do { \
        REAL(name); \
        int fate = decide(class, #name, directory, path); \
        if (fate == FAIL) \
            return -1; \
        __typeof__(real(__VA_ARGS__)) result = real(__VA_ARGS__); \
        if (fate == HALF_AND_KILL) \
            die(); \
        return result; \
    } while (0)

static int class_of_open(int flags) { return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) ? OPEN_WRITE : OPEN_READ; }

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { MODE WHOLE(class_of_open(flags), open, AT_FDCWD, path, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE WHOLE(class_of_open(flags), open64, AT_FDCWD, path, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE WHOLE(class_of_open(flags), openat, dir, path, dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE WHOLE(class_of_open(flags), openat64, dir, path, dir, path, flags, mode); }

#define SOME(class, name, fd, buffer, count, ...) \
    do { \
        REAL(name); \
        int fate = decide(class, #name, fd, NULL); \
        if (fate == FAIL) \
            return -1; \
        if (fate != FINE && count > 1) \
            count /= 2; \
        ssize_t result = real(fd, buffer, count __VA_ARGS__); \
        if (fate == HALF_AND_KILL) \
            die(); \
        return result; \
    } while (0)

ssize_t write(int fd, const void *buffer, size_t count) { SOME(WRITE, write, fd, buffer, count, ); }
#define COMMA ,
ssize_t pwrite(int fd, const void *buffer, size_t count, off_t offset) { SOME(WRITE, pwrite, fd, buffer, count, COMMA offset); }
ssize_t pwrite64(int fd, const void *buffer, size_t count, off64_t offset) { SOME(WRITE, pwrite64, fd, buffer, count, COMMA offset); }
ssize_t read(int fd, void *buffer, size_t count) { SOME(READ, read, fd, buffer, count, ); }
ssize_t pread(int fd, void *buffer, size_t count, off_t offset) { SOME(READ, pread, fd, buffer, count, COMMA offset); }
ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) { SOME(READ, pread64, fd, buffer, count, COMMA offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) { WHOLE(WRITE, writev, fd, NULL, fd, parts, count); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { WHOLE(WRITE, pwritev, fd, NULL, fd, parts, count, offset); }

int fsync(int fd) { WHOLE(SYNC, fsync, fd, NULL, fd); }
int fdatasync(int fd) { WHOLE(SYNC, fdatasync, fd, NULL, fd); }
int syncfs(int fd) { WHOLE(SYNC, syncfs, fd, NULL, fd); }

int rename(const char *from, const char *to) { WHOLE(NAME, rename, AT_FDCWD, to, from, to); }
int renameat(int d, const char *from, int e, const char *to) { WHOLE(NAME, renameat, e, to, d, from, e, to); }
int renameat2(int d, const char *from, int e, const char *to, unsigned flags) { WHOLE(NAME, renameat2, e, to, d, from, e, to, flags); }
int link(const char *from, const char *to) { WHOLE(NAME, link, AT_FDCWD, to, from, to); }
int linkat(int d, const char *from, int e, const char *to, int flags) { WHOLE(NAME, linkat, e, to, d, from, e, to, flags); }
int symlink(const char *text, const char *path) { WHOLE(NAME, symlink, AT_FDCWD, path, text, path); }
int symlinkat(const char *text, int dir, const char *path) { WHOLE(NAME, symlinkat, dir, path, text, dir, path); }
int mkdir(const char *path, mode_t mode) { WHOLE(NAME, mkdir, AT_FDCWD, path, path, mode); }
int mkdirat(int dir, const char *path, mode_t mode) { WHOLE(NAME, mkdirat, dir, path, dir, path, mode); }
int unlink(const char *path) { WHOLE(REMOVE, unlink, AT_FDCWD, path, path); }
int unlinkat(int dir, const char *path, int flags) { WHOLE(REMOVE, unlinkat, dir, path, dir, path, flags); }
int rmdir(const char *path) { WHOLE(REMOVE, rmdir, AT_FDCWD, path, path); }

int fchmod(int fd, mode_t mode) { WHOLE(META, fchmod, fd, NULL, fd, mode); }
int fchmodat(int dir, const char *path, mode_t mode, int flags) { WHOLE(META, fchmodat, dir, path, dir, path, mode, flags); }
int fchown(int fd, uid_t user, gid_t group) { WHOLE(META, fchown, fd, NULL, fd, user, group); }
int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags) { WHOLE(META, fchownat, dir, path, dir, path, user, group, flags); }
int futimens(int fd, const struct timespec times[2]) { WHOLE(META, futimens, fd, NULL, fd, times); }
int utimensat(int dir, const char *path, const struct timespec times[2], int flags) { WHOLE(META, utimensat, dir, path, dir, path, times, flags); }

/* Making a file shorter needs no space; SQLite deletes a log whose -shm it cannot shorten. */
static int grows(int fd, off64_t length) {
    struct stat64 status;
    return number != ENOSPC || fstat64(fd, &status) || length > status.st_size;
}

int ftruncate(int fd, off_t length) { WHOLE(grows(fd, length) ? SIZE : 0, ftruncate, fd, NULL, fd, length); }
int ftruncate64(int fd, off64_t length) { WHOLE(grows(fd, length) ? SIZE : 0, ftruncate64, fd, NULL, fd, length); }
int fallocate(int fd, int mode, off_t offset, off_t length) { WHOLE(SIZE, fallocate, fd, NULL, fd, mode, offset, length); }
