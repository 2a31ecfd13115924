/* The writes. Besu says true also where nothing happens: what came of it is looked at afterwards.
 */
#include "besu.h"

#include <base/json.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LOOK_EVERY_NS (250 * C138_NS_PER_MS)

/* 1, 0, -1: the node would not tell. */
static int is_connected(struct besu_node *n, const char *enode, struct c138_err *err) {
    C138_JSON struct c138_json *peers = NULL;
    char id[129];
    besu_enode_id(enode, id);
    if (besu_node_call(n, "admin_peers", NULL, &peers, err) != C138_OK)
        return -1;
    for (size_t i = 0; i < c138_json_count(peers); i++) {
        const char *peer = c138_json_get_str(c138_json_at(peers, i), "id", "");
        if (c138_starts_with(peer, "0x"))
            peer += 2;
        if (id[0] && strcasecmp(peer, id) == 0)
            return 1;
    }
    return 0;
}

/* Until the connection is as wanted, the wait is over, or the call is cancelled. */
static int wait_connected(struct besu_node *n, c138_call *call, const char *enode, int wanted,
                          struct c138_err *err) {
    int64_t end = c138_now_monotonic_ns() + c138_int(call, "wait");
    for (;;) {
        int now = is_connected(n, enode, err);
        if (now < 0 || now == wanted || c138_cancelled(call) || c138_now_monotonic_ns() >= end)
            return now;
        struct timespec pause = {.tv_nsec = LOOK_EVERY_NS};
        nanosleep(&pause, NULL);
    }
}

static c138_status pick_asked(struct besu *b, c138_call *call, struct besu_node **ret_node) {
    uint32_t i;
    c138_status status = besu_pick(b, call, &i);
    if (status != C138_OK)
        return status;
    if (i == UINT32_MAX && b->n_nodes > 1)
        return c138_fail(call, C138_E_INVALID, "param.missing",
                         "node: several nodes are watched: say which one (--node NAME, see "
                         "besu.nodes)");
    i = i == UINT32_MAX ? 0 : i;
    if (!b->nodes[i].node->probed) /* its APIs say what can be checked afterwards */
        besu_look(b, i);
    *ret_node = b->nodes[i].node;
    return C138_OK;
}

static c138_status ask_bool(struct besu_node *n, const char *method, const char *enode,
                            int *ret_answer, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    struct c138_json *params = c138_json_new_array();
    c138_json_append(params, c138_json_new_str(enode));
    c138_status status = besu_node_call(n, method, params, &result, err);
    *ret_answer = c138_json_as_bool(result, 0);
    return status;
}

/* On a permissioned node: is the peer on its allowlist? -1: the node has none, or does not tell. */
static int is_allowed(struct besu_node *n, const char *enode) {
    C138_JSON struct c138_json *list = NULL;
    struct c138_err ignored;
    char id[129], other[129];
    besu_enode_id(enode, id);
    if (!(n->apis & BESU_API_PERM) ||
        besu_node_call(n, "perm_getNodesAllowlist", NULL, &list, &ignored) != C138_OK)
        return -1;
    for (size_t i = 0; i < c138_json_count(list); i++)
        if (strcasecmp(besu_enode_id(c138_json_as_str(c138_json_at(list, i), ""), other), id) == 0)
            return 1;
    return 0;
}

static int is_self(const struct besu_node *n, const char *enode) {
    char own[129], id[129];
    return besu_enode_id(n->enode, own)[0] && strcasecmp(own, besu_enode_id(enode, id)) == 0;
}

static const char *why_not_connected(struct besu_node *n, const char *enode, int added) {
    if (is_self(n, enode))
        return "this enode is the node itself";
    if (is_allowed(n, enode) == 0)
        return "the enode is not on the node's allowlist, so it will never connect, although the "
               "node said yes: add it there first (besu.node-allow)";
    return added ? "added, but not connected yet: check that the peer runs, that its address and "
                   "port are right and not filtered, and that it allows this node"
                 : "the node knew this peer already, and is not connected: check that the peer "
                   "runs, that its address and port are right, and that it allows this node";
}

c138_status besu_peer_add_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct besu_node *n = NULL;
    struct c138_err err = {0};
    int added = 0;
    const char *enode = c138_str(call, "enode");
    c138_status status = pick_asked(b, call, &n);
    if (status != C138_OK)
        return status;
    if (ask_bool(n, "admin_addPeer", enode, &added, &err) != C138_OK)
        return besu_fail(call, &err);
    c138_progress(call, 1001, "waiting for the connection");
    int connected = wait_connected(n, call, enode, 1, &err);
    if (connected < 0)
        return besu_fail(call, &err);
    c138_set_str(call, "node", n->config.name);
    c138_set_bool(call, "connected", (uint32_t)connected);
    c138_set_bool(call, "added", (uint32_t)added);
    if (connected) {
        c138_set_str(call, "text", added ? "connected" : "was connected or known already");
        return C138_OK;
    }
    const char *why = why_not_connected(n, enode, added);
    c138_set_str(call, "text", why);
    if (is_self(n, enode) || is_allowed(n, enode) == 0) {
        C138_FREE char *text =
            c138_xasprintf("besu: node %s at %s: %s", n->config.name, n->config.url, why);
        return c138_fail(call, C138_E_CONFLICT, "peer.impossible", text);
    }
    return C138_OK;
}

c138_status besu_peer_remove_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct besu_node *n = NULL;
    struct c138_err err = {0};
    int removed = 0;
    const char *enode = c138_str(call, "enode");
    c138_status status = pick_asked(b, call, &n);
    if (status != C138_OK)
        return status;
    if (ask_bool(n, "admin_removePeer", enode, &removed, &err) != C138_OK)
        return besu_fail(call, &err);
    int connected = wait_connected(n, call, enode, 0, &err);
    if (connected < 0)
        return besu_fail(call, &err);
    c138_set_str(call, "node", n->config.name);
    c138_set_bool(call, "connected", (uint32_t)connected);
    c138_set_bool(call, "removed", (uint32_t)removed);
    c138_set_str(call, "text",
                 connected ? "still connected: the peer dials this node itself; take it off the "
                             "allowlist (besu.node-deny), or remove this node there"
                 : removed
                     ? "removed; it comes back if the peer dials, or at a restart if it is in "
                       "static-nodes.json"
                     : "was not on the node's list, and is not connected");
    return C138_OK;
}

c138_status besu_log_level_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct besu_node *n = NULL;
    struct c138_err err = {0};
    C138_JSON struct c138_json *result = NULL;
    const char *logger = c138_has(call, "logger") ? c138_str(call, "logger") : NULL;
    c138_status status = pick_asked(b, call, &n);
    if (status != C138_OK)
        return status;
    struct c138_json *params = c138_json_new_array();
    c138_json_append(params, c138_json_new_str(c138_str(call, "level")));
    if (logger) {
        struct c138_json *loggers = c138_json_new_array();
        c138_json_append(loggers, c138_json_new_str(logger));
        c138_json_append(params, loggers);
    }
    if (besu_node_call(n, "admin_changeLogLevel", params, &result, &err) != C138_OK)
        return besu_fail(call, &err);
    if (strcmp(c138_json_as_str(result, ""), "Success") != 0) {
        C138_FREE char *text = c138_xasprintf(
            "besu: node %s at %s did not confirm the new log level", n->config.name, n->config.url);
        return c138_fail(call, C138_E_CONFLICT, "log.unconfirmed", text);
    }
    c138_set_str(call, "node", n->config.name);
    c138_set_str(call, "level", c138_str(call, "level"));
    c138_set_str(call, "logger", logger ? logger : "");
    /* Besu takes any name of a logger, and tells nobody which level one has. */
    c138_set_str(call, "text",
                 logger ? "set until the node is restarted; a logger that does not exist is "
                          "accepted too"
                        : "set until the node is restarted");
    return C138_OK;
}
