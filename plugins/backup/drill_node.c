/*
 * Besu, started on a restored copy as nobody's validator: the program, on free ports of 127.0.0.1, or an image, in a box
 * without a network. The copy holds no key, so Besu makes one; it is refused to start on a folder that has one.
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

#define TAIL_MAX 4096
#define LOOK_NS (500 * C138_NS_PER_MS)
#define SOCKET "drill.ipc"
#define GENESIS "drill-genesis.json"

struct node {
    struct engine *engine;
    const struct manifest_item *item;
    struct drill_words argv;
    char *env[5];
    char *url, *socket; /* where it answers: the one or the other */
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
                    : process->watch(host, NULL, (const char *const *)n->argv.list,
                                     (const char *const *)n->env,
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

void drill_word(struct drill_words *w, char *text) {
    if (w->count < DRILL_WORDS_MAX - 1)
        w->list[w->count++] = text;
    else
        free(text);
}

void drill_words_deinit(struct drill_words *w) {
    for (size_t i = 0; i < w->count; i++)
        free(w->list[i]);
    *w = (struct drill_words){0};
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

/* What both are told. `data`: the folder as the node sees it. */
static void common_words(struct drill_words *w, const char *folder, const char *data,
                         const char *genesis) {
    C138_FREE char *format = format_of(folder);
    drill_word(w, c138_xasprintf("--data-path=%s", data));
    if (genesis)
        drill_word(w, c138_xasprintf("--genesis-file=%s", genesis));
    if (format)
        drill_word(w, c138_xasprintf("--data-storage-format=%s", format));
    drill_word(w, c138_xstrdup("--discovery-enabled=false"));
    drill_word(w, c138_xstrdup("--sync-mode=FULL"));
}

static void program_words(struct drill_words *w, const struct backup_settings *s,
                          const char *folder, uint16_t rpc_port) {
    drill_word(w, c138_xstrdup(s->drill_besu));
    common_words(w, folder, folder, s->drill_genesis);
    drill_word(w, c138_xstrdup("--rpc-http-enabled=true"));
    drill_word(w, c138_xstrdup("--rpc-http-host=127.0.0.1"));
    drill_word(w, c138_xasprintf("--rpc-http-port=%u", rpc_port));
    drill_word(w, c138_xstrdup("--rpc-http-api=ETH,NET"));
    if (s->drill_peers) {
        /* It calls its peers; nobody can call it. */
        drill_word(w, c138_xstrdup("--p2p-host=127.0.0.1"));
        drill_word(w, c138_xstrdup("--p2p-interface=127.0.0.1"));
        drill_word(w, c138_xasprintf("--p2p-port=%u", free_port()));
        drill_word(w, c138_xstrdup("--nat-method=NONE"));
    } else {
        drill_word(w, c138_xstrdup("--p2p-enabled=false"));
    }
}

/* Without a network nobody asks over HTTP: it answers at a socket in the folder that we share with it. */
static void image_words(struct drill_words *w, const struct backup_settings *s,
                        const char *folder) {
    common_words(w, folder, DRILL_BOX_DATA,
                 s->drill_genesis ? DRILL_BOX_DATA "/" GENESIS : NULL);
    drill_word(w, c138_xstrdup("--p2p-enabled=false"));
    drill_word(w, c138_xstrdup("--rpc-http-enabled=false"));
    drill_word(w, c138_xstrdup("--Xrpc-ipc-enabled=true"));
    drill_word(w, c138_xstrdup("--Xrpc-ipc-path=" DRILL_BOX_DATA "/" SOCKET));
    drill_word(w, c138_xstrdup("--Xrpc-ipc-apis=ETH,NET"));
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

static struct c138_json *block_at(const struct node *n, const char *tag) {
    const struct item_config c = {.name = (char *)(uintptr_t) "drill", .rpc_url = n->url};
    return n->socket ? drill_ipc_block(n->socket, tag)
                     : item_chain_block(n->engine->backup, &c, tag);
}

static int64_t head_of(const struct node *n) {
    C138_JSON struct c138_json *head = block_at(n, "latest");
    return head ? (int64_t)c138_json_get_uint(head, "number", 0) : -1;
}

static void wait_a_little(void) {
    const struct timespec t = {.tv_nsec = LOOK_NS};
    (void)nanosleep(&t, NULL);
}

static c138_status watch_head(struct node *n, int must_move, uint64_t *ret_from, uint64_t *ret_to,
                              struct c138_err *err) {
    struct engine *e = n->engine;
    int64_t until = c138_now_monotonic_ns() + e->backup->settings.drill_wait_ns, from = -1;
    while (c138_now_monotonic_ns() < until && !atomic_load(&n->ended)) {
        int64_t head = head_of(n);
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

/* --- Comparing it with its source -------------------------------------------------------------- */

static c138_status compare_genesis(const struct node *n, struct c138_err *err) {
    const char *want = c138_json_get_str(n->item->details, "genesis", NULL);
    C138_JSON struct c138_json *block = want ? block_at(n, "0x0") : NULL;
    const char *got = c138_json_get_str(block, "hash", "");
    return !want || !strcmp(got, want)
               ? C138_OK
               : c138_error(err, C138_E_UNAVAILABLE, "backup.drill-chain",
                            "the genesis of the restored node is %.80s, and of its source it was "
                            "%.80s: see that drill_genesis is the file of this network",
                            *got ? got : "not told", want);
}

/* The source's head from before the copy must be in it. No verdict on the bytes where another block is in
 * its place: a chain without finality may have taken it back meanwhile. */
static c138_status compare_head(const struct node *n, uint64_t from, struct c138_err *err) {
    const struct c138_json *before = c138_json_get(n->item->details, "head_before");
    uint64_t least = c138_json_get_uint(before, "number", 0);
    if (from < least)
        return c138_error(err, C138_E_CONFLICT, "backup.differs",
                          "the restored node begins at block %llu, and the source was at %llu "
                          "before the copy was made",
                          (unsigned long long)from, (unsigned long long)least);
    C138_FREE char *tag = c138_xasprintf("0x%llx", (unsigned long long)least);
    C138_JSON struct c138_json *block = before ? block_at(n, tag) : NULL;
    const char *want = c138_json_get_str(before, "hash", ""), *got = c138_json_get_str(block, "hash", "");
    return !before || !strcmp(got, want)
               ? C138_OK
               : c138_error(err, C138_E_UNAVAILABLE, "backup.drill-chain",
                            "block %llu of the restored node is %.80s, and at its source it was "
                            "%.80s: another chain, or one that was reorganised",
                            (unsigned long long)least, *got ? got : "not there", want);
}

/* --- The whole -------------------------------------------------------------------------------- */

static c138_status could_not_start(const struct node *n, struct c138_err *err) {
    const char *program = n->argv.list[0];
    return n->status == C138_E_DENIED
               ? c138_error(err, n->status, "backup.program",
                            "%s may not be started: add it to plugins.backup.programs", program)
               : c138_error(err, C138_E_UNAVAILABLE, "backup.program",
                            "%s is not there: install it, or correct its path", program);
}

static c138_status with_node(struct node *n, uint64_t *ret_from, uint64_t *ret_to,
                             struct c138_err *err) {
    int must_move = n->engine->backup->settings.drill_peers != NULL;
    c138_progress(n->engine->call, 1001,
                  must_move ? "waiting for the restored node's head to move"
                            : "waiting for the restored node's head");
    if (pthread_create(&n->thread, NULL, run, n))
        return c138_error(err, C138_E_INTERNAL, NULL, "no thread for the drill's node");
    c138_status status = watch_head(n, must_move, ret_from, ret_to, err);
    if (status >= 0)
        status = compare_genesis(n, err);
    if (status >= 0)
        status = compare_head(n, *ret_from, err);
    atomic_store(&n->stop, 1);
    (void)pthread_join(n->thread, NULL);
    if (n->status == C138_E_DENIED || n->status == C138_E_NOTFOUND)
        return could_not_start(n, err);
    if (status < 0 && n->tail.length)
        backup_log(n->engine->backup, C138_LOG_WARNING, "the drill's node said at last: %.1200s",
                   c138_buf_text(&n->tail));
    return status;
}

static c138_status as_program(struct node *n, const char *folder, uint64_t *ret_from,
                              uint64_t *ret_to, struct c138_err *err) {
    const struct backup_settings *s = &n->engine->backup->settings;
    uint16_t port = free_port();
    n->url = c138_xasprintf("http://127.0.0.1:%u", port);
    program_words(&n->argv, s, folder, port);
    n->env[0] = c138_xstrdup("PATH=/usr/bin:/bin");
    n->env[1] = c138_xasprintf("HOME=%s", folder);
    /* Java unpacks libraries; it may write into this folder only. */
    n->env[2] = c138_xasprintf("BESU_OPTS=%s -Duser.home=%s -Djava.io.tmpdir=%s -Djna.tmpdir=%s",
                               s->drill_java_options ? s->drill_java_options : "", folder, folder,
                               folder);
    n->env[3] = s->drill_java_home ? c138_xasprintf("JAVA_HOME=%s", s->drill_java_home) : NULL;
    return with_node(n, ret_from, ret_to, err);
}

static c138_status copy_genesis(const char *from, const char *folder, struct c138_err *err) {
    C138_FREE char *to = c138_path_join(folder, GENESIS);
    return from ? files_copy(from, to, files_size(from), 0644, err) : C138_OK;
}

static c138_status as_image(struct node *n, const char *folder, uint64_t *ret_from,
                            uint64_t *ret_to, struct c138_err *err) {
    struct backup *b = n->engine->backup;
    struct drill_words besu = {0};
    struct drill_box box = {0};
    n->socket = c138_path_join(folder, SOCKET);
    if (!drill_ipc_path_fits(n->socket))
        return c138_error(err, C138_E_LIMIT, "backup.drill-socket",
                          "%s is too long for a socket: set a shorter scratch", n->socket);
    drill_boxes_clean(b); /* what could not be taken down before */
    image_words(&besu, &b->settings, folder);
    drill_box_env(b, n->env);
    c138_status status = copy_genesis(b->settings.drill_genesis, folder, err);
    if (status >= 0)
        status = drill_box_make(n->engine, folder, &besu, &box, &n->argv, err);
    if (status >= 0)
        status = with_node(n, ret_from, ret_to, err);
    drill_box_remove(b, &box);
    drill_words_deinit(&besu);
    return status;
}

c138_status drill_node(struct engine *e, const struct manifest_item *i, const char *folder,
                       uint64_t *ret_from, uint64_t *ret_to, struct c138_err *err) {
    const struct backup_settings *s = &e->backup->settings;
    C138_FREE char *key = c138_path_join(folder, "key");
    struct node n = {.engine = e, .item = i};
    if (files_exists(key))
        return c138_error(err, C138_E_CONFLICT, "backup.drill-key",
                          "the copy holds a node key: no node is started on it");
    c138_status status = write_peers(s, folder, err);
    if (status >= 0)
        status = s->drill_image ? as_image(&n, folder, ret_from, ret_to, err)
                                : as_program(&n, folder, ret_from, ret_to, err);
    drill_words_deinit(&n.argv);
    for (size_t k = 0; k < C138_COUNT(n.env); k++)
        free(n.env[k]);
    free(n.url);
    free(n.socket);
    c138_buf_deinit(&n.tail);
    return status;
}
