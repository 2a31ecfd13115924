#include <config/config_internal.h>

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <schema/describe.h>
#include <schema/validate.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- Reading files --------------------------------------------------------------------------- */

static c138_status check_rights(const char *path, const struct stat *st, struct c138_err *err) {
    if (S_ISREG(st->st_mode) && st->st_size > (off_t)CONFIG_FILE_MAX)
        return c138_error(err, C138_E_LIMIT, "config.size", "%s is larger than 1 MiB", path);
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return c138_error(err, C138_E_INVALID, "config.file",
                          "%s is not a regular file: only files are read", path);
    if (st->st_mode & S_IWOTH)
        return c138_error(err, C138_E_DENIED, "config.rights",
                          "%s may be written by everybody: chmod o-w %s", path, path);
    return C138_OK;
}

static c138_status read_all(int fd, const char *path, struct c138_buf *text, struct c138_err *err) {
    char piece[16384];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return c138_error(err, C138_E_UNAVAILABLE, "config.read", "%s cannot be read: %s", path,
                              strerror(errno));
        if (n == 0)
            return C138_OK;
        if (c138_buf_add(text, piece, (size_t)n) < 0)
            return c138_error(err, C138_E_LIMIT, "config.size", "%s is larger than 1 MiB", path);
    }
}

static void add_file(struct config *c, const char *shown, const char *path, mode_t mode) {
    c->files = c138_xrealloc(c->files, (c->n_files + 1) * sizeof(*c->files));
    c->files[c->n_files++] =
        (struct config_file){c138_xstrdup(shown), c138_xstrdup(path), mode & 07777};
}

static c138_status read_file(struct config *c, const char *shown, const char *path,
                             struct c138_json *raw, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_MAX(CONFIG_FILE_MAX);
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int why = errno;
        return c138_error(err,
                          why == ENOENT   ? C138_E_NOTFOUND
                          : why == EACCES ? C138_E_DENIED
                                          : C138_E_UNAVAILABLE,
                          "config.read", "%s cannot be read: %s%s", path, strerror(why),
                          why == EACCES ? "; it must be readable by the agent's user" : "");
    }
    c138_status status = check_rights(path, &st, err);
    if (status >= 0 && S_ISDIR(st.st_mode))
        status = c138_error(err, C138_E_INVALID, "config.file", "%s is a folder, not a file", path);
    if (status >= 0)
        status = read_all(fd, path, &text, err);
    if (status < 0)
        return status;
    add_file(c, shown, path, st.st_mode);
    return config_parse(c, shown, c138_buf_text(&text), text.length, raw, err);
}

static int is_conf(const struct dirent *entry) {
    return entry->d_name[0] != '.' && c138_ends_with(entry->d_name, ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* 1: the folder is there. */
static c138_status read_folder(struct config *c, const char *folder, struct c138_json *raw,
                               int *ret_there, struct c138_err *err) {
    struct dirent **entries = NULL;
    struct stat st;
    *ret_there = stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
    if (!*ret_there)
        return C138_OK;
    c138_status status = check_rights(folder, &st, err);
    int n = status < 0 ? 0 : scandir(folder, &entries, is_conf, by_bytes);
    if (n < 0)
        return c138_error(err, C138_E_DENIED, "config.read", "%s cannot be listed: %s", folder,
                          strerror(errno));
    if (n > (int)CONFIG_FILES_MAX)
        status = c138_error(err, C138_E_LIMIT, "config.size", "%s holds more than %u files", folder,
                            CONFIG_FILES_MAX);
    for (int i = 0; i < n; i++) {
        C138_FREE char *path = c138_path_join(folder, entries[i]->d_name);
        C138_FREE char *shown = c138_xasprintf("conf.d/%s", entries[i]->d_name);
        if (status >= 0)
            status = read_file(c, shown, path, raw, err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static c138_status read_files(struct config *c, const char *file, struct c138_json *raw,
                              struct c138_err *err) {
    const char *slash = strrchr(file, '/');
    C138_FREE char *folder =
        slash ? c138_xstrndup(file, (size_t)(slash - file) + (slash == file)) : c138_xstrdup(".");
    C138_FREE char *parts = c138_path_join(folder, "conf.d");
    struct c138_err missing = {0};
    int there = 0;
    c138_status status = read_file(c, slash ? slash + 1 : file, file, raw, &missing);
    if (status < 0 && (status != C138_E_NOTFOUND || access(parts, F_OK) < 0)) {
        if (err)
            *err = missing;
        return status;
    }
    return read_folder(c, parts, raw, &there, err);
}

/* --- Checking -------------------------------------------------------------------------------- */

static int read_host(char *host, struct config_listen *l) {
    size_t n = strlen(host);
    if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        l->address.v6.sin6_family = AF_INET6;
        l->address.v6.sin6_port = htons(l->port);
        l->length = sizeof(l->address.v6);
        if (inet_pton(AF_INET6, host + 1, &l->address.v6.sin6_addr) != 1)
            return 0;
        l->any = IN6_IS_ADDR_UNSPECIFIED(&l->address.v6.sin6_addr) != 0;
        l->loopback = IN6_IS_ADDR_LOOPBACK(&l->address.v6.sin6_addr) != 0;
        return 1;
    }
    l->address.v4.sin_family = AF_INET;
    l->address.v4.sin_port = htons(l->port);
    l->length = sizeof(l->address.v4);
    if (inet_pton(AF_INET, host, &l->address.v4.sin_addr) != 1)
        return 0;
    l->any = l->address.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    l->loopback = (ntohl(l->address.v4.sin_addr.s_addr) >> 24) == 127;
    return 1;
}

c138_status config_listen_read(const char *text, struct config_listen *ret) {
    char host[64] = "";
    struct config_listen l = {.length = 0};
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host) ||
        c138_parse_uint(colon + 1, &port) < 0 || port > 65535)
        return C138_E_INVALID;
    memcpy(host, text, (size_t)(colon - text));
    l.port = (uint16_t)port;
    (void)snprintf(l.text, sizeof(l.text), "%s", text);
    if (!read_host(host, &l))
        return C138_E_INVALID;
    *ret = l;
    return C138_OK;
}

c138_status config_listen_check(const char *address, int loopback) {
    struct config_listen l;
    return config_listen_read(address, &l) >= 0 && (!loopback || l.loopback) ? C138_OK
                                                                             : C138_E_INVALID;
}

static c138_status check_unique(const struct config *c, const char *list, struct c138_err *err) {
    const struct c138_json *rules = c138_json_get(c->document, list);
    C138_JSON struct c138_json *seen = c138_json_new_object();
    for (size_t i = 0; i < c138_json_count(rules); i++) {
        char path[64];
        const char *name = c138_json_get_str(c138_json_at(rules, i), "name", "");
        (void)snprintf(path, sizeof(path), "%s.%zu.name", list, i);
        const char *first = c138_json_get_str(seen, name, NULL);
        if (first)
            return config_error(c, path, err, "%s is the name of another rule, at %s", name, first);
        c138_json_set_str(seen, name, config_where(c, path));
    }
    return C138_OK;
}

static c138_status check_listen(const struct config *c, const char *path, int loopback,
                                struct c138_err *err) {
    const char *address = config_str(c, path);
    if (!address || !*address || config_listen_check(address, loopback) >= 0)
        return C138_OK;
    return config_error(c, path, err,
                        loopback ? "%.64s is no loopback address and port: expected one such as "
                                   "127.0.0.1:9138 or [::1]:9138"
                                 : "%.64s is no address and port: expected one such as "
                                   "127.0.0.1:9139 or [::1]:9139",
                        address);
}

/* [::] takes IPv4 as well, 0.0.0.0 all of it. */
static int same_door(const struct config_listen *a, const struct config_listen *b) {
    sa_family_t fa = a->address.sa.sa_family, fb = b->address.sa.sa_family;
    if (!a->port || a->port != b->port)
        return 0;
    if (fa != fb)
        return (a->any && fa == AF_INET6) || (b->any && fb == AF_INET6);
    if (a->any || b->any)
        return 1;
    return fa == AF_INET6 ? IN6_ARE_ADDR_EQUAL(&a->address.v6.sin6_addr, &b->address.v6.sin6_addr)
                          : a->address.v4.sin_addr.s_addr == b->address.v4.sin_addr.s_addr;
}

/* The i-th door of the config: its setting's path; 0 if it has no address. */
static int door(const struct config *c, size_t i, char ret_path[96], struct config_listen *ret) {
    if (i < 2)
        (void)snprintf(ret_path, 96, "%s.listen", i ? "metrics" : "api");
    else
        (void)snprintf(ret_path, 96, "plugins.%s.metrics_listen", c->plugins[i - 2].name);
    const char *address = config_str(c, ret_path);
    return address && *address && config_listen_read(address, ret) >= 0;
}

/* Two doors at one address: the second one would fail at the start only. */
static c138_status check_doors(const struct config *c, struct c138_err *err) {
    char path[96], other[96];
    struct config_listen mine, theirs;
    for (size_t i = 1; i < c->n_plugins + 2; i++)
        for (size_t k = 0; k < i && door(c, i, path, &mine); k++)
            if (door(c, k, other, &theirs) && same_door(&mine, &theirs))
                return config_error(c, path, err, "%s is taken by %s already, at %s", mine.text,
                                    other, config_where(c, other));
    return C138_OK;
}

static c138_status check_rest(struct config *c, struct c138_err *err) {
    const char *mode = config_str(c, "api.socket_mode");
    if (mode && strspn(mode, "01234567") != strlen(mode))
        return config_error(c, "api.socket_mode", err, "%s is not octal, such as 0660", mode);
    if (mode && (strtoul(mode, NULL, 8) & 0002))
        return config_error(c, "api.socket_mode", err,
                            "%s lets everybody on this host in: expected one such as 0660", mode);
    c138_status status = check_unique(c, "schedules", err);
    if (status >= 0)
        status = check_unique(c, "triggers", err);
    if (status >= 0)
        status = check_listen(c, "api.listen", 1, err);
    if (status >= 0)
        status = check_listen(c, "metrics.listen", 0, err);
    if (status >= 0)
        status = config_take_plugins(c, err);
    return status < 0 ? status : check_doors(c, err);
}

static c138_status check(struct config *c, struct c138_json *raw, struct c138_err *err) {
    struct decl_field *const *fields = c->sections->settings;
    for (size_t i = 0; fields[i]; i++)
        if (!c138_json_has(raw, fields[i]->name))
            c138_json_set(raw, fields[i]->name,
                          fields[i]->type == C138_T_LIST ? c138_json_new_array()
                                                         : c138_json_new_object());
    c138_status status = config_check_names(c, fields, NULL, raw, "", err);
    if (status < 0)
        return status;
    status = validate_object(fields, raw, VALIDATE_FROM_TEXT, &c->document, err);
    if (status < 0)
        return config_blame(c, "", status, err);
    struct c138_json *api = c138_json_get(c->document, "api");
    if (!c138_json_has(api, "socket")) {
        C138_FREE char *socket = c138_path_join(config_str(c, "agent.run_dir"), "agent.sock");
        c138_json_set_str(api, "socket", socket);
    }
    return check_rest(c, err);
}

/* --- Making ---------------------------------------------------------------------------------- */

static c138_status declare(const c138_plugin *table, struct decl_plugin **ret,
                           struct c138_err *err) {
    C138_JSON struct c138_json *document = NULL;
    c138_status status = describe_plugin(table, DESCRIBE_TABLES_ONLY, NULL, 0, &document, err);
    return status < 0 ? status : decl_plugin_new(document, ret, err);
}

static c138_status make(struct config **ret, struct c138_err *err) {
    struct config *c = c138_xcalloc(1, sizeof(*c));
    c->where = c138_json_new_object();
    c138_status status = declare(&config_sections_table, &c->sections, err);
    if (status >= 0)
        status = declare(&config_common_table, &c->common, err);
    if (status < 0)
        c = config_free(c);
    *ret = c;
    return status;
}

c138_status config_read(const char *file, struct config **ret_config, struct c138_err *err) {
    struct config *c = NULL;
    c138_status status = make(&c, err);
    if (status < 0)
        return status;
    C138_JSON struct c138_json *raw = c138_json_new_object();
    status = read_files(c, file, raw, err);
    if (status >= 0)
        status = check(c, raw, err);
    if (status < 0)
        config_free(c);
    else
        *ret_config = c;
    return status;
}

c138_status config_read_text(const char *text, size_t length, struct config **ret_config,
                             struct c138_err *err) {
    struct config *c = NULL;
    c138_status status = make(&c, err);
    if (status < 0)
        return status;
    C138_JSON struct c138_json *raw = c138_json_new_object();
    C138_FREE char *copy = c138_xcalloc(1, length + 1);
    memcpy(copy, text, length);
    status = config_parse(c, "chain138.conf", copy, length, raw, err);
    if (status >= 0)
        status = check(c, raw, err);
    if (status < 0)
        config_free(c);
    else
        *ret_config = c;
    return status;
}

struct config *config_free(struct config *c) {
    if (!c)
        return NULL;
    for (size_t i = 0; i < c->n_files; i++) {
        free(c->files[i].shown);
        free(c->files[i].path);
    }
    for (size_t i = 0; i < c->n_kept; i++)
        free(c->kept[i]);
    free(c->files);
    free(c->kept);
    free(c->plugins);
    decl_plugin_free(c->sections);
    decl_plugin_free(c->common);
    c138_json_unref(c->where);
    c138_json_unref(c->document);
    free(c);
    return NULL;
}

/* --- Asking ---------------------------------------------------------------------------------- */

const struct c138_json *config_json(const struct config *c, const char *path) {
    return c138_json_path(c->document, path);
}

const char *config_str(const struct config *c, const char *path) {
    return c138_json_as_str(config_json(c, path), NULL);
}

int64_t config_int(const struct config *c, const char *path) {
    const struct c138_json *v = config_json(c, path);
    int64_t ns = 0;
    if (c138_json_type(v) == C138_JSON_BOOL)
        return c138_json_as_bool(v, 0);
    const char *text = c138_json_as_str(v, NULL);
    return text ? (c138_duration_parse(text, &ns) < 0 ? 0 : ns) : c138_json_as_int(v, 0);
}

uint64_t config_uint(const struct config *c, const char *path) {
    const struct c138_json *v = config_json(c, path);
    uint64_t bytes = 0;
    const char *text = c138_json_as_str(v, NULL);
    return text ? (c138_size_parse(text, &bytes) < 0 ? 0 : bytes) : c138_json_as_uint(v, 0);
}

struct c138_json *config_files(const struct config *c) {
    struct c138_json *names = c138_json_new_array();
    for (size_t i = 0; i < c->n_files; i++)
        c138_json_append(names, c138_json_new_str(c->files[i].path));
    return names;
}
