/* Allowlists that differ between nodes are an event; a change that was cut off is undone. */
#include "permission.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_TOLD 20 /* of those that differ, in an event */

/* --- What differs ---------------------------------------------------------------------------- */

uint32_t besu_drift(const struct besu *b, enum besu_list_kind kind, struct besu_list *ret_entries) {
    const struct besu_list *lists[BESU_NODES_MAX];
    struct besu_list all = {0};
    size_t count = 0, kept = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].node->lists[kind].state == BESU_LIST_ON)
            lists[count++] = &b->nodes[i].node->lists[kind].list;
    besu_list_union(lists, count, &all);
    for (size_t k = 0; k < all.count; k++) {
        size_t on = 0;
        for (size_t i = 0; i < count; i++)
            on += (size_t)besu_list_has(lists[i], all.items[k]);
        if (on < count)
            all.items[kept++] = all.items[k];
        else
            free(all.items[k]);
    }
    all.count = kept;
    *ret_entries = all;
    return (uint32_t)kept;
}

static struct c138_json *drift_entry(const struct besu *b, enum besu_list_kind kind,
                                     const char *entry) {
    struct c138_json *o = c138_json_new_object(), *on = c138_json_new_array(),
                     *not_on = c138_json_new_array();
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        if (n->lists[kind].state == BESU_LIST_ON)
            c138_json_append(besu_list_has(&n->lists[kind].list, entry) ? on : not_on,
                             c138_json_new_str(n->config.name));
    }
    c138_json_set_str(o, "entry", entry);
    c138_json_set(o, "on", on);
    c138_json_set(o, "not_on", not_on);
    return o;
}

static void publish_drift(struct besu *b, enum besu_list_kind kind,
                          const struct besu_list *entries) {
    struct c138_json *e = c138_json_new_object(), *rows = c138_json_new_array();
    char text[160];
    snprintf(text, sizeof(text),
             "the %s lists of the nodes differ in %zu entr%s: besu.permissions shows them",
             besu_list_name(kind), entries->count, entries->count == 1 ? "y" : "ies");
    for (size_t k = 0; k < entries->count && k < ENTRIES_TOLD; k++)
        c138_json_append(rows, drift_entry(b, kind, entries->items[k]));
    c138_json_set_str(e, "list", besu_list_name(kind));
    c138_json_set_uint(e, "count", entries->count);
    c138_json_set(e, "entries", rows);
    c138_json_set_str(e, "text", text);
    besu_publish(b, "besu.permissions-drift", e);
}

static void publish_equal(struct besu *b, enum besu_list_kind kind, int64_t after_ns) {
    struct c138_json *e = c138_json_new_object();
    char text[BESU_SECONDS_TEXT];
    besu_seconds_text(after_ns, text);
    c138_json_set_str(e, "from", kind == BESU_LIST_ACCOUNTS ? "accounts-drift" : "nodes-drift");
    c138_json_set_str(e, "after", text);
    besu_publish(b, "besu.recovered", e);
}

static void watch(struct besu *b, enum besu_list_kind kind) {
    struct besu_alarm *a = &b->drift[kind];
    struct besu_list entries;
    const char *labels[] = {besu_list_name(kind), NULL};
    int64_t now = besu_mono(b), each = b->settings.permissions_ns;
    uint32_t count = besu_drift(b, kind, &entries);
    /* Two looks in a row: a change is being made node by node. */
    int step = besu_alarm_step(a, count > 0, now, each * 9 / 10, each);
    if (step == BESU_STEP_RAISED)
        publish_drift(b, kind, &entries);
    else if (step == BESU_STEP_CLEARED)
        publish_equal(b, kind, now - a->raised_ns);
    if (b->metrics)
        (void)b->metrics->set(b->host, "chain138_besu_permissions_drift", labels, count);
    besu_list_deinit(&entries);
}

/* --- A change that was cut off --------------------------------------------------------------- */

static void tell_undone(struct besu *b, const struct besu_node *n) {
    struct c138_json *e = c138_json_new_object();
    C138_FREE char *text =
        c138_xasprintf("%s of %s was cut off half-way and is taken back on %s",
                       b->begun.allow ? "allowing" : "denying", b->begun.item, n->config.name);
    c138_json_set_str(e, "node", n->config.name);
    c138_json_set_str(e, "list", besu_list_name(b->begun.kind));
    c138_json_set_str(e, "item", b->begun.item);
    c138_json_set_str(e, "text", text);
    besu_publish(b, "besu.permission-undone", e);
}

/* Node `name` is in order again: it is taken from those that are left. */
static void undone(struct besu *b, uint32_t k) {
    struct besu_change *c = &b->begun;
    free(c->nodes[k]);
    c->nodes[k] = c->nodes[--c->n_nodes];
    if (c->n_nodes == 0)
        besu_change_end(b);
}

static void undo(struct besu *b, struct besu_node *n) {
    struct besu_change *c = &b->begun;
    for (uint32_t k = 0; k < c->n_nodes; k++) {
        struct c138_err err = {0};
        if (strcmp(c->nodes[k], n->config.name) != 0)
            continue;
        int is = besu_change_look(n, c->kind, c->item);
        if (is < 0)
            return;
        if (is == c->allow) {
            if (besu_change_node(n, c->kind, !c->allow, c->item, &err) != C138_OK) {
                b->host->log(b->host, C138_LOG_WARNING, err.text);
                return;
            }
            tell_undone(b, n);
        }
        undone(b, k);
        return;
    }
}

/* --- Each look ------------------------------------------------------------------------------- */

/* The nodes of it that are watched no more need no undoing here. */
static void drop_unwatched(struct besu *b) {
    struct besu_change *c = &b->begun;
    for (uint32_t k = c->n_nodes; k > 0; k--) {
        int watched = 0;
        for (uint32_t i = 0; i < b->n_nodes; i++)
            watched |= strcmp(b->nodes[i].node->config.name, c->nodes[k - 1]) == 0;
        if (!watched)
            undone(b, k - 1);
    }
}

void besu_permissions_tend(struct besu *b, uint32_t i) {
    struct besu_node *n = b->nodes[i].node;
    if (n->status != C138_OK || !n->probed || !(n->apis & BESU_API_PERM)) {
        for (int kind = 0; kind < BESU_LISTS; kind++) /* what it said once says nothing now */
            n->lists[kind].state = BESU_LIST_UNASKED;
        return;
    }
    if (b->begun.n_nodes) {
        drop_unwatched(b);
        undo(b, n);
    }
    if (b->settings.permissions_ns == 0)
        return;
    if (n->lists_ns && n->lists[0].state != BESU_LIST_UNASKED &&
        c138_now_monotonic_ns() - n->lists_ns < b->settings.permissions_ns)
        return;
    besu_node_lists(n);
    if (n->lists[0].state == BESU_LIST_ON || n->lists[1].state == BESU_LIST_ON)
        for (int kind = 0; kind < BESU_LISTS; kind++)
            watch(b, kind);
}
