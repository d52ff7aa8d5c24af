/*
 * Preloaded into the program under test: below one directory, calls answer as on a file system that cannot be mounted here.
 *
 *   PLACE_ROOT   the directory
 *   PLACE_RULES  rules, separated by blanks: CALL[:WHEN][@PART]=ANSWER. PART: only for paths that hold it. ANSWER: an errno; "ignore", which
 *                does nothing and succeeds; or what is said below. places.py has the rules, and where they come from.
 *
 *   rename:exchange rename:noreplace rename:open (of, or onto, a file that this process has open)
 *   link symlink mknod chown:other (to somebody else) chmod times fsync:file fsync:dir syncfs flock open:private (not readable for all) open
 *   read write close status
 *   name        =SET       a new name with one of these characters is EINVAL
 *   size        =BYTES     nothing is written beyond (EFBIG)
 *   clock       =SECONDS   times are multiples of this
 *   fold        =yes       names that differ in case are the same
 *   strip       =yes       names lose dots at their end
 *   unlink:open =silly     a file that this process has open is renamed to .nfs..., and removed when it is closed
 *   lag:status lag:open =BYTES  files of this size are not there, as a share says for some time of what another machine has made
 *   appear      =PART      once something is opened whose path holds PART, the command PLACE_EVENT is run
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define IGNORE (-1)

struct rule {
    char call[32], part[64], answer[64];
};

static struct rule rules[64];
static int count;
static char root[1024], event[2048];
static size_t root_length;
static atomic_int happened;
static __thread int inside;

static struct { dev_t device; ino_t inode; char path[1200]; } silly[256];
static int silly_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void take(const char *name, char *value, size_t size) {
    const char *given = getenv(name);
    snprintf(value, size, "%s", given ? given : "");
    unsetenv(name);
}

/* What the program starts in its turn is not under test. */
__attribute__((constructor)) static void begin(void) {
    static char text[4096];
    unsetenv("LD_PRELOAD");
    take("PLACE_ROOT", root, sizeof root);
    root_length = strlen(root);
    take("PLACE_EVENT", event, sizeof event);
    take("PLACE_RULES", text, sizeof text);
    for (char *rest = text, *one; (one = strsep(&rest, " "));) {
        char *answer = strchr(one, '='), *part;
        if (!answer || count == 64)
            continue;
        *answer++ = 0;
        if ((part = strchr(one, '@')))
            *part++ = 0;
        snprintf(rules[count].call, 32, "%s", one);
        snprintf(rules[count].part, 64, "%s", part ? part : "");
        snprintf(rules[count++].answer, 64, "%s", answer);
    }
}

/* The absolute path of what a call is about, without resolving its last part. */
static void path_of(int directory, const char *path, char *text, size_t size) {
    char link[64];
    ssize_t length;
    text[0] = 0;
    if (path && path[0] == '/') {
        snprintf(text, size, "%s", path);
        return;
    }
    snprintf(link, sizeof link, directory == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", directory);
    length = readlink(link, text, size - 1);
    text[length < 0 ? 0 : length] = 0;
    if (path && path[0] && length > 0)
        snprintf(text + length, size - (size_t)length, "/%s", path);
}

static const char *answer_to(const char *call, int directory, const char *path) {
    char text[1200];
    int saved = errno;
    const char *answer = NULL;
    if (inside)
        return NULL;
    inside = 1;
    text[0] = 0;
    for (int i = 0; i < count && !answer; i++) {
        if (strcmp(rules[i].call, call))
            continue;
        if (!text[0])
            path_of(directory, path, text, sizeof text);
        if (!strncmp(text, root, root_length) && strstr(text, rules[i].part))
            answer = rules[i].answer;
    }
    inside = 0;
    errno = saved;
    return answer;
}

/* 0: the call happens; else it does not, and errno is set, or it is only said to have. */
static int fails(const char *call, int directory, const char *path) {
    const char *answer = answer_to(call, directory, path);
    if (!answer)
        return 0;
    if (!strcmp(answer, "ignore"))
        return IGNORE;
    errno = atoi(answer);
    return 1;
}

#define FAIL_IF(call, directory, path) \
    do { \
        int fate = fails(call, directory, path); \
        if (fate) \
            return fate == IGNORE ? 0 : -1; \
    } while (0)

/* Whether this process has a file open. */
static int is_open(int directory, const char *path, dev_t *device, ino_t *inode) {
    struct stat file, other;
    int found = 0, saved = errno;
    DIR *open;
    struct dirent *entry;
    inside++;
    if (!fstatat(directory, path, &file, AT_SYMLINK_NOFOLLOW) && S_ISREG(file.st_mode) && (open = opendir("/proc/self/fd"))) {
        while (!found && (entry = readdir(open)))
            found = !fstat(atoi(entry->d_name), &other) && entry->d_name[0] != '.' && other.st_dev == file.st_dev && other.st_ino == file.st_ino;
        closedir(open);
        if (found && device)
            *device = file.st_dev, *inode = file.st_ino;
    }
    inside--;
    errno = saved;
    return found;
}

/* Without dots at the end of its name. */
static void strip(char *path) {
    char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (strcmp(name, ".") && strcmp(name, ".."))
        while (length > 1 && name[length - 1] == '.')
            name[--length] = '\0';
}

/* The name that is there and differs in case only, or in dots at its end; the name itself if there is none. */
static const char *folded(int directory, const char *path, char *text, size_t size) {
    const char *slash, *name;
    struct stat status;
    char above[1200];
    int saved = errno, fd;
    DIR *listed;
    struct dirent *entry;
    if (answer_to("strip", directory, path)) {
        snprintf(text, size, "%s", path);
        strip(text);
        path = text;
    }
    slash = strrchr(path, '/'), name = slash ? slash + 1 : path;
    if (!*name || !answer_to("fold", directory, path))
        return path;
    inside++;
    if (fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW)) {
        snprintf(above, sizeof above, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
        fd = openat(directory, above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        listed = fd < 0 ? NULL : fdopendir(fd);
        while (listed && (entry = readdir(listed)))
            if (!strcasecmp(entry->d_name, name)) {
                snprintf(text, size, "%s%s", slash ? above : "", entry->d_name);
                path = text;
                break;
            }
        if (listed)
            closedir(listed);
    }
    inside--;
    errno = saved;
    return path;
}

#define FOLD(directory, path) \
    char fold_##path[1200]; \
    path = folded(directory, path, fold_##path, sizeof fold_##path)

static int is_bad_name(int directory, const char *path) {
    const char *set = answer_to("name", directory, path), *slash = path ? strrchr(path, '/') : NULL;
    return set && path && strpbrk(slash ? slash + 1 : path, set);
}

#define REFUSE_NAME(directory, path) \
    if (is_bad_name(directory, path)) { \
        errno = EINVAL; \
        return -1; \
    }

static void appear(int directory, const char *path) {
    char text[1200];
    if (inside || !event[0] || atomic_load(&happened))
        return;
    for (int i = 0; i < count; i++) {
        if (strcmp(rules[i].call, "appear"))
            continue;
        inside++;
        path_of(directory, path, text, sizeof text);
        if (strstr(text, rules[i].answer) && !atomic_exchange(&happened, 1) && system(event))
            fprintf(stderr, "places: the command failed\n");
        inside--;
    }
}

/* Whether a file is one that another machine has made, of which a share does not tell yet. */
static int lags(const char *call, int directory, const char *path) {
    const char *bytes = answer_to(call, directory, path);
    struct stat status;
    if (!bytes || !path)
        return 0;
    inside++;
    int does = !fstatat(directory, path, &status, 0) && S_ISREG(status.st_mode) && status.st_size == atoi(bytes);
    inside--;
    if (does)
        errno = ENOENT;
    return does;
}

static int opening(int directory, const char *path, int flags) {
    struct stat status;
    int is_private = 0;
    appear(directory, path);
    if (lags("lag:open", directory, path))
        return -1;
    if (answer_to("open:private", directory, path)) {
        inside++;
        is_private = !fstatat(directory, path, &status, 0) && !(status.st_mode & 4);
        inside--;
    }
    if (is_private && fails("open:private", directory, path))
        return -1;
    if ((flags & O_CREAT) && is_bad_name(directory, path)) {
        errno = EINVAL;
        return -1;
    }
    return fails("open", directory, path) ? -1 : 0;
}

#define OPEN(name, directory, ...) \
    mode_t mode = 0; \
    REAL(name); \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    FOLD(directory, path); \
    if (opening(directory, path, flags)) \
        return -1; \
    return real(__VA_ARGS__, flags, mode)

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path); }
int openat(int dir, const char *path, int flags, ...) { OPEN(openat, dir, dir, path); }
int openat64(int dir, const char *path, int flags, ...) { OPEN(openat64, dir, dir, path); }

static int to_open(int d, const char *from, int e, const char *to) { return is_open(d, from, NULL, NULL) || is_open(e, to, NULL, NULL); }

int renameat2(int d, const char *from, int e, const char *to, unsigned flags) {
    REAL(renameat2);
    FOLD(d, from);
    FOLD(e, to);
    REFUSE_NAME(e, to);
    if (flags & RENAME_EXCHANGE)
        FAIL_IF("rename:exchange", e, to);
    if (flags & RENAME_NOREPLACE)
        FAIL_IF("rename:noreplace", e, to);
    if (answer_to("rename:open", e, to) && to_open(d, from, e, to))
        FAIL_IF("rename:open", e, to);
    return real(d, from, e, to, flags);
}
int renameat(int d, const char *from, int e, const char *to) { return renameat2(d, from, e, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int d, const char *from, int e, const char *to, int flags) {
    REAL(linkat);
    FOLD(d, from);
    FOLD(e, to);
    FAIL_IF("link", e, to);
    return real(d, from, e, to, flags);
}
int symlinkat(const char *text, int dir, const char *path) {
    REAL(symlinkat);
    FAIL_IF("symlink", dir, path);
    return real(text, dir, path);
}
int symlink(const char *text, const char *path) { return symlinkat(text, AT_FDCWD, path); }
int mknodat(int dir, const char *path, mode_t mode, dev_t device) {
    REAL(mknodat);
    FAIL_IF("mknod", dir, path);
    return real(dir, path, mode, device);
}
int mkdirat(int dir, const char *path, mode_t mode) {
    REAL(mkdirat);
    FOLD(dir, path);
    REFUSE_NAME(dir, path);
    return real(dir, path, mode);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

static int is_changed(int dir, const char *path, uid_t user, gid_t group) {
    struct stat status;
    inside++;
    int failed = path ? fstatat(dir, path, &status, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) : fstat(dir, &status);
    inside--;
    return !failed && ((user != (uid_t)-1 && user != status.st_uid) || (group != (gid_t)-1 && group != status.st_gid));
}
int fchown(int fd, uid_t user, gid_t group) {
    REAL(fchown);
    if (is_changed(fd, NULL, user, group))
        FAIL_IF("chown:other", fd, NULL);
    return real(fd, user, group);
}
int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags) {
    REAL(fchownat);
    FOLD(dir, path);
    if (is_changed(dir, path, user, group))
        FAIL_IF("chown:other", dir, path);
    return real(dir, path, user, group, flags);
}
int fchmod(int fd, mode_t mode) {
    REAL(fchmod);
    FAIL_IF("chmod", fd, NULL);
    return real(fd, mode);
}
int fchmodat(int dir, const char *path, mode_t mode, int flags) {
    REAL(fchmodat);
    FOLD(dir, path);
    FAIL_IF("chmod", dir, path);
    return real(dir, path, mode, flags);
}
int futimens(int fd, const struct timespec times[2]) {
    REAL(futimens);
    FAIL_IF("times", fd, NULL);
    return real(fd, times);
}
int utimensat(int dir, const char *path, const struct timespec times[2], int flags) {
    REAL(utimensat);
    FOLD(dir, path);
    FAIL_IF("times", dir, path);
    return real(dir, path, times, flags);
}

int fsync(int fd) {
    struct stat status;
    REAL(fsync);
    FAIL_IF(!fstat(fd, &status) && S_ISDIR(status.st_mode) ? "fsync:dir" : "fsync:file", fd, NULL);
    return real(fd);
}
int syncfs(int fd) {
    REAL(syncfs);
    FAIL_IF("syncfs", fd, NULL);
    return real(fd);
}
int flock(int fd, int how) {
    REAL(flock);
    FAIL_IF("flock", fd, NULL);
    return real(fd, how);
}

int unlinkat(int dir, const char *path, int flags) {
    char to[1200], text[1200];
    const char *slash;
    dev_t device;
    ino_t inode;
    REAL(unlinkat);
    FOLD(dir, path);
    if ((flags & AT_REMOVEDIR) || !answer_to("unlink:open", dir, path) || !is_open(dir, path, &device, &inode))
        return real(dir, path, flags);
    inside++;
    path_of(dir, path, text, sizeof text);
    slash = strrchr(text, '/');
    pthread_mutex_lock(&lock);
    snprintf(to, sizeof to, "%.*s/.nfs%016lx%08x", (int)(slash - text), text, (unsigned long)inode, silly_count);
    int result = renameat2(dir, path, AT_FDCWD, to, 0);
    if (!result && silly_count < 256) {
        silly[silly_count].device = device;
        silly[silly_count].inode = inode;
        snprintf(silly[silly_count++].path, sizeof silly[0].path, "%s", to);
    }
    pthread_mutex_unlock(&lock);
    inside--;
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int close(int fd) {
    struct stat status;
    REAL(close);
    int is_there = !inside && silly_count && !fstat(fd, &status);
    int fate = inside ? 0 : fails("close", fd, NULL), saved = errno;
    int result = real(fd);
    for (int i = 0; is_there && i < silly_count; i++)
        if (silly[i].path[0] && silly[i].device == status.st_dev && silly[i].inode == status.st_ino && !is_open(AT_FDCWD, silly[i].path, NULL, NULL)) {
            inside++;
            unlinkat(AT_FDCWD, silly[i].path, 0);
            inside--;
            silly[i].path[0] = 0;
        }
    if (fate > 0) {
        errno = saved;
        return -1;
    }
    return result;
}

static int is_too_large(int fd, off_t end) {
    const char *most = answer_to("size", fd, NULL);
    if (!most || end <= atoll(most))
        return 0;
    errno = EFBIG;
    return 1;
}
ssize_t write(int fd, const void *buffer, size_t size) {
    REAL(write);
    if (is_too_large(fd, lseek(fd, 0, SEEK_CUR) + (off_t)size))
        return -1;
    FAIL_IF("write", fd, NULL);
    return real(fd, buffer, size);
}
ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset) {
    REAL(pwrite);
    if (is_too_large(fd, offset + (off_t)size))
        return -1;
    FAIL_IF("write", fd, NULL);
    return real(fd, buffer, size, offset);
}
ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t offset) { return pwrite(fd, buffer, size, offset); }
int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return is_too_large(fd, length) ? -1 : real(fd, length);
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }
ssize_t read(int fd, void *buffer, size_t size) {
    REAL(read);
    FAIL_IF("read", fd, NULL);
    return real(fd, buffer, size);
}
ssize_t pread(int fd, void *buffer, size_t size, off_t offset) {
    REAL(pread);
    FAIL_IF("read", fd, NULL);
    return real(fd, buffer, size, offset);
}
ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset) { return pread(fd, buffer, size, offset); }

int statx(int dir, const char *path, int flags, unsigned mask, struct statx *buffer) {
    const char *step;
    REAL(statx);
    FOLD(dir, path);
    FAIL_IF("status", dir, path);
    if (lags("lag:status", dir, path))
        return -1;
    int result = real(dir, path, flags, mask, buffer);
    if (!result && (step = answer_to("clock", dir, path))) {
        buffer->stx_mtime.tv_sec -= buffer->stx_mtime.tv_sec % atoi(step);
        buffer->stx_mtime.tv_nsec = 0;
    }
    return result;
}
