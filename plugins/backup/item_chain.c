/* Chain data: the live database by the first way of the ladder that works, and what lies beside it. */
#include "item.h"
#include "rocks.h"
#include "stage_socket.h"

#include "progress.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>
#include <evm/keccak.h>
#include <net/jsonrpc.h>
#include <net/rpcauth.h>

#include <stdio.h>
#include <string.h>

#define RPC_TIMEOUT_NS (5 * C138_NS_PER_S)
#define STOP_TIMEOUT_NS (1800 * C138_NS_PER_S)

/* What is made anew, what belongs to the running process, and what must never be on two hosts. */
const char *const item_chain_skips[] = {".chain138", "key",        "key.priv",      "nodekey",
                                        "caches",    "LOCK",       "LOG",           "LOG.old*",
                                        "*.ipc",     "besu.pid",   "besu.ports",    "besu.networks",
                                        "*.dbtmp",   "lost+found", NULL};
static const char *const beside_skips[] = {
    ".chain138", "key",      "key.priv",   "nodekey",       "caches",     "database", "*.ipc",
    "besu.pid",  "LOCK",     "besu.ports", "besu.networks", "lost+found", NULL};

/* --- What the node says ----------------------------------------------------------------------- */

static struct c138_json *block_of(struct c138_rpc *rpc, const char *tag) {
    C138_JSON struct c138_json *params = c138_json_new_array(), *block = NULL;
    c138_json_append(params, c138_json_new_str(tag));
    c138_json_append(params, c138_json_new_bool(0));
    if (c138_rpc_call(rpc, "eth_getBlockByNumber", params, &block, NULL, NULL) < 0 || !block)
        return NULL;
    uint64_t number = 0;
    if (c138_parse_quantity(c138_json_get_str(block, "number", ""), &number) < 0)
        return NULL;
    struct c138_json *out = c138_json_new_object();
    c138_json_set_uint(out, "number", number);
    c138_json_set_str(out, "hash", c138_json_get_str(block, "hash", ""));
    return out;
}

/* The address that signs blocks, from the node's public key in its enode. */
static void set_address(struct c138_rpc *rpc, struct c138_json *out) {
    C138_JSON struct c138_json *params = c138_json_new_array(), *enode = NULL;
    uint8_t key[64], hash[32];
    char text[C138_ADDRESS_TEXT];
    if (c138_rpc_call(rpc, "net_enode", params, &enode, NULL, NULL) < 0)
        return;
    const char *url = c138_json_as_str(enode, "");
    if (!c138_starts_with(url, "enode://") || strlen(url) < 8 + 128 ||
        c138_hex_decode(url + 8, 128, key) < 0)
        return;
    c138_keccak256(key, sizeof(key), hash);
    c138_address_format(hash + 12, text);
    c138_json_set_str(out, "node_address", text);
}

struct link {
    struct c138_rpc *rpc;
    struct c138_rpc_auth *auth;
};

static void link_close(struct link *l) {
    (void)c138_rpc_free(l->rpc);
    (void)c138_rpc_auth_free(l->auth);
}

#define LINK C138_CLEANUP(link_close)

/* `ret` is closed by its owner in any case. */
static int link_open(struct backup *b, const struct item_config *c, struct link *ret) {
    const struct c138_rpc_auth_options auth_options = {.host = b->host,
                                                       .node = c->name,
                                                       .url = c->rpc_url,
                                                       .token_file = c->token_file,
                                                       .timeout_ns = RPC_TIMEOUT_NS};
    if (!c->rpc_url)
        return 0;
    ret->auth = c138_rpc_auth_new(&auth_options);
    const struct c138_rpc_options options = {.url = c->rpc_url,
                                             .timeout_ns = RPC_TIMEOUT_NS,
                                             .token = ret->auth ? c138_rpc_auth_token : NULL,
                                             .user = ret->auth};
    return c138_rpc_new(&options, &ret->rpc) >= 0;
}

struct c138_json *item_chain_head(struct backup *b, const struct item_config *c, int whole) {
    LINK struct link l = {0};
    struct c138_json *head = link_open(b, c, &l) ? block_of(l.rpc, "latest") : NULL;
    if (!head)
        return NULL;
    struct c138_json *out = c138_json_new_object();
    c138_json_set(out, "head", head);
    C138_JSON struct c138_json *genesis = whole ? block_of(l.rpc, "0x0") : NULL;
    c138_json_set_str(out, "genesis", c138_json_get_str(genesis, "hash", NULL));
    if (whole)
        set_address(l.rpc, out);
    return out;
}

struct c138_json *item_chain_block(struct backup *b, const struct item_config *c, const char *tag) {
    LINK struct link l = {0};
    return link_open(b, c, &l) ? block_of(l.rpc, tag) : NULL;
}

static void note_head(struct item *i, const char *name, int whole) {
    C138_JSON struct c138_json *seen = item_chain_head(i->backup, i->config, whole);
    if (!seen && i->config->rpc_url)
        backup_log(i->backup, C138_LOG_WARNING,
                   "item %s: the node at %s gave no head: the manifest will not have it",
                   i->config->name, i->config->rpc_url);
    if (!seen)
        return;
    c138_json_set(i->details, name, c138_json_ref(c138_json_get(seen, "head")));
    if (c138_json_get(seen, "genesis"))
        c138_json_set_str(i->details, "genesis", c138_json_get_str(seen, "genesis", NULL));
    if (c138_json_get(seen, "node_address"))
        c138_json_set_str(i->details, "node_address",
                          c138_json_get_str(seen, "node_address", NULL));
}

/* --- The ladder ------------------------------------------------------------------------------- */

static int was_cancelled(void *user) {
    return c138_cancelled((c138_call *)user) != 0;
}

static void note_copy(struct item *i, const struct stage_copy *copy, const char *method) {
    c138_json_set_str(i->details, "method", method);
    c138_json_set_uint(i->details, "tries", copy->tries);
    c138_json_set_num(i->details, "locked_ms", (double)copy->locked_ns / 1e6);
    c138_json_set_uint(i->details, "log_bytes", copy->log_bytes);
    c138_json_set_uint(i->details, "logs", copy->n_logs);
}

static c138_status by_stage(struct item *i, enum stage_way way, const char *method,
                            struct c138_err *err) {
    C138_FREE char *stage = item_place(i->config->path, "stage");
    C138_FREE char *source = item_database_of(i->config->path);
    C138_FREE char *into = c138_path_join(stage, "database");
    const struct stage_options o = {.source = source,
                                    .into = into,
                                    .way = way,
                                    .cancelled = was_cancelled,
                                    .user = i->call};
    struct stage_copy copy = {0};
    c138_progress(i->call, 1001, "copying the live database");
    c138_status status = files_remove(stage, err);
    if (status >= 0)
        status = c138_mkdir_p(stage, 0750, err);
    if (status >= 0)
        status = stage_whole(&o, &copy, err);
    if (status >= 0)
        note_copy(i, &copy, method);
    stage_copy_deinit(&copy);
    return status;
}

/* The files beside the database are small and written whole by Besu: copied as they are. */
static c138_status copy_beside(struct item *i, struct c138_err *err) {
    C138_FREE char *stage = item_place(i->config->path, "stage");
    C138_FREE char *database = item_database_of(i->config->path);
    struct tree tree = TREE_NULL;
    if (!strcmp(database, i->config->path))
        return C138_OK; /* the path is the database itself */
    c138_status status = tree_scan(i->config->path, beside_skips, &tree, err);
    for (size_t n = 0; status >= 0 && n < tree.count; n++) {
        const struct tree_entry *e = &tree.entries[n];
        C138_FREE char *from = c138_path_join(i->config->path, e->path);
        C138_FREE char *to = c138_path_join(stage, e->path);
        if (S_ISDIR(e->st.st_mode))
            status = c138_mkdir_p(to, 0750, err);
        else if (S_ISREG(e->st.st_mode))
            status = files_copy(from, to, (uint64_t)e->st.st_size, e->st.st_mode & 0777, err);
        if (status == C138_E_NOTFOUND || status == C138_E_CONFLICT)
            status = C138_OK; /* went away, or is being written: no part of the chain */
    }
    tree_deinit(&tree);
    return status;
}

static c138_status staged(struct item *i, struct c138_err *err) {
    C138_FREE char *stage = item_place(i->config->path, "stage");
    c138_status status = i->staged_by_helper ? C138_OK : copy_beside(i, err);
    return status < 0 ? status : tree_scan(stage, item_chain_skips + 1, &i->tree, err);
}

static c138_status by_hook(struct item *i, struct c138_err *err) {
    const char *argv[] = {i->config->hook, "create", i->id, i->config->path, NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL, text = C138_BUF_NULL;
    int32_t code = 0;
    c138_status status = item_program(i->backup, i->call, argv, NULL, &out, &text, &code, err);
    if (status < 0)
        return status;
    char *folder = c138_xstrndup(c138_buf_text(&out), strcspn(c138_buf_text(&out), "\n"));
    if (code || c138_path_check(folder) < 0) {
        free(folder);
        return c138_error(err, C138_E_UNAVAILABLE, "backup.hook",
                          "%s create ended with %d and named no folder: %.300s", i->config->hook,
                          (int)code, c138_buf_text(&text));
    }
    i->snapshot = folder;
    c138_json_set_str(i->details, "method", "hook");
    return tree_scan(folder, item_chain_skips, &i->tree, err);
}

static c138_status by_helper(struct item *i, struct c138_err *err) {
    struct c138_json *answer = NULL;
    c138_progress(i->call, 1001, "chain138-stage copies the live database");
    c138_status status =
        stage_socket_ask(i->config->stage_socket, "stage", i->config->name, &answer, err);
    if (status >= 0) {
        i->staged_by_helper = 1;
        for (struct c138_json_iter it = c138_json_iter(answer); c138_json_next(&it);)
            c138_json_set(i->details, it.name, c138_json_ref(it.value));
        c138_json_set_str(i->details, "method", "link by chain138-stage");
    }
    c138_json_unref(answer);
    return status;
}

/* --- Stop, copy, start ------------------------------------------------------------------------ */

static c138_status service(struct item *i, const char *action, struct c138_err *err) {
    C138_JSON struct c138_json *params = c138_json_new_object();
    struct c138_json *services = c138_json_new_array();
    c138_json_append(services, c138_json_new_str(i->config->service));
    c138_json_set(params, "services", services);
    return backup_call(i->backup, i->call, action, params, STOP_TIMEOUT_NS, NULL, err);
}

/* One validator fewer must leave a quorum. Who is no validator, or whose chain is not watched, is
 * left to stack.stop, which looks for itself. */
static c138_status quorum_stays(struct item *i, struct c138_err *err) {
    C138_JSON struct c138_json *params = c138_json_new_object(), *seen = NULL;
    c138_json_set_str(params, "node", i->config->node);
    c138_status status =
        backup_call(i->backup, i->call, "besu.validators", params, 0, &seen, err);
    if (status < 0)
        return c138_error_prefix(err, status,
                                 "whether quorum remains without %s is not known, so it is not "
                                 "stopped",
                                 i->config->service);
    int64_t margin = c138_json_get_int(seen, "margin", -1);
    return margin >= 1
               ? C138_OK
               : c138_error(err, C138_E_CONFLICT, "backup.quorum",
                            "%s is not stopped: of %llu validators %llu are needed and %llu are "
                            "missing, so one fewer would halt the chain",
                            i->config->service,
                            (unsigned long long)c138_json_get_uint(seen, "validators", 0),
                            (unsigned long long)c138_json_get_uint(seen, "quorum", 0),
                            (unsigned long long)c138_json_get_uint(seen, "missing", 0));
}

static c138_status by_stop(struct item *i, struct c138_err *err) {
    c138_status status = i->config->node ? quorum_stays(i, err) : C138_OK;
    int64_t began = c138_now_monotonic_ns();
    if (status >= 0)
        status = service(i, "stack.stop", err);
    if (status < 0)
        return status;
    i->stopped = 1;
    status = by_stage(i, STAGE_COPY, "stop", err);
    struct c138_err again = {0};
    if (service(i, "stack.start", &again) < 0) {
        backup_log(i->backup, C138_LOG_ERROR, "item %s: %s could not be started again: %s",
                   i->config->name, i->config->service, again.text);
        if (status >= 0)
            return c138_error(err, again.status, "backup.start",
                              "%s was stopped for its copy and does not start again: %s",
                              i->config->service, again.text);
        return status;
    }
    i->stopped = 0;
    c138_json_set_num(i->details, "stopped_s",
                      (double)(c138_now_monotonic_ns() - began) / 1e9);
    return status;
}

/* --- Ladder and proof ------------------------------------------------------------------------- */

static int next_rung(c138_status status) {
    return status == C138_E_UNSUPPORTED || status == C138_E_DENIED;
}

static c138_status by_links(struct item *i, struct c138_err *err) {
    return i->config->stage_socket ? by_helper(i, err) : by_stage(i, STAGE_LINK, "link", err);
}

static c138_status climb(struct item *i, struct c138_err *err) {
    c138_status status = i->config->stage_socket ? C138_E_UNSUPPORTED
                                                 : by_stage(i, STAGE_REFLINK, "reflink", err);
    if (next_rung(status) && i->config->hook)
        return by_hook(i, err);
    if (next_rung(status))
        status = by_links(i, err);
    /* Stopping a node is nothing that happens by itself: only where the config names the service and
     * nothing else is possible. */
    if (next_rung(status) && i->config->service)
        status = by_stop(i, err);
    return status == C138_E_DENIED
               ? c138_error_prefix(err, status,
                                   "this agent's user may not link the node's files (set up "
                                   "chain138-stage, docs/backup.md)")
               : status;
}

static c138_status take(struct item *i, struct c138_err *err) {
    switch (i->config->method) {
    case METHOD_REFLINK:
        return by_stage(i, STAGE_REFLINK, "reflink", err);
    case METHOD_HOOK:
        return by_hook(i, err);
    case METHOD_LINK:
        return by_links(i, err);
    case METHOD_STOP:
        return by_stop(i, err);
    default:
        return climb(i, err);
    }
}

static c138_status prove(struct item *i, struct c138_err *err) {
    C138_FREE char *folder = item_database_of(i->tree.folder);
    struct progress progress;
    struct rocks_proof proof = {0};
    const struct rocks_options o = {.folder = folder,
                                    .cancelled = progress_cancelled,
                                    .progress = progress_add,
                                    .user = &progress};
    progress_begin(&progress, i->call, "proving the copy", 0);
    c138_status status = rocks_prove(&o, &proof, err);
    if (status == C138_E_UNSUPPORTED) {
        backup_log(i->backup, C138_LOG_WARNING, "item %s: %s", i->config->name, err->text);
        return C138_OK;
    }
    if (status >= 0) {
        c138_json_set_uint(i->details, "families", proof.families);
        c138_json_set_uint(i->details, "keys", proof.keys);
        c138_json_set_uint(i->details, "key_bytes", proof.bytes);
    }
    return status;
}

c138_status item_chain_open(struct item *i, struct c138_err *err) {
    note_head(i, "head_before", 1);
    c138_status status = take(i, err);
    if (status >= 0 && !i->snapshot)
        status = staged(i, err);
    note_head(i, "head_after", 0);
    return status >= 0 && i->config->prove ? prove(i, err) : status;
}

void item_chain_close(struct item *i) {
    C138_FREE char *stage = item_place(i->config->path, "stage");
    if (i->snapshot) {
        const char *argv[] = {i->config->hook, "remove", i->id, i->snapshot, NULL};
        struct c138_err err = {0};
        int32_t code = 0;
        if (item_program(i->backup, i->call, argv, NULL, NULL, NULL, &code, &err) < 0 || code)
            backup_log(i->backup, C138_LOG_ERROR,
                       "item %s: the snapshot %s was not removed (%s, exit %d): remove it by hand",
                       i->config->name, i->snapshot, err.text, (int)code);
    } else if (i->config->stage_socket) {
        (void)stage_socket_ask(i->config->stage_socket, "clean", i->config->name, NULL, NULL);
    } else {
        (void)files_remove(stage, NULL);
    }
}
