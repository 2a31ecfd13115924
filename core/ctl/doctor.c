#include "config.h"

#include <audit/audit.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <config/config.h>
#include <ctl/client.h>
#include <ctl/doctor.h>
#include <loader/loader.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#define CONNECT_MS 2000

struct exam {
    const struct doctor_options *options;
    struct c138_json *checks;
    unsigned errors, warnings;
    struct config *config; /* NULL: it cannot be read */
    char *state_dir, *run_dir, *socket;
    struct client *client; /* NULL: the agent does not answer */
};

enum grade { FINE, WARNING, ERROR };

static void note(struct exam *x, enum grade grade, const char *id, const char *mend,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void note(struct exam *x, enum grade grade, const char *id, const char *mend,
                 const char *fmt, ...) {
    static const char *const names[] = {"ok", "warning", "error"};
    char what[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "id", id);
    c138_json_set_str(o, "state", names[grade]);
    c138_json_set_str(o, "what", what);
    c138_json_set_str(o, "mend", grade == FINE ? "" : mend);
    c138_json_append(x->checks, o);
    x->errors += grade == ERROR;
    x->warnings += grade == WARNING;
}

/* --- Config and folders
 * ------------------------------------------------------------------------------------- */

static void look_at_config(struct exam *x) {
    struct c138_err err = {0};
    struct stat st;
    if (config_read(x->options->config, &x->config, &err) < 0) {
        note(x, ERROR, "config",
             "mend the line that is named; chain138d --check-config shows the next one", "%s",
             err.text);
        return;
    }
    C138_JSON struct c138_json *files = config_files(x->config);
    note(x, FINE, "config", "", "%s is right, %zu files read", x->options->config,
         c138_json_count(files));
    if (stat(x->options->config, &st) == 0 && (st.st_mode & 02))
        note(x, ERROR, "config-mode", "chmod o-w on it: whoever can write it commands the agent",
             "%s can be written by everybody", x->options->config);
    const char *socket = config_str(x->config, "api.socket");
    x->state_dir = c138_xstrdup(config_str(x->config, "agent.state_dir"));
    x->run_dir = c138_xstrdup(config_str(x->config, "agent.run_dir"));
    x->socket = x->options->socket  ? c138_xstrdup(x->options->socket)
                : socket && *socket ? c138_xstrdup(socket)
                                    : c138_path_join(x->run_dir, "agent.sock");
}

static void look_at_folder(struct exam *x, const char *id, const char *path) {
    struct stat st;
    if (stat(path, &st) < 0)
        note(x, errno == ENOENT ? WARNING : ERROR, id,
             "start the agent once as its user: it makes the folder, or check the path in the "
             "config",
             "%s: %s", path, strerror(errno));
    else if (!S_ISDIR(st.st_mode) || (st.st_mode & 022))
        note(x, ERROR, id, "it must be a folder that only the agent's user can write: chmod go-w",
             "%s has mode %04o", path, (unsigned)(st.st_mode & 07777));
    else
        note(x, FINE, id, "", "%s", path);
}

static void look_at_space(struct exam *x) {
    struct statvfs v;
    char free_text[C138_SIZE_TEXT];
    if (statvfs(x->state_dir, &v) < 0 || !v.f_blocks)
        return;
    uint64_t bytes = (uint64_t)v.f_bavail * v.f_frsize;
    unsigned percent = (unsigned)(v.f_bavail * 100 / v.f_blocks);
    unsigned inodes = v.f_files ? (unsigned)(v.f_favail * 100 / v.f_files) : 100;
    enum grade grade = bytes < (100u << 20) || percent < 2 || inodes < 2 ? ERROR
                       : percent < 10 || inodes < 10                     ? WARNING
                                                                         : FINE;
    c138_size_human(bytes, free_text);
    note(x, grade, "disk",
         "free space or inodes on this file system: when it is full no job is accepted",
         "%s has %s free (%u %%), inodes %u %%", x->state_dir, free_text, percent, inodes);
}

/* --- Plugins
 * ---------------------------------------------------------------------------------------------------
 */

static void look_at_plugins(struct exam *x) {
    const struct c138_json *list = config_json(x->config, "agent.plugin_dirs");
    size_t n = c138_json_count(list), count = 0;
    C138_FREE const char **dirs = c138_xcalloc(n + 2, sizeof(*dirs));
    struct loader_list found = {0};
    struct c138_err err = {0};
    for (size_t i = 0; i < n; i++)
        dirs[i] = c138_json_as_str(c138_json_at(list, i), "");
    if (!n)
        dirs[0] = C138_PLUGIN_DIR;
    if (loader_scan(dirs, &found, &err) < 0) {
        note(x, ERROR, "plugins", "check agent.plugin_dirs", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < found.count; i++)
        if (found.files[i].refused)
            note(x, ERROR, "plugin", "do what the text says; a plugin that is refused does not run",
                 "%s: %s", found.files[i].path, found.files[i].reason);
    const struct plugin_config *wanted = config_plugins(x->config, &count);
    for (size_t i = 0; i < count; i++) {
        int there = 0;
        for (size_t k = 0; k < found.count && !there; k++)
            there = !strcmp(found.files[k].name, wanted[i].name);
        if (wanted[i].enabled && !there)
            note(x, ERROR, "plugin-absent", "install its package, or enabled = false",
                 "%s:%u: plugin %s is enabled, but not in %s", wanted[i].file, wanted[i].line,
                 wanted[i].name, dirs[0]);
    }
    note(x, FINE, "plugins", "", "%zu plugin files in %s", found.count, dirs[0]);
    loader_list_deinit(&found);
}

/* --- The agent
 * ------------------------------------------------------------------------------------------------------
 */

/* The pid of whoever holds the store; 0: nobody. */
static int store_holder(const struct exam *x) {
    C138_FREE char *path = c138_path_join(x->state_dir, "agent.db.lock");
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[32] = "";
    uint64_t pid = 0;
    if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) > 0)
        (void)c138_parse_uint(text, &pid);
    return pid ? (int)pid : -1;
}

static int agent_answers(struct exam *x, struct c138_err *err) {
    const struct client_options options = {.socket = x->socket};
    C138_JSON struct c138_json *version = NULL;
    int code = 0;
    if (client_new(&options, &x->client, err) < 0)
        return 0;
    if (client_call(x->client, "GET", "/v1/version", NULL, 3 * C138_NS_PER_S, &code, &version,
                    err) >= 0 &&
        code == 200)
        return 1;
    x->client = client_free(x->client);
    return 0;
}

static void look_at_agent(struct exam *x) {
    struct c138_err err = {0};
    struct stat st;
    int holder = store_holder(x), there = stat(x->socket, &st) == 0;
    if (agent_answers(x, &err)) {
        note(x, FINE, "agent", "", "the agent answers at %s (pid %d, socket mode %04o)", x->socket,
             holder, (unsigned)(st.st_mode & 07777));
        return;
    }
    if (holder)
        note(x, ERROR, "agent",
             "look at its log (journalctl -u chain138d); it may be starting, or hang: then "
             "systemctl restart chain138d",
             "an agent (pid %d) holds the store, but does not answer at %s: %s", holder, x->socket,
             err.text);
    else
        note(x, WARNING, "agent", "systemctl start chain138d", "the agent is not running%s",
             there ? " (the socket is left over from one that was killed; it is replaced at the "
                     "next start)"
                   : "");
}

static void look_at_rows(struct exam *x) {
    C138_JSON struct c138_json *answer = NULL;
    struct c138_err err = {0};
    int code = 0;
    if (client_call(x->client, "POST", "/v1/actions/agent.plugins", "{}", 5 * C138_NS_PER_S, &code,
                    &answer, &err) < 0 ||
        code != 200) {
        note(x, WARNING, "agent-plugins", "ask for a role in the policy section",
             "the agent does not say how its plugins are: %s",
             err.text[0] ? err.text
                         : c138_json_as_str(c138_json_path(answer, "error.message"), "refused"));
        return;
    }
    const struct c138_json *rows = c138_json_path(answer, "result.plugins");
    for (size_t i = 0; i < c138_json_count(rows); i++) {
        const struct c138_json *row = c138_json_at(rows, i);
        const char *state = c138_json_get_str(row, "state", ""),
                   *name = c138_json_get_str(row, "name", "");
        int bad = c138_streq(state, "refused") || c138_streq(state, "quarantined") ||
                  c138_streq(state, "stuck");
        C138_FREE char *mend =
            c138_xasprintf("mend what the reason says, then chain138ctl plugins restart %s", name);
        if (bad || c138_streq(state, "backoff") || c138_streq(state, "degraded"))
            note(x, bad ? ERROR : WARNING, "plugin-state", mend, "plugin %s is %s: %s", name, state,
                 c138_json_get_str(row, "reason", ""));
    }
}

/* --- Store and audit
 * --------------------------------------------------------------------------------------------------
 */

static void look_at_store(struct exam *x) {
    C138_FREE char *path = c138_path_join(x->state_dir, "agent.db");
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    if (access(path, F_OK) != 0)
        return;
    const char *said = "it cannot be opened";
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        said = (const char *)sqlite3_column_text(q, 0);
    if (!strcmp(said, "ok"))
        note(x, FINE, "store", "", "%s is whole", path);
    else
        note(x, ERROR, "store",
             "stop the agent, keep the file, restore the state folder from a backup", "%s: %s",
             path, said);
    sqlite3_finalize(q);
    (void)sqlite3_close(db);
}

static void look_at_audit(struct exam *x) {
    C138_FREE char *log = c138_path_join(x->state_dir, "audit.log"),
                   *store = c138_path_join(x->state_dir, "agent.db");
    C138_JSON struct c138_json *report = NULL;
    struct c138_err err = {0};
    uint64_t seq = 0;
    char hash[65] = "";
    if (access(log, F_OK) != 0)
        return;
    int known = audit_stored_head(store, &seq, hash, NULL) >= 0;
    if (audit_verify(log, seq, known ? hash : NULL, &report, &err) < 0) {
        note(x, ERROR, "audit", "run doctor as root or as the agent's user", "%s", err.text);
        return;
    }
    const struct c138_json *first = c138_json_path(report, "problems.0");
    if (first)
        note(x, ERROR, "audit",
             "keep the file as evidence and find out who wrote to it; chain138ctl audit verify "
             "shows all places",
             "%s, line %" PRIu64 ": %s", log, c138_json_get_uint(first, "line", 0),
             c138_json_get_str(first, "what", ""));
    else
        note(x, FINE, "audit", "", "%s: %" PRIu64 " records, whole", log,
             c138_json_get_uint(report, "records", 0));
}

/* --- Machine
 * ------------------------------------------------------------------------------------------------------------
 */

static void look_at_machine(struct exam *x) {
    struct timex t = {0};
    struct rlimit files;
    int clock = adjtimex(&t);
    if (clock < 0 || clock == TIME_ERROR || (t.status & STA_UNSYNC))
        note(x, WARNING, "clock",
             "run a time service (systemd-timesyncd, chrony): schedules and audit times depend on "
             "it",
             "the kernel says that the clock is not synchronised");
    else
        note(x, FINE, "clock", "", "synchronised");
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        note(x, WARNING, "zones", "install the package tzdata",
             "time zone data is missing: schedules with a zone are refused");
    long landlock = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u);
    if (landlock > 0)
        note(x, FINE, "landlock", "", "the kernel has Landlock (ABI %ld)", landlock);
    else
        note(x, WARNING, "landlock",
             "a kernel from 5.13 on with lsm=landlock confines workers to their own files",
             "the kernel has no Landlock: workers see all files that their user sees");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 1024)
        note(x, WARNING, "files", "LimitNOFILE= in the unit", "only %llu open files are allowed",
             (unsigned long long)files.rlim_cur);
}

/* --- Endpoints
 * ------------------------------------------------------------------------------------------------------------
 */

/* 0: somebody listens there; else why not. */
static int try_connect(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return EHOSTUNREACH;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), e = 0;
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0)
        e = errno;
    if (e == EINPROGRESS) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        socklen_t size = sizeof(e);
        e = ETIMEDOUT;
        if (poll(&p, 1, CONNECT_MS) > 0)
            (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size);
    }
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return e;
}

static void try_url(struct exam *x, const char *where, const char *url) {
    char host[256] = "", port[8];
    const char *at = strstr(url, "://") + 3;
    size_t n = strcspn(at, "/?#");
    const char *user = memchr(at, '@', n);
    if (user) {
        n -= (size_t)(user + 1 - at);
        at = user + 1;
    }
    int bracket = *at == '[';
    size_t name = strcspn(at + bracket, bracket ? "]" : ":/?#");
    if (!name || name >= sizeof(host))
        return;
    memcpy(host, at + bracket, name);
    const char *rest = at + name + 2 * bracket;
    size_t digits = *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
    (void)snprintf(port, sizeof(port), "%.*s", (int)(digits ? digits : 3),
                   digits                           ? rest + 1
                   : c138_starts_with(url, "https") ? "443"
                                                    : "80");
    int e = try_connect(host, port);
    if (e)
        note(x, ERROR, "endpoint",
             "start what should listen there, or mend the address in the config",
             "%s: %s port %s: %s", where, host, port, strerror(e));
    else
        note(x, FINE, "endpoint", "", "%s: %s port %s is open", where, host, port);
}

static void walk_urls(struct exam *x, const char *where, const struct c138_json *v) {
    const char *text = c138_json_as_str(v, NULL);
    if (text && (c138_starts_with(text, "http://") || c138_starts_with(text, "https://")))
        try_url(x, where, text);
    for (size_t i = 0; c138_json_type(v) == C138_JSON_ARRAY && i < c138_json_count(v); i++) {
        C138_FREE char *deeper = c138_xasprintf("%s.%zu", where, i);
        walk_urls(x, deeper, c138_json_at(v, i));
    }
    for (struct c138_json_iter i = c138_json_iter(v); c138_json_next(&i);) {
        C138_FREE char *deeper = c138_xasprintf("%s.%s", where, i.name);
        walk_urls(x, deeper, i.value);
    }
}

static void look_at_endpoints(struct exam *x) {
    size_t count = 0;
    const struct plugin_config *plugins = config_plugins(x->config, &count);
    for (size_t i = 0; i < count; i++) {
        C138_JSON struct c138_json *settings = NULL;
        C138_FREE char *where = c138_xasprintf("plugins.%s", plugins[i].name);
        const char *text = plugins[i].settings_json;
        if (plugins[i].enabled && text && c138_json_parse(text, strlen(text), &settings, NULL) >= 0)
            walk_urls(x, where, settings);
    }
}

/* --- All of it
 * ----------------------------------------------------------------------------------------------------------------
 */

struct c138_json *doctor_examine(const struct doctor_options *options) {
    struct exam x = {.options = options, .checks = c138_json_new_array()};
    struct c138_json *report = c138_json_new_object();
    look_at_config(&x);
    if (x.config) {
        look_at_folder(&x, "state", x.state_dir);
        look_at_folder(&x, "run", x.run_dir);
        look_at_space(&x);
        look_at_plugins(&x);
        look_at_agent(&x);
        if (x.client)
            look_at_rows(&x);
        look_at_store(&x);
        look_at_audit(&x);
        look_at_endpoints(&x);
    }
    look_at_machine(&x);
    c138_json_set(report, "checks", x.checks);
    c138_json_set_uint(report, "errors", x.errors);
    c138_json_set_uint(report, "warnings", x.warnings);
    client_free(x.client);
    config_free(x.config);
    free(x.state_dir);
    free(x.run_dir);
    free(x.socket);
    return report;
}

void doctor_print(const struct c138_json *report) {
    const struct c138_json *checks = c138_json_get(report, "checks");
    for (size_t i = 0; i < c138_json_count(checks); i++) {
        const struct c138_json *o = c138_json_at(checks, i);
        const char *mend = c138_json_get_str(o, "mend", "");
        printf("%-8s %-14s %s\n", c138_json_get_str(o, "state", ""), c138_json_get_str(o, "id", ""),
               c138_json_get_str(o, "what", ""));
        if (*mend)
            printf("%-23s -> %s\n", "", mend);
    }
    printf("%" PRIu64 " errors, %" PRIu64 " warnings\n", c138_json_get_uint(report, "errors", 0),
           c138_json_get_uint(report, "warnings", 0));
}
