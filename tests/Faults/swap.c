/*
 * Runs a program and stops it before each system call that names something below a neighbour's directory, whichever of its processes and
 * threads makes it; before the n-th, does what the neighbour could do at that moment: with the neighbour's own rights, something is moved
 * away and a symlink put in its stead, which leads to the place in a mirror of that directory that is root's. Traced, not preloaded: rclone
 * makes its calls without the C library, and so do parts of the C library itself. Processes that are the neighbour's are not counted.
 *
 *   swap BELOW MIRROR UID AT LEVEL BACK KIND LOG PROGRAM [WORD]...
 *
 *   AT     which call, from 1; 0 for none
 *   LEVEL  what is exchanged: 0 for what the call names, 1 for the directory above it, and so on, but never BELOW itself
 *   BACK   after how many more calls everything is as it was; 0 for never
 *   KIND   link; fifo (in place of a file); kill (of the program, whoever made the call)
 *   LOG    a file: for each call a line with its number, whose it is, what is there (d, f, l, s for special, - for nothing), its name and the
 *          path; "=" and what was done, or "!" and why it could not be
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { CWD = -1, NONE = -2 };

/* Which arguments are a path, and the directory that it begins at. */
static const struct call {
    long number;
    const char *name;
    int directory, path, other_directory, other_path;
} calls[] = {
#define AT_CALL(name, ...) {SYS_##name, #name, __VA_ARGS__}
    AT_CALL(openat, 0, 1, 0, NONE), AT_CALL(openat2, 0, 1, 0, NONE), AT_CALL(newfstatat, 0, 1, 0, NONE), AT_CALL(statx, 0, 1, 0, NONE),
    AT_CALL(faccessat, 0, 1, 0, NONE), AT_CALL(faccessat2, 0, 1, 0, NONE), AT_CALL(readlinkat, 0, 1, 0, NONE), AT_CALL(renameat2, 0, 1, 2, 3),
    AT_CALL(linkat, 0, 1, 2, 3), AT_CALL(symlinkat, 1, 2, 0, NONE), AT_CALL(mkdirat, 0, 1, 0, NONE), AT_CALL(mknodat, 0, 1, 0, NONE),
    AT_CALL(unlinkat, 0, 1, 0, NONE), AT_CALL(fchmodat, 0, 1, 0, NONE), AT_CALL(fchownat, 0, 1, 0, NONE), AT_CALL(utimensat, 0, 1, 0, NONE),
    AT_CALL(truncate, CWD, 0, 0, NONE), AT_CALL(chdir, CWD, 0, 0, NONE), AT_CALL(statfs, CWD, 0, 0, NONE), AT_CALL(execve, CWD, 0, 0, NONE),
    AT_CALL(setxattr, CWD, 0, 0, NONE), AT_CALL(lsetxattr, CWD, 0, 0, NONE), AT_CALL(getxattr, CWD, 0, 0, NONE), AT_CALL(lgetxattr, CWD, 0, 0, NONE),
    AT_CALL(listxattr, CWD, 0, 0, NONE), AT_CALL(llistxattr, CWD, 0, 0, NONE), AT_CALL(removexattr, CWD, 0, 0, NONE),
    AT_CALL(lremovexattr, CWD, 0, 0, NONE),
#ifdef SYS_open /* not on machines that came later */
    AT_CALL(open, CWD, 0, 0, NONE), AT_CALL(creat, CWD, 0, 0, NONE), AT_CALL(stat, CWD, 0, 0, NONE), AT_CALL(lstat, CWD, 0, 0, NONE),
    AT_CALL(access, CWD, 0, 0, NONE), AT_CALL(readlink, CWD, 0, 0, NONE), AT_CALL(rename, CWD, 0, CWD, 1), AT_CALL(renameat, 0, 1, 2, 3),
    AT_CALL(link, CWD, 0, CWD, 1), AT_CALL(symlink, CWD, 1, 0, NONE), AT_CALL(mkdir, CWD, 0, 0, NONE), AT_CALL(mknod, CWD, 0, 0, NONE),
    AT_CALL(unlink, CWD, 0, 0, NONE), AT_CALL(rmdir, CWD, 0, 0, NONE), AT_CALL(chmod, CWD, 0, 0, NONE), AT_CALL(chown, CWD, 0, 0, NONE),
    AT_CALL(lchown, CWD, 0, 0, NONE),
#endif
#ifdef SYS_fchmodat2
    AT_CALL(fchmodat2, 0, 1, 0, NONE),
#endif
};
enum { CALLS = sizeof calls / sizeof *calls };

static const char *below, *mirror, *kind;
static size_t below_length;
static uid_t neighbour;
static long at, level, back, count;
static char place[PATH_MAX], kept[PATH_MAX + 16];
static FILE *record;
static pid_t program;

static void fail(const char *what) {
    fprintf(stderr, "swap: %s: %s\n", what, strerror(errno));
    exit(99);
}

/* Which calls the kernel stops the program at; all others cost nothing. */
static void stop_at_calls(void) {
    static struct sock_filter filter[CALLS + 3];
    int n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS; i++)
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, (unsigned char)(CALLS - i), 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog all = {(unsigned short)n, filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all))
        fail("seccomp");
}

/* A text in the program's memory. */
static int text_of(pid_t process, unsigned long long address, char *text, size_t size) {
    size_t done = 0;
    while (done < size) {
        size_t part = 4096 - (address + done) % 4096;
        struct iovec here = {text + done, part < size - done ? part : size - done}, there = {(void *)(address + done), here.iov_len};
        ssize_t got = process_vm_readv(process, &here, 1, &there, 1, 0);
        if (got <= 0)
            return 0;
        if (memchr(text + done, 0, (size_t)got))
            return 1;
        done += (size_t)got;
    }
    return 0;
}

/* What a call names, absolute, without resolving its last part; also where a descriptor is named by way of /proc. */
static void path_of(pid_t process, int directory, const char *given, char *path) {
    char link[64];
    const char *rest = given;
    int fd;
    path[0] = 0;
    if (!given[0])
        return;
    if (sscanf(given, "/proc/self/fd/%d", &fd) == 1 || sscanf(given, "/proc/thread-self/fd/%d", &fd) == 1) {
        rest = strchr(strstr(given, "/fd/") + 4, '/');
        if (!rest++)
            return;
        directory = fd;
    } else if (given[0] == '/') {
        snprintf(path, PATH_MAX, "%s", given);
        return;
    }
    if (directory == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", process);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", process, directory);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    if (length > 0)
        snprintf(path + length, PATH_MAX - (size_t)length, "/%s", rest);
}

static uid_t user_of(pid_t process) {
    char name[64], line[256];
    unsigned real, effective = (unsigned)-1;
    snprintf(name, sizeof name, "/proc/%d/status", process);
    FILE *status = fopen(name, "re");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Uid: %u %u", &real, &effective) == 2)
            break;
    if (status)
        fclose(status);
    return effective;
}

static void join(char *path, const char *directory, const char *name) {
    if (snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
        path[0] = 0;
}

/* What stands in the mirror for something below the neighbour's directory: the same, or what has a name that is a part of its name, or, of a
 * directory, the nearest that is there. Empty if there is nothing such. */
static void target_of(const char *path, int is_directory, char *target) {
    char rest[PATH_MAX], next[PATH_MAX];
    struct stat status;
    snprintf(target, PATH_MAX, "%s", mirror);
    snprintf(rest, sizeof rest, "%s", path + below_length);
    for (char *left = rest, *name; (name = strsep(&left, "/"));) {
        if (!*name)
            continue;
        join(next, target, name);
        if (lstat(next, &status)) {
            DIR *listed = opendir(target);
            struct dirent *entry;
            next[0] = 0;
            while (listed && (entry = readdir(listed)))
                if (entry->d_name[0] != '.' && strstr(name, entry->d_name)) {
                    join(next, target, entry->d_name);
                    break;
                }
            if (listed)
                closedir(listed);
        }
        if (next[0] && !lstat(next, &status) && (S_ISDIR(status.st_mode) || !left))
            snprintf(target, PATH_MAX, "%s", next);
    }
    if (!is_directory && (lstat(target, &status) || S_ISDIR(status.st_mode)))
        snprintf(target + strlen(target), PATH_MAX - strlen(target), "/secret");
}

/* Runs as the neighbour; what it returns is errno, or 0. */
static int as_neighbour(int (*act)(const char *), const char *argument) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (setgroups(0, NULL) || setresgid(neighbour, neighbour, neighbour) || setresuid(neighbour, neighbour, neighbour))
            _exit(EPERM);
        _exit(act(argument) ? errno & 127 : 0);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WEXITSTATUS(status);
}

static int put(const char *target) {
    struct stat status;
    int is_there = !lstat(place, &status);
    if (is_there && rename(place, kept))
        return -1;
    umask(0);
    if (!strcmp(kind, "fifo") ? mkfifo(place, 0666) : symlink(target, place)) {
        int why = errno;
        if (is_there && rename(kept, place))
            return -1;
        errno = why;
        return -1;
    }
    return 0;
}

static int take_back(const char *target) {
    struct stat status;
    (void)target;
    if (unlink(place))
        return -1;
    return lstat(kept, &status) ? 0 : rename(kept, place);
}

static void act(const char *path) {
    char target[PATH_MAX], *slash;
    struct stat status;
    int why;
    if (!strcmp(kind, "kill")) {
        fprintf(record, "= killed\n");
        kill(program, SIGKILL);
        return;
    }
    snprintf(place, sizeof place, "%s", path);
    for (long i = 0; i < level && (slash = strrchr(place, '/')); i++)
        *slash = 0;
    if (strlen(place) <= below_length) {
        fprintf(record, "! there is nothing so far above\n");
        return;
    }
    int is_there = !lstat(place, &status), is_directory = is_there ? S_ISDIR(status.st_mode) : level > 0;
    if ((!strcmp(kind, "fifo") && is_directory) || (is_there && S_ISLNK(status.st_mode))) {
        fprintf(record, "! not of that kind\n");
        return;
    }
    target_of(place, is_directory, target);
    /* Away from what is listed, if it may go there: only an owner takes a directory to another one. */
    snprintf(kept, sizeof kept, "%s/.pocket/kept", below);
    if ((why = as_neighbour(put, target)) == EACCES || why == ENOENT) {
        snprintf(kept, sizeof kept, "%s.kept", place);
        why = as_neighbour(put, target);
    }
    if (why)
        fprintf(record, "! %s: %s\n", place, strerror(why)), place[0] = 0;
    else
        fprintf(record, "= %s %s -> %s\n", is_there ? "exchanged" : "planted", place, target);
}

/* A path of the program's that is not the neighbour's own business. */
static void met(pid_t process, const char *call, const char *path) {
    if (strncmp(path, below, below_length) || (path[below_length] && path[below_length] != '/'))
        return;
    uid_t user = user_of(process);
    if (strcmp(kind, "kill") && user == neighbour)
        return;
    struct stat status;
    char what = lstat(path, &status) ? '-' : S_ISDIR(status.st_mode) ? 'd' : S_ISREG(status.st_mode) ? 'f' : S_ISLNK(status.st_mode) ? 'l' : 's';
    fprintf(record, "%ld %u %c %s %s\n", ++count, user, what, call, path);
    if (count == at)
        act(path);
    else if (at && back && count == at + back && place[0]) {
        int why = as_neighbour(take_back, NULL);
        fprintf(record, why ? "! back: %s\n" : "= back\n", strerror(why));
    }
    fflush(record);
}

static void stopped_at_call(pid_t process) {
    struct ptrace_syscall_info info;
    static char given[PATH_MAX], path[PATH_MAX];
    if (ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return;
    for (int i = 0; i < CALLS; i++)
        if (calls[i].number == (long)info.seccomp.nr) {
            const struct call *call = &calls[i];
            for (int second = 0; second < 2; second++) {
                int directory = second ? call->other_directory : call->directory, which = second ? call->other_path : call->path;
                if (which == NONE || !text_of(process, info.seccomp.args[which], given, sizeof given))
                    continue;
                path_of(process, directory == CWD ? AT_FDCWD : (int)info.seccomp.args[directory], given, path);
                met(process, call->name, path);
            }
        }
}

int main(int words, char **word) {
    int go[2], status, code = 99;
    if (words < 10) {
        fprintf(stderr, "usage: swap BELOW MIRROR UID AT LEVEL BACK KIND LOG PROGRAM [WORD]...\n");
        return 99;
    }
    below = word[1], mirror = word[2], neighbour = (uid_t)atol(word[3]), at = atol(word[4]), level = atol(word[5]), back = atol(word[6]), kind = word[7];
    below_length = strlen(below);
    if (!(record = fopen(word[8], "we")) || pipe2(go, O_CLOEXEC))
        fail(word[8]);
    if ((program = fork()) == 0) {
        char byte;
        close(go[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(99);
        stop_at_calls();
        execv(word[9], word + 9);
        fail(word[9]);
    }
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, program, 0, options) || write(go[1], "", 1) != 1)
        fail("ptrace");
    close(go[0]), close(go[1]);
    for (pid_t process; (process = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
        if (process < 0)
            continue;
        if (!WIFSTOPPED(status)) {
            if (process == program)
                code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int event = status >> 16, signal = WSTOPSIG(status);
        if (event == PTRACE_EVENT_SECCOMP)
            stopped_at_call(process);
        int is_group_stop = event == PTRACE_EVENT_STOP && (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU);
        ptrace(is_group_stop ? PTRACE_LISTEN : PTRACE_CONT, process, 0, event ? 0 : signal);
    }
    return code;
}
