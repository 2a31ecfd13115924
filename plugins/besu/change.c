/* One change of allowlists: on disk before it begins, and undone where it was cut off. */
#include "permission.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY "change"
#define FILE_MAX (4u << 20)

/* --- On disk --------------------------------------------------------------------------------- */

void besu_change_deinit(struct besu_change *c) {
    for (uint32_t i = 0; i < c->n_nodes; i++)
        free(c->nodes[i]);
    free(c->item);
    *c = (struct besu_change){0};
}

static struct c138_json *change_json(const struct besu_change *c) {
    struct c138_json *o = c138_json_new_object(), *nodes = c138_json_new_array();
    c138_json_set_str(o, "list", besu_list_name(c->kind));
    c138_json_set_bool(o, "allow", c->allow);
    c138_json_set_str(o, "item", c->item);
    for (uint32_t i = 0; i < c->n_nodes; i++)
        c138_json_append(nodes, c138_json_new_str(c->nodes[i]));
    c138_json_set(o, "nodes", nodes);
    return o;
}

c138_status besu_change_begin(struct besu *b, const struct besu_change *change,
                              struct c138_err *err) {
    if (b->begun.n_nodes)
        return c138_error(err, C138_E_CONFLICT, "permission.unfinished",
                          "besu: a change of the %s lists (%s) was cut off and is being undone: "
                          "wait until every node of it answers (besu.permissions)",
                          besu_list_name(b->begun.kind), b->begun.item);
    if (!b->kv)
        return C138_OK; /* without a store it is as good as the run is long */
    C138_JSON struct c138_json *o = change_json(change);
    C138_FREE char *text = c138_json_dump(o);
    c138_status status = b->kv->put(b->host, KEY, text, strlen(text));
    return status == C138_OK ? C138_OK
                             : c138_error(err, status, "permission.store",
                                          "besu: what is to be changed could not be stored, so "
                                          "nothing was changed: see the agent's log");
}

void besu_change_end(struct besu *b) {
    besu_change_deinit(&b->begun);
    if (b->kv)
        (void)b->kv->remove(b->host, KEY);
}

static void on_stored(void *user, const char *text, uint64_t length) {
    struct besu *b = user;
    C138_JSON struct c138_json *o = NULL;
    if (c138_json_parse(text, length, &o, NULL) != C138_OK)
        return;
    const struct c138_json *nodes = c138_json_get(o, "nodes");
    b->begun.kind = strcmp(c138_json_get_str(o, "list", ""), "nodes") == 0 ? BESU_LIST_NODES
                                                                           : BESU_LIST_ACCOUNTS;
    b->begun.allow = c138_json_get_bool(o, "allow", 0);
    b->begun.item = c138_xstrdup(c138_json_get_str(o, "item", ""));
    for (size_t i = 0; i < c138_json_count(nodes) && b->begun.n_nodes < BESU_NODES_MAX; i++)
        b->begun.nodes[b->begun.n_nodes++] =
            c138_xstrdup(c138_json_as_str(c138_json_at(nodes, i), ""));
}

void besu_change_load(struct besu *b) {
    besu_change_deinit(&b->begun);
    if (b->kv)
        (void)b->kv->get(b->host, KEY, on_stored, b);
}

/* --- A node ---------------------------------------------------------------------------------- */

/* The words with which Besu says that there was nothing to do. */
static int was_so(const struct c138_err *err) {
    return strcasestr(err->text, "Cannot add an existing") ||
           strcasestr(err->text, "Cannot remove an absent");
}

c138_status besu_change_node(struct besu_node *n, enum besu_list_kind kind, int add,
                             const char *item, struct c138_err *err) {
    static const char *const methods[BESU_LISTS][2] = {
        {"perm_removeAccountsFromAllowlist", "perm_addAccountsToAllowlist"},
        {"perm_removeNodesFromAllowlist", "perm_addNodesToAllowlist"}};
    C138_JSON struct c138_json *said = NULL;
    struct c138_err mine = {0};
    struct c138_err *why = err ? err : &mine;
    struct c138_json *params = c138_json_new_array(), *items = c138_json_new_array();
    c138_json_append(items, c138_json_new_str(item));
    c138_json_append(params, items);
    c138_status status = besu_node_call(n, methods[kind][add != 0], params, &said, why);
    if (status == C138_E_CONFLICT && was_so(why)) {
        *why = (struct c138_err){0};
        return C138_OK;
    }
    if (status == C138_OK && strcmp(c138_json_as_str(said, ""), "Success") != 0)
        status = c138_error(why, C138_E_CONFLICT, "permission.unconfirmed",
                            "besu: node %s at %s did not confirm the change", n->config.name,
                            n->config.url);
    return status;
}

int besu_change_look(struct besu_node *n, enum besu_list_kind kind, const char *item) {
    besu_node_lists(n);
    if (n->lists[kind].state != BESU_LIST_ON)
        return -1;
    return besu_list_has(&n->lists[kind].list, item);
}

int besu_change_on_disk(const struct besu_node *n, enum besu_list_kind kind, int add,
                        const char *item, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct besu_list list = {0};
    int accounts = kind == BESU_LIST_ACCOUNTS;
    const char *path =
        accounts ? n->config.permissions_accounts_file : n->config.permissions_nodes_file;
    if (!path)
        return -1;
    c138_status status = c138_file_read(path, FILE_MAX, &text, err);
    if (status == C138_OK)
        status = besu_list_from_toml(kind, c138_buf_text(&text), text.length, &list, err);
    if (status != C138_OK)
        return -1;
    int same = besu_list_has(&list, item) == add && besu_list_equal(&list, &n->lists[kind].list);
    besu_list_deinit(&list);
    if (!same)
        c138_error(err, C138_E_CONFLICT, "permission.unwritten",
                   "besu: node %s took the change, but its file %s holds another list: it would be "
                   "lost at a restart; check that permissions_%s_file names the right file and "
                   "that Besu may write it",
                   n->config.name, path, accounts ? "accounts" : "nodes");
    return same;
}
