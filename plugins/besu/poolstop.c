/*
 * All nodes of this host stopped together, their saved pools laid aside, and started again: the
 * only way to empty pools of what others sent. Nodes of other hosts that go on hand their transactions
 * over again; how many such peers there are is said.
 */
#include "poolclear.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DOWN_NS (1200 * C138_NS_PER_S)
#define LOOK_EVERY_NS (500 * C138_NS_PER_MS)

/* --- The plan -------------------------------------------------------------------------------- */

static int is_watched(const struct besu *b, const struct besu_address *account) {
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].node->has_address &&
            memcmp(&b->nodes[i].node->address, account, sizeof(*account)) == 0)
            return 1;
    return 0;
}

/* Peers that are not watched here: they are not stopped. Each is counted once a node. */
static uint32_t others_of(const struct besu_node *n, const struct besu *b) {
    uint32_t count = 0;
    for (uint32_t k = 0; k < n->n_peers; k++)
        count += (uint32_t)!is_watched(b, &n->peers[k].address);
    return count;
}

static void note_others(struct besu *b, struct besu_clearing *c) {
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        uint32_t others = others_of(n, b);
        if (others || n->no_peers_api)
            besu_clearing_note(
                c->remains,
                n->no_peers_api
                    ? c138_xasprintf("%s does not tell its peers (API ADMIN): those that are not "
                                     "watched here go on, and hand their transactions over again",
                                     n->config.name)
                    : c138_xasprintf("%s has %u peers that are not watched here: they go on, and "
                                     "hand their transactions over again: stop them at the same "
                                     "time",
                                     n->config.name, others));
    }
}

static void on_plan(void *user, const char *text, uint64_t length) {
    (void)c138_json_parse(text, length, user, NULL);
}

static void add_call(struct besu_clearing *c, const char *action, struct c138_json *plan) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "action", action);
    c138_json_set(o, "params", c138_json_new_object());
    if (plan)
        c138_json_set(o, "plan", plan);
    c138_json_append(c->calls, o);
}

static c138_status plan(struct besu *b, c138_call *call, struct besu_clearing *c) {
    struct c138_json *answer = NULL;
    c->calls = c138_json_new_array();
    c->remains = c138_json_new_array();
    c138_status status =
        C138_HAS(c138_caller, b->caller, plan)
            ? b->caller->plan(b->host, call, "stack.down", "{}", BESU_REMEDY_NS, on_plan, &answer)
            : C138_E_UNSUPPORTED;
    if (status != C138_OK) {
        C138_FREE char *text = c138_xasprintf(
            "besu: the nodes cannot be stopped from here: %.400s. Their services are in the hands "
            "of the plugin stack; without it follow the steps of stop_all by hand (--how replace "
            "shows them)",
            c138_json_get_str(answer, "message", c138_status_key(status)));
        c138_json_unref(answer);
        return c138_fail(call, status, "pool.no-stack", text);
    }
    add_call(c, "stack.down", answer);
    add_call(c, "stack.up", NULL);
    besu_lock(b);
    note_others(b, c);
    besu_unlock(b);
    return C138_OK;
}

/* --- Doing it -------------------------------------------------------------------------------- */

static void row(struct c138_json *rows, const char *what, const char *params, int ok,
                const char *text) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "action", what);
    c138_json_set_str(o, "params", params);
    c138_json_set_bool(o, "ok", ok);
    c138_json_set_str(o, "text", text);
    c138_json_append(rows, o);
}

/* While the node is stopped: what it saved of its pool would be read again at its start. */
static void lay_aside(const struct besu_node *n, struct c138_json *rows) {
    if (!n->config.data_dir)
        return;
    C138_FREE char *path = c138_path_join(n->config.data_dir, "txpool.dump");
    C138_FREE char *aside = c138_xasprintf("%s.cleared", path);
    if (rename(path, aside) == 0)
        row(rows, "lay aside", path, 1, "renamed: what it saved of its pool is not read again");
    else if (errno == ENOENT)
        row(rows, "lay aside", path, 1, "there is none: it saved nothing of its pool");
    else
        row(rows, "lay aside", path, 0, strerror(errno));
}

static int all_answer(struct besu *b, c138_call *call) {
    besu_look_all(b, call, 0);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].node->status != C138_OK)
            return 0;
    return !besu_network_stands(b);
}

/* Until all answer and blocks come again, or the call's time is over. */
static int wait_back(struct besu *b, c138_call *call) {
    c138_progress(call, 1001, "waiting until all nodes answer and blocks come again");
    for (;;) {
        besu_lock(b);
        int back = all_answer(b, call);
        besu_unlock(b);
        if (back || c138_cancelled(call))
            return back;
        struct timespec pause = {.tv_nsec = LOOK_EVERY_NS};
        nanosleep(&pause, NULL);
    }
}

static c138_status stop_all(struct besu *b, c138_call *call, const struct besu_clearing *before) {
    C138_JSON struct c138_json *approved = NULL, *done = c138_json_new_array();
    const struct c138_json *calls = besu_clearing_calls(call, before, &approved);
    struct besu_clearing after = {0};
    char text[400];
    if (!besu_clearing_call(b, call, c138_json_at(calls, 0), DOWN_NS, done))
        return c138_fail(call, C138_E_CONFLICT, "pool.not-stopped",
                         c138_json_get_str(c138_json_at(done, 0), "text", ""));
    besu_lock(b);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        lay_aside(b->nodes[i].node, done);
    besu_unlock(b);
    int started = besu_clearing_call(b, call, c138_json_at(calls, 1), DOWN_NS, done);
    int back = started && wait_back(b, call);
    after.nodes = c138_json_new_array();
    besu_lock(b);
    c138_status status = besu_clearing_look(b, call, &after);
    besu_unlock(b);
    besu_clearing_owners(b, call, &after);
    besu_clearing_remedies(&after, 0);
    besu_lock(b);
    note_others(b, &after);
    after.done = c138_json_ref(done);
    snprintf(text, sizeof(text), "%zu transactions waited, %zu wait now%s%s", before->pool.count,
             after.pool.count,
             back      ? ""
             : started ? "; not every node is back: see besu.status"
                       : "; the nodes could not be started again: stack.up, see done",
             after.pool.count ? "; peers that went on handed them over again, or they came since"
                              : "");
    if (status == C138_OK)
        besu_clearing_write(b, call, &after, text);
    besu_unlock(b);
    besu_clearing_deinit(&after);
    return status;
}

c138_status besu_pool_stop(struct besu *b, c138_call *call, struct besu_clearing *c) {
    char text[300];
    if (!b->caller)
        return c138_fail(
            call, C138_E_UNSUPPORTED, "pool.no-stack",
            "besu: the service \"call\" is not granted, so no node can be stopped from "
            "here (grants)");
    if (!call->plan_json) {
        c138_status status = plan(b, call, c);
        if (status != C138_OK)
            return status;
    }
    if (!call->dry_run)
        return stop_all(b, call, c);
    snprintf(text, sizeof(text),
             "stops every service of this host, lays the saved pools aside, and starts them again: "
             "no block is made meanwhile. %zu transactions wait",
             c->pool.count);
    besu_lock(b);
    besu_clearing_write(b, call, c, text);
    besu_unlock(b);
    return C138_OK;
}
