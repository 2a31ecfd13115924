/*
 * chain138.process/1: runs a program that the config names, in a session of its own, without a
 * shell, with a closed environment, and never longer than it may.
 */
#include <worker/runtime_parts.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 50 /* how often a cancel is looked for */
#define END_NS (10 * INT64_C(1000000000)) /* from being asked to end until it is killed */

/* Output of a watched program goes to whoever watches, piece by piece. */
struct watcher {
    c138_text_fn on_stdout, on_stderr;
    uint32_t (*stop)(void *user);
    void *user;
    int64_t end_ns; /* 0: was not asked to end */
};

struct child {
    pid_t pid;
    int pid_fd, in, out, err; /* -1: closed */
    const char *input;
    uint64_t input_left;
    struct c138_buf out_text, err_text;
    struct watcher *watcher; /* NULL: output is kept */
};

struct pipes {
    int in[2], out[2], err[2];
};

static void close_fd(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_pipes(struct pipes *p) {
    for (int i = 0; i < 2; i++) {
        close_fd(&p->in[i]);
        close_fd(&p->out[i]);
        close_fd(&p->err[i]);
    }
}

static int open_pipes(struct pipes *p) {
    *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(p->in, O_CLOEXEC) == 0 && pipe2(p->out, O_CLOEXEC) == 0 &&
        pipe2(p->err, O_CLOEXEC) == 0)
        return 1;
    close_pipes(p);
    return 0;
}

static int is_allowed(const struct rt *rt, const char *program) {
    const struct c138_json *programs = c138_json_get(rt->welcome, "programs");
    for (size_t i = 0; i < c138_json_count(programs); i++)
        if (strcmp(c138_json_as_str(c138_json_at(programs, i), ""), program) == 0)
            return 1;
    return 0;
}

/* In the child of vfork: only what is safe between it and exec. Everything but 0, 1, 2 is
 * close-on-exec; signals as they were before we changed them. It dies with the thread that waits
 * for it: a worker that is killed leaves nobody behind who goes on with its work. */
static void become_program(const struct pipes *p, pid_t parent, const char *const *argv,
                           const char *const *env) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before that */
        _exit(127);
    for (int s = 1; s < NSIG; s++)
        (void)sigaction(s, &standard, NULL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    if (dup2(p->in[0], 0) == 0 && dup2(p->out[1], 1) == 1 && dup2(p->err[1], 2) == 2)
        (void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
}

/* 0, or errno. vfork: exec fails before it returns here, and no page is copied. */
static int spawn(struct pipes *p, const char *const *argv, const char *const *env, pid_t *ret_pid) {
    volatile int failed = 0; /* the child writes it */
    sigset_t all, before;
    pid_t parent = getpid();
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours runs in the child */
    pid_t pid = vfork();
    if (pid == 0) {
        become_program(p, parent, argv, env);
        failed = errno;
        _exit(127);
    }
    if (pid < 0)
        failed = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid > 0 && failed)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    *ret_pid = pid;
    return failed;
}

static void set_nonblocking(int fd) {
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static c138_status child_start(struct child *c, const char *const *argv, const char *const *env) {
    static const char *const nothing[] = {NULL};
    struct pipes p;
    if (!open_pipes(&p))
        return C138_E_LIMIT;
    int e = spawn(&p, argv, env ? env : nothing, &c->pid);
    if (e) {
        close_pipes(&p);
        return e == ENOENT                 ? C138_E_NOTFOUND
               : e == EACCES || e == EPERM ? C138_E_DENIED
                                           : C138_E_INTERNAL;
    }
    c->pid_fd = pidfd_open(c->pid, 0);
    c->in = p.in[1];
    c->out = p.out[0];
    c->err = p.err[0];
    p.in[1] = p.out[0] = p.err[0] = -1;
    close_pipes(&p);
    set_nonblocking(c->in);
    set_nonblocking(c->out);
    set_nonblocking(c->err);
    return C138_OK;
}

static void feed(struct child *c) {
    ssize_t n = c->input_left ? write(c->in, c->input, (size_t)c->input_left) : 0;
    if (n > 0) {
        c->input += n;
        c->input_left -= (uint64_t)n;
    }
    if (c->input_left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&c->in);
}

/* C138_E_LIMIT when there is more than may be. */
static c138_status keep(struct child *c, struct c138_buf *into, const char *bytes, size_t length) {
    const struct watcher *w = c->watcher;
    if (!w)
        return c138_buf_add(into, bytes, length) == C138_OK ? C138_OK : C138_E_LIMIT;
    c138_text_fn on_text = into == &c->out_text ? w->on_stdout : w->on_stderr;
    if (on_text)
        on_text(w->user, bytes, length);
    return C138_OK;
}

static c138_status drain(struct child *c, int *fd, struct c138_buf *into) {
    char bytes[16384 + 1];
    while (*fd >= 0) {
        ssize_t n = read(*fd, bytes, sizeof bytes - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return C138_OK;
        if (n <= 0) {
            close_fd(fd);
            return C138_OK;
        }
        bytes[n] = '\0'; /* who watches may read it as text */
        if (keep(c, into, bytes, (size_t)n) != C138_OK)
            return C138_E_LIMIT;
    }
    return C138_OK;
}

static c138_status drain_both(struct child *c) {
    c138_status st = drain(c, &c->out, &c->out_text);
    return st ? st : drain(c, &c->err, &c->err_text);
}

/* Does whoever watches want it to end, and has it had its time for that? */
static int must_end(struct child *c) {
    struct watcher *w = c->watcher;
    int64_t now = c138_now_monotonic_ns();
    if (!w || !w->stop)
        return 0;
    if (!w->end_ns && w->stop(w->user)) {
        w->end_ns = now + END_NS;
        (void)kill(c->pid, SIGTERM);
    }
    return w->end_ns && now >= w->end_ns;
}

/* Until it ended, C138_OK; else why it must end now. */
static c138_status attend(struct child *c, struct rt_call *call, int64_t deadline_ns) {
    for (;;) {
        struct pollfd p[4] = {{.fd = c->pid_fd, .events = POLLIN},
                              {.fd = c->in, .events = POLLOUT},
                              {.fd = c->out, .events = POLLIN},
                              {.fd = c->err, .events = POLLIN}};
        int n = poll(p, 4, LOOK_MS);
        if (n < 0 && errno != EINTR)
            return C138_E_INTERNAL;
        if (n > 0 && c->in >= 0 && p[1].revents)
            feed(c);
        c138_status st = drain_both(c);
        if (st)
            return st;
        if (n > 0 && p[0].revents)
            return drain_both(c); /* what it wrote last; a grandchild may hold the pipes for ever */
        if (must_end(c))
            return C138_OK;
        if (call && call->api.cancelled(&call->api))
            return atomic_load(&call->cancelled) ? C138_E_CANCELLED : C138_E_TIMEOUT;
        if (c138_now_monotonic_ns() >= deadline_ns)
            return C138_E_TIMEOUT;
    }
}

static int32_t reap(struct child *c) {
    int status = 0;
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void child_end(struct child *c) {
    close_fd(&c->pid_fd);
    close_fd(&c->in);
    close_fd(&c->out);
    close_fd(&c->err);
    c138_buf_deinit(&c->out_text);
    c138_buf_deinit(&c->err_text);
}

/* Starts it, attends to it and reaps it; what it wrote is in `c`, which the caller ends. */
static c138_status run_child(const c138_host *host, struct c138_call *cause,
                             const char *const *argv, const char *const *env, int64_t timeout_ns,
                             struct child *c, int32_t *ret_exit) {
    struct rt *rt = rt_of(host);
    if (!argv || !argv[0] || argv[0][0] != '/' || timeout_ns <= 0)
        return C138_E_INVALID;
    if (!(rt->note.flags & C138_PLUGIN_SPAWNS) || !is_allowed(rt, argv[0]))
        return C138_E_DENIED;
    c138_status st = child_start(c, argv, env);
    if (st)
        return st;
    int64_t now = c138_now_monotonic_ns();
    st = attend(c, rt_call_of(cause), timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns);
    (void)kill(-c->pid, SIGKILL); /* it and whatever it left behind in its session */
    int32_t code = reap(c);
    if (ret_exit)
        *ret_exit = code;
    return st;
}

static c138_status process_run(const c138_host *host, struct c138_call *cause,
                               const char *const *argv, const char *const *env, const char *input,
                               uint64_t input_length, int64_t timeout_ns, uint64_t output_max,
                               c138_text_fn on_stdout, c138_text_fn on_stderr, void *user,
                               int32_t *ret_exit) {
    size_t max = output_max ? (size_t)output_max : 1;
    struct child c = {.pid_fd = -1,
                      .in = -1,
                      .out = -1,
                      .err = -1,
                      .input = input,
                      .input_left = input_length,
                      .out_text = C138_BUF_MAX(max),
                      .err_text = C138_BUF_MAX(max)};
    if (!input && input_length)
        return C138_E_INVALID;
    c138_status st = run_child(host, cause, argv, env, timeout_ns, &c, ret_exit);
    if (on_stdout && c.out_text.length)
        on_stdout(user, c138_buf_text(&c.out_text), c.out_text.length);
    if (on_stderr && c.err_text.length)
        on_stderr(user, c138_buf_text(&c.err_text), c.err_text.length);
    child_end(&c);
    return st;
}

static c138_status process_watch(const c138_host *host, struct c138_call *cause,
                                 const char *const *argv, const char *const *env,
                                 int64_t timeout_ns, c138_text_fn on_stdout,
                                 c138_text_fn on_stderr, uint32_t (*stop)(void *user), void *user,
                                 int32_t *ret_exit) {
    struct watcher w = {on_stdout, on_stderr, stop, user, 0};
    struct child c = {.pid_fd = -1, .in = -1, .out = -1, .err = -1, .watcher = &w};
    c138_status st = run_child(host, cause, argv, env, timeout_ns, &c, ret_exit);
    child_end(&c);
    return st;
}

const c138_process rt_process_table = {
    .struct_size = sizeof(c138_process), .run = process_run, .watch = process_watch};
