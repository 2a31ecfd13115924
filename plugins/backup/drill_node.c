/*
 * Besu, started on a restored copy: on free ports of 127.0.0.1, as nobody's validator. The copy holds no key, so
 * Besu makes one; it is refused to start on a folder that has one.
 */
#include "drill.h"

#include "item.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define ARGS_MAX 40
#define TAIL_MAX 4096
#define LOOK_NS (500 * C138_NS_PER_MS)

struct node {
    struct engine *engine;
    const char *argv[ARGS_MAX];
    char *env[5];
    pthread_t thread;
    atomic_int stop, ended;
    int32_t code;
    c138_status status;
    struct c138_buf tail; /* the last of what it printed; read after the thread ended */
};

/* --- The process ------------------------------------------------------------------------------ */

static void on_text(void *user, const char *text, uint64_t length) {
    struct node *n = user;
    if (n->tail.length + length > TAIL_MAX)
        c138_buf_reset(&n->tail);
    (void)c138_buf_add(&n->tail, text, length < TAIL_MAX ? (size_t)length : TAIL_MAX);
}

static uint32_t is_stopped(void *user) {
    return atomic_load(&((struct node *)user)->stop) != 0;
}

static void *run(void *user) {
    struct node *n = user;
    const c138_host *host = n->engine->backup->host;
    const c138_process *process = host->get_extension(host, C138_EXT_PROCESS);
    /* No cause: a cancelled call stops it through is_stopped, in order. */
    n->status = !C138_HAS(c138_process, process, watch)
                    ? C138_E_UNAVAILABLE
                    : process->watch(host, NULL, n->argv, (const char *const *)n->env,
                                     n->engine->backup->settings.drill_wait_ns + 60 * C138_NS_PER_S,
                                     on_text, on_text, is_stopped, n, &n->code);
    atomic_store(&n->ended, 1);
    return NULL;
}

static uint16_t free_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(a);
    C138_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &length) < 0)
        return 0;
    return ntohs(a.sin_port);
}

/* --- Its command line ------------------------------------------------------------------------- */

struct words {
    char *list[ARGS_MAX];
    size_t count;
};

static void word(struct words *w, char *text) {
    if (w->count < ARGS_MAX - 1)
        w->list[w->count++] = text;
    else
        free(text);
}

/* FOREST, BONSAI, ...: Besu refuses a folder of another format than it was told. NULL: not known. */
static char *format_of(const char *folder) {
    C138_FREE char *path = c138_path_join(folder, "DATABASE_METADATA.json");
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *v = NULL;
    if (c138_file_read(path, 65536, &text, NULL) < 0 ||
        c138_json_parse(c138_buf_text(&text), text.length, &v, NULL) < 0)
        return NULL;
    const char *format = c138_json_as_str(c138_json_path(v, "v2.format"), NULL);
    return format && strspn(format, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(format)
               ? c138_xstrdup(format)
               : NULL;
}

static void command(struct words *w, const struct backup_settings *s, const char *folder,
                    uint16_t rpc_port) {
    C138_FREE char *format = format_of(folder);
    word(w, c138_xstrdup(s->drill_besu));
    word(w, c138_xasprintf("--data-path=%s", folder));
    if (s->drill_genesis)
        word(w, c138_xasprintf("--genesis-file=%s", s->drill_genesis));
    if (format)
        word(w, c138_xasprintf("--data-storage-format=%s", format));
    word(w, c138_xstrdup("--rpc-http-enabled=true"));
    word(w, c138_xstrdup("--rpc-http-host=127.0.0.1"));
    word(w, c138_xasprintf("--rpc-http-port=%u", rpc_port));
    word(w, c138_xstrdup("--rpc-http-api=ETH,NET"));
    word(w, c138_xstrdup("--discovery-enabled=false"));
    word(w, c138_xstrdup("--sync-mode=FULL"));
    if (s->drill_peers) {
        /* It calls its peers; nobody can call it. */
        word(w, c138_xstrdup("--p2p-host=127.0.0.1"));
        word(w, c138_xstrdup("--p2p-interface=127.0.0.1"));
        word(w, c138_xasprintf("--p2p-port=%u", free_port()));
        word(w, c138_xstrdup("--nat-method=NONE"));
    } else {
        word(w, c138_xstrdup("--p2p-enabled=false"));
    }
}

/* --- Static nodes ----------------------------------------------------------------------------- */

/* With discovery off, peers are those of static-nodes.json; the copy's own list leads to the living network, so it
 * is replaced in any case. */
static c138_status write_peers(const struct backup_settings *s, const char *folder,
                               struct c138_err *err) {
    C138_FREE char *path = c138_path_join(folder, "static-nodes.json");
    C138_JSON struct c138_json *list = c138_json_new_array();
    for (size_t i = 0; s->drill_peers && s->drill_peers[i]; i++)
        c138_json_append(list, c138_json_new_str(s->drill_peers[i]));
    C138_FREE char *text = c138_json_dump(list);
    c138_status status = files_remove(path, err);
    return status < 0 ? status : c138_file_write(path, 0644, text, strlen(text), err);
}

/* --- Watching its head ------------------------------------------------------------------------ */

static int64_t head_of(struct engine *e, const char *url, char ret_hash[80]) {
    const struct item_config c = {.name = (char *)(uintptr_t) "drill", .rpc_url = (char *)(uintptr_t)url};
    C138_JSON struct c138_json *seen = item_chain_head(e->backup, &c, 0);
    const struct c138_json *head = c138_json_get(seen, "head");
    if (!head)
        return -1;
    (void)snprintf(ret_hash, 80, "%s", c138_json_get_str(head, "hash", ""));
    return (int64_t)c138_json_get_uint(head, "number", 0);
}

static void wait_a_little(void) {
    const struct timespec t = {.tv_nsec = LOOK_NS};
    (void)nanosleep(&t, NULL);
}

static c138_status watch_head(struct node *n, const char *url, int must_move, uint64_t *ret_from,
                              uint64_t *ret_to, struct c138_err *err) {
    struct engine *e = n->engine;
    int64_t until = c138_now_monotonic_ns() + e->backup->settings.drill_wait_ns, from = -1;
    char hash[80] = "";
    while (c138_now_monotonic_ns() < until && !atomic_load(&n->ended)) {
        int64_t head = head_of(e, url, hash);
        if (c138_cancelled(e->call))
            return c138_error(err, C138_E_CANCELLED, "backup.cancelled", "the drill was cancelled");
        if (head >= 0 && from < 0)
            from = head;
        if (from >= 0 && (!must_move || head > from)) {
            *ret_from = (uint64_t)from;
            *ret_to = (uint64_t)head;
            return C138_OK;
        }
        wait_a_little();
    }
    /* No verdict on the bytes: a missing Java or unreachable peers look the same from here. */
    return from < 0 ? c138_error(err, C138_E_UNAVAILABLE, "backup.drill-node",
                                 "the node on the restored copy gave no head: the log has its last "
                                 "words")
                    : c138_error(err, C138_E_UNAVAILABLE, "backup.drill-head",
                                 "the node on the restored copy opened it and stands at block %lld: "
                                 "its head did not move, so this backup is not proven; see that "
                                 "drill_peers can be reached from here, else do not trust it",
                                 (long long)from);
}

/* The copy must be of a time between its two heads, and not behind them. */
static c138_status compare(const struct manifest_item *i, uint64_t from, struct c138_err *err) {
    const struct c138_json *before = c138_json_get(i->details, "head_before");
    uint64_t least = c138_json_get_uint(before, "number", 0);
    return from >= least
               ? C138_OK
               : c138_error(err, C138_E_CONFLICT, "backup.differs",
                            "the restored node begins at block %llu, and the source was at %llu "
                            "before the copy was made",
                            (unsigned long long)from, (unsigned long long)least);
}

/* --- The whole -------------------------------------------------------------------------------- */

static c138_status with_node(struct node *n, const char *url, uint64_t *ret_from, uint64_t *ret_to,
                             struct c138_err *err) {
    int must_move = n->engine->backup->settings.drill_peers != NULL;
    c138_progress(n->engine->call, 1001,
                  must_move ? "waiting for the restored node's head to move"
                            : "waiting for the restored node's head");
    if (pthread_create(&n->thread, NULL, run, n))
        return c138_error(err, C138_E_INTERNAL, NULL, "no thread for the drill's node");
    c138_status status = watch_head(n, url, must_move, ret_from, ret_to, err);
    atomic_store(&n->stop, 1);
    (void)pthread_join(n->thread, NULL);
    if (n->status == C138_E_DENIED)
        return c138_error(err, n->status, "backup.program",
                          "%s may not be started: add it to plugins.backup.programs", n->argv[0]);
    if (status < 0 && n->tail.length)
        backup_log(n->engine->backup, C138_LOG_WARNING, "the drill's node said at last: %.1200s",
                   c138_buf_text(&n->tail));
    return status;
}

c138_status drill_node(struct engine *e, const struct manifest_item *i, const char *folder,
                       uint64_t *ret_from, uint64_t *ret_to, struct c138_err *err) {
    const struct backup_settings *s = &e->backup->settings;
    C138_FREE char *key = c138_path_join(folder, "key");
    uint16_t port = free_port();
    C138_FREE char *url = c138_xasprintf("http://127.0.0.1:%u", port);
    struct words w = {0};
    struct node n = {.engine = e};
    if (files_exists(key))
        return c138_error(err, C138_E_CONFLICT, "backup.drill-key",
                          "the copy holds a node key: no node is started on it");
    c138_status status = write_peers(s, folder, err);
    command(&w, s, folder, port);
    for (size_t k = 0; k < w.count; k++)
        n.argv[k] = w.list[k];
    n.env[0] = c138_xstrdup("PATH=/usr/bin:/bin");
    n.env[1] = c138_xasprintf("HOME=%s", folder);
    /* Java unpacks libraries; it may write into this folder only. */
    n.env[2] = c138_xasprintf("BESU_OPTS=%s -Duser.home=%s -Djava.io.tmpdir=%s -Djna.tmpdir=%s",
                              s->drill_java_options ? s->drill_java_options : "", folder, folder,
                              folder);
    n.env[3] = s->drill_java_home ? c138_xasprintf("JAVA_HOME=%s", s->drill_java_home) : NULL;
    if (status >= 0)
        status = with_node(&n, url, ret_from, ret_to, err);
    if (status >= 0)
        status = compare(i, *ret_from, err);
    for (size_t k = 0; k < w.count; k++)
        free(w.list[k]);
    for (size_t k = 0; k < 4; k++)
        free(n.env[k]);
    c138_buf_deinit(&n.tail);
    return status;
}
