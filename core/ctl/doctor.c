#include "config.h"

#include <audit/audit.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <ctl/doctor_internal.h>
#include <loader/loader.h>
#include <schedule/schedule.h>
#include <schedule/triggers.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

void doctor_note(struct exam *x, enum doctor_grade grade, const char *id, const char *mend,
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
    c138_json_set_str(o, "mend", grade == DOCTOR_OK ? "" : mend);
    c138_json_append(x->checks, o);
    x->errors += grade == DOCTOR_ERROR;
    x->warnings += grade == DOCTOR_WARNING;
}

/* --- Config and folders
 * ------------------------------------------------------------------------------------- */

static void config_unreadable(struct exam *x, const char *why) {
    int denied = access(x->options->config, R_OK) < 0 && errno == EACCES;
    doctor_note(x, DOCTOR_ERROR, "config",
                denied ? "run doctor as root, or as a member of the agent's group"
                       : "mend the line that is named; chain138d --check-config shows the next one",
                "%s", why);
}

static void look_at_config(struct exam *x) {
    struct c138_err err = {0};
    if (config_read(x->options->config, &x->config, &err) < 0) {
        config_unreadable(x, err.text);
        return;
    }
    C138_JSON struct c138_json *files = config_files(x->config);
    doctor_note(x, DOCTOR_OK, "config", "", "%s is right, %zu files read", x->options->config,
                c138_json_count(files));
    const char *socket = config_str(x->config, "api.socket");
    x->state_dir = c138_xstrdup(config_str(x->config, "agent.state_dir"));
    x->run_dir = c138_xstrdup(config_str(x->config, "agent.run_dir"));
    x->socket = x->options->socket  ? c138_xstrdup(x->options->socket)
                : socket && *socket ? c138_xstrdup(socket)
                                    : c138_path_join(x->run_dir, "agent.sock");
}

static void look_at_rules(struct exam *x, const char *list,
                          c138_status (*check)(const struct c138_json *, struct c138_err *)) {
    const struct c138_json *rules = config_json(x->config, list);
    for (size_t i = 0; i < c138_json_count(rules); i++) {
        struct c138_err err = {0};
        C138_FREE char *path = c138_xasprintf("%s.%zu", list, i);
        if (check(c138_json_at(rules, i), &err) < 0)
            doctor_note(x, DOCTOR_ERROR, "rule", "mend it: the agent does not start with it",
                        "%s: %s", config_where(x->config, path), err.text);
    }
}

/* --- Rights
 * ------------------------------------------------------------------------------------------ */

/* Is the file there, and may this user read it? What may not be read is told once, at the end. */
static int may_read(struct exam *x, const char *path) {
    if (access(path, R_OK) == 0)
        return 1;
    if (errno == EACCES)
        c138_buf_addf(&x->unread, "%s%s", x->unread.length ? ", " : "", path);
    return 0;
}

static const char *user_name(uid_t uid, char ret_text[64]) {
    const struct passwd *user = getpwuid(uid);
    if (user)
        (void)snprintf(ret_text, 64, "%.60s", user->pw_name);
    else
        (void)snprintf(ret_text, 64, "%u", (unsigned)uid);
    return ret_text;
}

/* Started once by hand as root, the agent leaves files that its own user cannot open. */
static void look_at_owner(struct exam *x) {
    static const char *const names[] = {"agent.db",      "agent.db-wal", "agent.db-shm",
                                        "agent.db.lock", "audit.log",    NULL};
    char mine[64], other[64];
    struct stat st;
    if (stat(x->state_dir, &st) < 0)
        return;
    x->has_owner = 1;
    x->owner = st.st_uid;
    (void)user_name(x->owner, mine);
    C138_FREE char *mend = c138_xasprintf("stop the agent, chown -R %s: %s %s, start it as %s",
                                          mine, x->state_dir, x->run_dir, mine);
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path =
            names[i] ? c138_path_join(x->state_dir, names[i]) : c138_xstrdup(x->run_dir);
        if (stat(path, &st) == 0 && st.st_uid != x->owner)
            doctor_note(x, DOCTOR_ERROR, "owner", mend, "%s belongs to %s, but %s to %s", path,
                        user_name(st.st_uid, other), x->state_dir, mine);
    }
}

static void look_at_socket(struct exam *x) {
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *group = config_str(x->config, "api.socket_group");
    if (strlen(x->socket) >= sizeof(address.sun_path))
        doctor_note(x, DOCTOR_ERROR, "socket", "set a shorter run_dir, or api.socket",
                    "%s: a socket's path has at most %zu bytes", x->socket,
                    sizeof(address.sun_path) - 1);
    if (group && *group && !getgrnam(group)) {
        C138_FREE char *mend = c138_xasprintf("groupadd --system %s, or set another group", group);
        doctor_note(x, DOCTOR_ERROR, "socket", mend, "%s: api.socket_group: there is no group %s",
                    config_where(x->config, "api.socket_group"), group);
    }
}

/* Who comes over TCP shows a token. */
static void look_at_tokens(struct exam *x) {
    const char *file = config_str(x->config, "policy.tokens_file"),
               *door = config_str(x->config, "api.listen");
    struct stat st;
    if ((!file || !*file) && door && *door)
        doctor_note(x, DOCTOR_WARNING, "tokens", "set policy.tokens_file, or leave api.listen out",
                    "api.listen is %s, but nobody has a token for it", door);
    if (!file || !*file)
        return;
    if (stat(file, &st) < 0)
        doctor_note(x, DOCTOR_ERROR, "tokens",
                    "make it: lines NAME ROLE SHA256-OF-TOKEN, mode 0640", "%s: %s", file,
                    strerror(errno));
    else if (!S_ISREG(st.st_mode) || (st.st_mode & 037))
        doctor_note(x, DOCTOR_ERROR, "tokens",
                    "chmod 0640 it (or 0600): until then no token is accepted", "%s has mode %04o",
                    file, (unsigned)(st.st_mode & 07777));
    else if (st.st_uid != 0 && x->has_owner && st.st_uid != x->owner)
        doctor_note(x, DOCTOR_ERROR, "tokens", "chown root it: until then no token is accepted",
                    "%s belongs to uid %u, who is neither root nor the agent", file,
                    (unsigned)st.st_uid);
}

static void tell_unread(struct exam *x) {
    if (x->unread.length)
        doctor_note(x, DOCTOR_WARNING, "unseen", "run doctor as root: sudo chain138ctl doctor",
                    "not looked at, as this user may not read it: %s", c138_buf_text(&x->unread));
}

static void look_at_folder(struct exam *x, const char *id, const char *path) {
    struct stat st;
    if (stat(path, &st) < 0)
        doctor_note(
            x, errno == ENOENT ? DOCTOR_WARNING : DOCTOR_ERROR, id,
            "start the agent once as its user: it makes the folder, or check the path in the "
            "config",
            "%s: %s", path, strerror(errno));
    else if (!S_ISDIR(st.st_mode) || (st.st_mode & 022))
        doctor_note(x, DOCTOR_ERROR, id,
                    "it must be a folder that only the agent's user can write: chmod go-w",
                    "%s has mode %04o", path, (unsigned)(st.st_mode & 07777));
    else
        doctor_note(x, DOCTOR_OK, id, "", "%s", path);
}

static void look_at_space(struct exam *x) {
    struct statvfs v;
    char free_text[C138_SIZE_TEXT];
    if (statvfs(x->state_dir, &v) < 0 || !v.f_blocks)
        return;
    uint64_t bytes = (uint64_t)v.f_bavail * v.f_frsize;
    unsigned percent = (unsigned)(v.f_bavail * 100 / v.f_blocks);
    unsigned inodes = v.f_files ? (unsigned)(v.f_favail * 100 / v.f_files) : 100;
    enum doctor_grade grade = bytes < (100u << 20) || percent < 2 || inodes < 2 ? DOCTOR_ERROR
                              : percent < 10 || inodes < 10                     ? DOCTOR_WARNING
                                                                                : DOCTOR_OK;
    c138_size_human(bytes, free_text);
    doctor_note(x, grade, "disk",
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
        doctor_note(x, DOCTOR_ERROR, "plugins", "check agent.plugin_dirs", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < found.count; i++)
        if (found.files[i].refused)
            doctor_note(x, DOCTOR_ERROR, "plugin",
                        "do what the text says; a plugin that is refused does not run", "%s: %s",
                        found.files[i].path, found.files[i].reason);
    const struct plugin_config *wanted = config_plugins(x->config, &count);
    for (size_t i = 0; i < count; i++) {
        int there = 0;
        for (size_t k = 0; k < found.count && !there; k++)
            there = !strcmp(found.files[k].name, wanted[i].name);
        if (wanted[i].enabled && !there)
            doctor_note(x, DOCTOR_ERROR, "plugin-absent", "install its package, or enabled = false",
                        "%s:%u: plugin %s is enabled, but not in %s", wanted[i].file,
                        wanted[i].line, wanted[i].name, dirs[0]);
    }
    doctor_note(x, DOCTOR_OK, "plugins", "", "%zu plugin files in %s", found.count, dirs[0]);
    loader_list_deinit(&found);
}

/* --- The agent
 * ------------------------------------------------------------------------------------------------------
 */

static int store_holder(const struct exam *x) {
    C138_FREE char *path = c138_path_join(x->state_dir, "agent.db.lock");
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[32] = "";
    uint64_t pid = 0;
    if (fd < 0)
        return errno == EACCES ? HOLDER_UNSEEN : HOLDER_NOBODY;
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return HOLDER_NOBODY;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    text[n > 0 ? strspn(text, "0123456789") : 0] = '\0';
    return c138_parse_uint(text, &pid) >= 0 && pid && pid < INT32_MAX ? (int)pid : HOLDER_SOMEBODY;
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

/* The socket says no: that is no sign of how the agent is. */
static void denied(struct exam *x) {
    struct stat st;
    char user[64];
    if (stat(x->socket, &st) < 0) {
        C138_FREE char *folder = c138_xstrndup(
            x->socket, strrchr(x->socket, '/') ? (size_t)(strrchr(x->socket, '/') - x->socket) : 0);
        C138_FREE char *mend =
            c138_xasprintf("run doctor as root, or let this user into %s", folder);
        doctor_note(x, DOCTOR_ERROR, "socket-rights", mend, "%s may not look into %s",
                    user_name(geteuid(), user), folder);
        return;
    }
    const struct group *g = getgrgid(st.st_gid);
    C138_FREE char *mend =
        st.st_mode & 020
            ? c138_xasprintf("sudo usermod -aG %s %s, then log in again; or run it as root",
                             g ? g->gr_name : "GROUP", user_name(geteuid(), user))
            : c138_xstrdup("run it as root, or let its group in: socket_mode = \"0660\" in the api "
                           "section");
    doctor_note(x, DOCTOR_ERROR, "socket-rights", mend,
                "%s may not open the agent's socket %s (mode %04o, group %s)",
                user_name(geteuid(), user), x->socket, (unsigned)(st.st_mode & 07777),
                g ? g->gr_name : "without a name");
}

static void silent(struct exam *x, const struct c138_err *err) {
    struct stat st;
    int there = stat(x->socket, &st) == 0;
    if (c138_streq(err->key, "agent.denied"))
        denied(x);
    else if (x->holder == HOLDER_UNSEEN)
        doctor_note(x, DOCTOR_WARNING, "agent",
                    "systemctl status chain138d; doctor as root sees more",
                    "no agent answers at %s; whether one runs this user may not see", x->socket);
    else if (x->holder != HOLDER_NOBODY)
        doctor_note(x, DOCTOR_ERROR, "agent",
                    "look at its log (journalctl -u chain138d); it may be starting, or hang: then "
                    "systemctl restart chain138d",
                    "an agent (pid %d) holds the store, but does not answer at %s: %s", x->holder,
                    x->socket, err->text);
    else
        doctor_note(x, DOCTOR_WARNING, "agent", "systemctl start chain138d",
                    "the agent is not running%s",
                    there ? " (the socket is left over from one that was killed; it is replaced at "
                            "the next start)"
                          : "");
}

static void look_at_agent(struct exam *x) {
    struct c138_err err = {0};
    struct stat st = {0};
    x->holder = store_holder(x);
    if (!agent_answers(x, &err)) {
        silent(x, &err);
        return;
    }
    (void)stat(x->socket, &st);
    if (x->holder > 0)
        doctor_note(x, DOCTOR_OK, "agent", "", "the agent answers at %s (pid %d, socket mode %04o)",
                    x->socket, x->holder, (unsigned)(st.st_mode & 07777));
    else
        doctor_note(x, DOCTOR_OK, "agent", "", "the agent answers at %s (socket mode %04o)",
                    x->socket, (unsigned)(st.st_mode & 07777));
}

static void look_at_rows(struct exam *x) {
    C138_JSON struct c138_json *answer = NULL;
    struct c138_err err = {0};
    int code = 0;
    if (client_call(x->client, "POST", "/v1/actions/agent.plugins", "{}", 5 * C138_NS_PER_S, &code,
                    &answer, &err) < 0 ||
        code != 200) {
        doctor_note(x, DOCTOR_WARNING, "agent-plugins", "ask for a role in the policy section",
                    "the agent does not say how its plugins are: %s",
                    err.text[0]
                        ? err.text
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
            doctor_note(x, bad ? DOCTOR_ERROR : DOCTOR_WARNING, "plugin-state", mend,
                        "plugin %s is %s: %s", name, state, c138_json_get_str(row, "reason", ""));
    }
}

/* --- Store and audit
 * --------------------------------------------------------------------------------------------------
 */

static void look_at_store(struct exam *x) {
    C138_FREE char *path = c138_path_join(x->state_dir, "agent.db");
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    if (!may_read(x, path))
        return;
    const char *said = "it cannot be opened";
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        said = (const char *)sqlite3_column_text(q, 0);
    if (!strcmp(said, "ok"))
        doctor_note(x, DOCTOR_OK, "store", "", "%s is whole", path);
    else
        doctor_note(x, DOCTOR_ERROR, "store",
                    "stop the agent, keep the file, restore the state folder from a backup",
                    "%s: %s", path, said);
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
    if (!may_read(x, log))
        return;
    int known = audit_stored_head(store, &seq, hash, NULL) >= 0;
    if (audit_verify(log, seq, known ? hash : NULL, &report, &err) < 0) {
        doctor_note(x, DOCTOR_ERROR, "audit", "stop the agent, keep the file as evidence", "%s",
                    err.text);
        return;
    }
    const struct c138_json *first = c138_json_path(report, "problems.0");
    if (first)
        doctor_note(
            x, DOCTOR_ERROR, "audit",
            "keep the file as evidence and find out who wrote to it; chain138ctl audit verify "
            "shows all places",
            "%s, line %" PRIu64 ": %s", log, c138_json_get_uint(first, "line", 0),
            c138_json_get_str(first, "what", ""));
    else
        doctor_note(x, DOCTOR_OK, "audit", "", "%s: %" PRIu64 " records, whole", log,
                    c138_json_get_uint(report, "records", 0));
}

/* --- All of it
 * ----------------------------------------------------------------------------------------------------------------
 */

struct c138_json *doctor_examine(const struct doctor_options *options) {
    struct exam x = {.options = options, .checks = c138_json_new_array()};
    struct c138_json *report = c138_json_new_object();
    look_at_config(&x);
    if (x.config) {
        look_at_rules(&x, "schedules", schedule_check);
        look_at_rules(&x, "triggers", triggers_check);
        look_at_folder(&x, "state", x.state_dir);
        look_at_folder(&x, "run", x.run_dir);
        look_at_owner(&x);
        look_at_socket(&x);
        look_at_tokens(&x);
        look_at_space(&x);
        look_at_plugins(&x);
        look_at_agent(&x);
        if (x.client)
            look_at_rows(&x);
        look_at_store(&x);
        look_at_audit(&x);
        doctor_ports(&x);
        doctor_endpoints(&x);
        tell_unread(&x);
    }
    doctor_machine(&x);
    c138_json_set(report, "checks", x.checks);
    c138_json_set_uint(report, "errors", x.errors);
    c138_json_set_uint(report, "warnings", x.warnings);
    client_free(x.client);
    config_free(x.config);
    free(x.state_dir);
    free(x.run_dir);
    free(x.socket);
    c138_buf_deinit(&x.unread);
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
