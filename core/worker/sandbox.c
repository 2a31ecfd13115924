/*
 * Three layers, each of which holds where another is missing: resource limits (always there),
 * seccomp (what the process may ask of the kernel) and Landlock (which files it may see). What one
 * of them cannot do is said in the report and does not keep the plugin from running.
 */
#include <worker/sandbox.h>

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <worker/wire.h>

#define MEMORY_DEFAULT (UINT64_C(256) << 20)
#define MAPPED_BEYOND (UINT64_C(1) << 30) /* libraries and reserved address space */
#define FILES_MAX 512

static void note(struct c138_json *report, const char *text) {
    struct c138_json *notes = c138_json_get(report, "notes");
    if (!notes) {
        notes = c138_json_new_array();
        c138_json_set(report, "notes", notes);
    }
    c138_json_append(notes, c138_json_new_str(text));
}

static void note_errno(struct c138_json *report, const char *what) {
    C138_FREE char *text = c138_xasprintf("%s: %s", what, strerror(errno));
    note(report, text);
}

/* --- Limits ----------------------------------------------------------------------------------- */

static void limit(struct c138_json *report, __rlimit_resource_t which, uint64_t value,
                  const char *name) {
    struct rlimit old, now = {.rlim_cur = value, .rlim_max = value};
    if (getrlimit(which, &old) == 0 && old.rlim_max < now.rlim_max)
        now.rlim_cur = now.rlim_max = old.rlim_max;
    if (setrlimit(which, &now) != 0)
        note_errno(report, name);
}

static void apply_limits(const struct c138_json *welcome, struct c138_json *report) {
    /* 1, not 0: a dump that goes to a program (systemd-coredump) ignores 0, and takes 1 for "none".
     */
    limit(report, RLIMIT_CORE, 1, "core dumps");
    limit(report, RLIMIT_NOFILE, FILES_MAX, "open files");
    uint64_t memory = c138_json_get_uint(welcome, "memory_max", MEMORY_DEFAULT);
    memory = memory ? memory : MEMORY_DEFAULT;
#ifdef C138_SANITIZED
    (void)memory;
    note(report, "sanitized build: no limit on memory");
#else
    limit(report, RLIMIT_DATA, memory, "memory");
    if (memory < UINT64_MAX - MAPPED_BEYOND)
        limit(report, RLIMIT_AS, memory + MAPPED_BEYOND, "address space");
#endif
}

/* --- seccomp ---------------------------------------------------------------------------------- */

struct rule {
    int call;
    unsigned n_args;
    struct scmp_arg_cmp arg;
};

/* What no plugin needs: other processes, the kernel itself, and ways around the rules below. */
static const int never[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(acct),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(quotactl),
    SCMP_SYS(tkill),
};

static const int spawning[] = {
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
};

static int deny(scmp_filter_ctx f, int error, int call) {
    return seccomp_rule_add_array(f, SCMP_ACT_ERRNO((uint32_t)error), call, 0, NULL);
}

static int deny_if(scmp_filter_ctx f, int error, int call, struct scmp_arg_cmp a) {
    return seccomp_rule_add_array(f, SCMP_ACT_ERRNO((uint32_t)error), call, 1, &a);
}

static int deny_all(scmp_filter_ctx f, int error, const int *calls, size_t count) {
    int bad = 0;
    for (size_t i = 0; i < count; i++)
        bad |= deny(f, error, calls[i]);
    return bad;
}

/* Threads are made with CLONE_THREAD, processes without. clone3 hides its flags from the filter,
 * and the C library falls back to clone when it is told that there is none. */
static int deny_processes(scmp_filter_ctx f) {
    return deny_all(f, EPERM, spawning, C138_COUNT(spawning)) |
           deny_if(f, EPERM, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) |
           deny(f, ENOSYS, SCMP_SYS(clone3));
}

/* Signals to anybody but ourselves. */
static int deny_signals(scmp_filter_ctx f) {
    scmp_datum_t self = (scmp_datum_t)getpid();
    return deny_if(f, EPERM, SCMP_SYS(kill), SCMP_A0(SCMP_CMP_NE, self)) |
           deny_if(f, EPERM, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_NE, self)) |
           deny_if(f, EPERM, SCMP_SYS(rt_sigqueueinfo), SCMP_A0(SCMP_CMP_NE, self)) |
           deny_if(f, EPERM, SCMP_SYS(rt_tgsigqueueinfo), SCMP_A0(SCMP_CMP_NE, self)) |
           deny(f, EPERM, SCMP_SYS(pidfd_open)) | deny(f, EPERM, SCMP_SYS(pidfd_send_signal)) |
           deny_if(f, EPERM, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_NE, 0));
}

/* socket() of other families than AF_UNIX; and a Unix socket leads nowhere. */
static int deny_network(scmp_filter_ctx f) {
    return deny_if(f, EACCES, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_NE, AF_UNIX)) |
           deny_if(f, EACCES, SCMP_SYS(socket), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM)) |
           deny(f, EACCES, SCMP_SYS(connect)) | deny(f, EACCES, SCMP_SYS(bind)) |
           deny(f, EACCES, SCMP_SYS(listen)) |
           deny_if(f, EACCES, SCMP_SYS(sendto), SCMP_A4(SCMP_CMP_NE, 0));
}

static void apply_seccomp(int network, int spawn, struct c138_json *report) {
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f) {
        note(report, "seccomp: no filter can be made");
        return;
    }
    int bad = deny_all(f, EPERM, never, C138_COUNT(never));
    if (!spawn)
        bad |= deny_processes(f) | deny_signals(f);
    if (!network)
        bad |= deny_network(f);
    if (bad)
        note(report, "seccomp: a rule was not taken by this kernel's library");
    int e = seccomp_load(f);
    c138_json_set_bool(report, "seccomp", e == 0);
    c138_json_set_str(report, "network", network || e ? "full" : "none");
    if (e) {
        errno = -e;
        note_errno(report, "seccomp: not applied");
    }
    seccomp_release(f);
}

/* --- Landlock --------------------------------------------------------------------------------- */

/*
 * By raw system calls with the numbers of the kernel's documentation (userspace-api/landlock),
 * because the headers of a distribution are older than the kernels it runs on.
 */
#define LL_EXECUTE (UINT64_C(1) << 0)
#define LL_WRITE_FILE (UINT64_C(1) << 1)
#define LL_READ_FILE (UINT64_C(1) << 2)
#define LL_READ_DIR (UINT64_C(1) << 3)
#define LL_FS_1 ((UINT64_C(1) << 13) - 1)  /* of ABI 1 */
#define LL_REFER (UINT64_C(1) << 13)       /* ABI 2 */
#define LL_TRUNCATE (UINT64_C(1) << 14)    /* ABI 3 */
#define LL_IOCTL_DEV (UINT64_C(1) << 15)   /* ABI 5 */
#define LL_SCOPE_ABSTRACT_UNIX UINT64_C(1) /* ABI 6 */
#define LL_SCOPE_SIGNAL UINT64_C(2)
#define LL_READ (LL_READ_FILE | LL_READ_DIR)
#define LL_OF_FILES (LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV)
#define LL_VERSION 1u
#define LL_PATH_BENEATH 1

struct ll_ruleset {
    uint64_t fs, net, scoped;
};
struct ll_path {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

struct landlock {
    int fd;
    uint64_t handled;
    struct c138_json *report;
};

static void allow_fd(struct landlock *l, int fd, uint64_t rights, const char *what) {
    struct stat st;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rights &= LL_OF_FILES;
    struct ll_path rule = {.allowed = rights & l->handled, .fd = fd};
    if (rule.allowed == 0)
        return;
    if (syscall(SYS_landlock_add_rule, l->fd, LL_PATH_BENEATH, &rule, 0) != 0)
        note_errno(l->report, what);
}

/* A path that is not there needs no rule, but a person should hear of it if the config named it. */
static void allow(struct landlock *l, const char *path, uint64_t rights, int named) {
    C138_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd >= 0) {
        allow_fd(l, fd, rights, path);
        return;
    }
    if (named)
        note_errno(l->report, path);
}

static void allow_list(struct landlock *l, const struct c138_json *paths, uint64_t rights) {
    for (size_t i = 0; i < c138_json_count(paths); i++) {
        const char *path = c138_json_as_str(c138_json_at(paths, i), NULL);
        if (path)
            allow(l, path, rights, 1);
    }
}

static void allow_system(struct landlock *l, int network) {
    static const char *const libraries[] = {
        "/usr",     "/lib",         "/lib64",      "/etc/ld.so.cache", "/etc/localtime",
        "/etc/ssl", "/dev/urandom", "/dev/random", "/proc/self"};
    static const char *const names[] = {
        "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",  "/etc/host.conf",
        "/etc/gai.conf",    "/etc/services", "/run/systemd/resolve"};
    for (size_t i = 0; i < C138_COUNT(libraries); i++)
        allow(l, libraries[i], LL_READ, 0);
    for (size_t i = 0; network && i < C138_COUNT(names); i++)
        allow(l, names[i], LL_READ, 0);
    allow(l, "/dev/null", LL_READ_FILE | LL_WRITE_FILE, 0);
    /* The plugin's own file is opened again, through its descriptor. */
    allow_fd(l, WORKER_FD_PLUGIN, LL_READ_FILE, "the plugin's file");
}

static uint64_t rights_of(long abi) {
    uint64_t fs = LL_FS_1;
    if (abi >= 2)
        fs |= LL_REFER;
    if (abi >= 3)
        fs |= LL_TRUNCATE;
    if (abi >= 5)
        fs |= LL_IOCTL_DEV;
    return fs;
}

static int ruleset_new(struct landlock *l, long abi, int network, int spawn) {
    l->handled = rights_of(abi);
    if (spawn) /* its programs need files that nobody can list: they may read and run, not write */
        l->handled &= ~(LL_READ | LL_EXECUTE | LL_IOCTL_DEV);
    struct ll_ruleset set = {.fs = l->handled};
    if (abi >= 6)
        set.scoped = LL_SCOPE_SIGNAL | (network ? 0 : LL_SCOPE_ABSTRACT_UNIX);
    size_t size = abi >= 6 ? sizeof set : abi >= 4 ? 16 : 8;
    l->fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
    return l->fd >= 0;
}

static void apply_landlock(const struct c138_json *welcome, int network, int spawn,
                           struct c138_json *report) {
    struct landlock l = {.fd = -1, .report = report};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION);
    c138_json_set_int(report, "landlock", 0);
    if (abi < 1 || !ruleset_new(&l, abi, network, spawn)) {
        note_errno(report, "landlock: this kernel has none, files are not restricted");
        return;
    }
    allow_system(&l, network);
    const char *state = c138_json_get_str(welcome, "state_dir", NULL);
    if (state)
        allow(&l, state, l.handled & ~LL_EXECUTE, 1);
    allow_list(&l, c138_json_get(welcome, "read"), LL_READ);
    allow_list(&l, c138_json_get(welcome, "write"), l.handled & ~LL_EXECUTE);
    if (spawn) {
        allow(&l, "/tmp", l.handled, 0);
        note(report, "landlock: the plugin starts programs, so reading is not restricted");
    }
    if (syscall(SYS_landlock_restrict_self, l.fd, 0) == 0)
        c138_json_set_int(report, "landlock", abi);
    else
        note_errno(report, "landlock: not applied");
    (void)close(l.fd);
}

c138_status sandbox_apply(const struct c138_json *welcome, struct c138_json *report,
                          struct c138_err *err) {
    int network = c138_json_get_bool(welcome, "network", 0);
    int spawn = c138_json_get_bool(welcome, "spawn", 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return c138_error(err, C138_E_INTERNAL, "sandbox.privileges",
                          "worker: no_new_privs cannot be set: %s", strerror(errno));
    c138_json_set_bool(report, "no_new_privs", 1);
    c138_json_set_bool(report, "seccomp", 0);
    c138_json_set(report, "notes", c138_json_new_array());
    apply_landlock(welcome, network, spawn, report);
    apply_limits(welcome, report);
    apply_seccomp(network, spawn, report);
    return C138_OK;
}
