/* besu.account-allow, -deny, node-allow, -deny: on every node, or on none. */
#include "permtask.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_NS (500 * C138_NS_PER_MS)

/* The node of that name: a reload may have exchanged them. NULL: it is watched no more. */
static struct besu_node *node_named(const struct besu *b, const char *name) {
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (strcmp(b->nodes[i].node->config.name, name) == 0)
            return b->nodes[i].node;
    return NULL;
}

/* --- The lists of the nodes ------------------------------------------------------------------ */

static c138_status begin(struct besu *b, const struct besu_task *t, struct c138_err *err) {
    struct besu_change change = {.kind = t->kind, .allow = t->allow, .item = t->item};
    for (uint32_t i = 0; i < t->n_steps; i++)
        if (t->steps[i].does == BESU_STEP_CHANGE)
            change.nodes[change.n_nodes++] = (char *)(uintptr_t)t->steps[i].node;
    return besu_change_begin(b, &change, err);
}

/* The node after its write: does it show what it was told, in memory and on disk? */
static c138_status prove(struct besu_node *n, const struct besu_task *t, struct besu_step *s,
                         struct c138_err *err) {
    struct c138_err why = {0};
    if (besu_change_look(n, t->kind, t->item) != t->allow)
        return c138_error(err, C138_E_CONFLICT, "permission.unproven",
                          "besu: node %s at %s said yes, and its list does not show it",
                          n->config.name, n->config.url);
    int disk = besu_change_on_disk(n, t->kind, t->allow, t->item, &why);
    if (disk == 0) {
        *err = why;
        return err->status;
    }
    s->done = 1;
    s->persisted = disk > 0 ? "file" : "said";
    snprintf(s->text, sizeof(s->text), "%s%s%.200s",
             disk > 0 ? "the node's list and its file show it"
                      : "the node's list shows it, and Besu says that it wrote its file",
             why.text[0] ? "; the file itself could not be read: " : "", why.text);
    return C138_OK;
}

static c138_status change_nodes(struct besu *b, c138_call *call, struct besu_task *t,
                                struct c138_err *err) {
    c138_status status = C138_OK;
    for (uint32_t i = 0; status == C138_OK && i < t->n_steps; i++) {
        struct besu_step *s = &t->steps[i];
        struct besu_node *n = node_named(b, s->node);
        if (s->does != BESU_STEP_CHANGE)
            continue;
        if (c138_cancelled(call))
            status = c138_error(err, C138_E_CANCELLED, NULL, "besu: cancelled");
        else if (!n)
            status = c138_error(err, C138_E_CONFLICT, "plan.changed",
                                "besu: node %s is watched no more", s->node);
        else
            status = besu_change_node(n, t->kind, t->allow, t->item, err);
        if (status == C138_OK)
            status = prove(n, t, s, err);
    }
    return status;
}

/* Takes back what was done, or may have been. Returns the nodes where that failed, as text. */
static void undo(struct besu *b, struct besu_task *t, struct c138_buf *ret_failed) {
    for (uint32_t i = 0; i < t->n_steps; i++) {
        struct besu_step *s = &t->steps[i];
        struct besu_node *n = node_named(b, s->node);
        struct c138_err why = {0};
        if (s->does != BESU_STEP_CHANGE)
            continue;
        int is = n ? besu_change_look(n, t->kind, t->item) : -1;
        if (is == !t->allow)
            continue; /* as it was */
        if (is >= 0)
            (void)besu_change_node(n, t->kind, !t->allow, t->item, &why);
        if (is < 0 || besu_change_look(n, t->kind, t->item) != !t->allow)
            c138_buf_addf(ret_failed, "%s%s", ret_failed->length ? ", " : "", s->node);
    }
}

/* --- The contract ---------------------------------------------------------------------------- */

static void keep_text(void *user, const char *text, uint64_t length) {
    char **kept = user;
    *kept = c138_xstrndup(text, length);
}

static c138_status caller_failed(const char *what, c138_status status, const char *answer,
                                 struct c138_err *err) {
    C138_JSON struct c138_json *json = NULL;
    if (answer)
        (void)c138_json_parse(answer, strlen(answer), &json, NULL);
    return c138_error(err, status, c138_json_get_str(json, "key", "permission.contract"),
                      "besu: %s: %s", what,
                      c138_json_get_str(json, "message", c138_status_key(status)));
}

/* Without the lock: what the transaction would be. */
static c138_status plan_send(struct besu *b, c138_call *call, struct besu_task *t,
                             struct c138_err *err) {
    C138_FREE char *answer = NULL;
    if (!t->send)
        return C138_OK;
    if (!b->caller)
        return c138_error(err, C138_E_UNSUPPORTED, "permission.contract",
                          "besu: the contract cannot be changed: the service \"call\" is not "
                          "granted (grants)");
    if (!C138_HAS(c138_caller, b->caller, plan))
        return C138_OK;
    c138_status status =
        b->caller->plan(b->host, call, "chain.send", t->send_params, 0, keep_text, &answer);
    if (status != C138_OK)
        return caller_failed("the contract would not take the change, so nothing was changed",
                             status, answer, err);
    t->send_plan = answer;
    answer = NULL;
    return C138_OK;
}

/* Without the lock. */
static c138_status send(struct besu *b, c138_call *call, struct besu_task *t,
                        struct c138_err *err) {
    C138_FREE char *answer = NULL;
    c138_progress(call, 1001, "the lists are changed; waiting for the contract");
    c138_status status =
        b->caller->call(b->host, call, "chain.send", t->send_params, 0, keep_text, &answer);
    if (status != C138_OK)
        return caller_failed("the contract was not changed", status, answer, err);
    besu_lock(b);
    t->sent = besu_contract_has(b, &t->contract, t->item) == t->allow;
    besu_unlock(b);
    if (t->sent) {
        snprintf(t->contract_text, sizeof(t->contract_text), "the contract shows it");
        return C138_OK;
    }
    return c138_error(err, C138_E_CONFLICT, "permission.unproven",
                      "besu: the transaction to the contract %s was mined, and its list does not "
                      "show the change",
                      t->contract.rules);
}

/* --- All of it ------------------------------------------------------------------------------- */

static c138_status do_it(struct besu *b, c138_call *call, struct besu_task *t,
                         struct c138_err *err) {
    C138_BUF struct c138_buf failed = C138_BUF_NULL;
    besu_lock(b);
    c138_status status = begin(b, t, err);
    if (status == C138_OK) {
        status = change_nodes(b, call, t, err);
        besu_unlock(b);
        if (status == C138_OK && t->send)
            status = send(b, call, t, err);
        besu_lock(b);
        if (status != C138_OK)
            undo(b, t, &failed);
        besu_change_end(b);
        if (status != C138_OK) {
            C138_FREE char *why = c138_xstrdup(err->text), *key = c138_xstrdup(err->key);
            if (failed.length)
                c138_error(err, status, "permission.half",
                           "%.500s. It could not be undone on %.300s: besu.permissions shows where "
                           "it stands",
                           why, c138_buf_text(&failed));
            else
                c138_error(err, status, key[0] ? key : NULL,
                           "%.700s. Everything was put back as it was", why);
        }
    }
    besu_unlock(b);
    return status;
}

static const char *summary(const struct besu_task *t, int planned, char *text, size_t size) {
    uint32_t changes = besu_task_changes(t);
    size_t remains = c138_json_count(t->remains);
    const char *what = t->allow ? "allowed" : "denied";
    int n;
    if (changes == 0 && !t->send)
        n = snprintf(text, size, "%s already wherever it can be", what);
    else
        n = snprintf(text, size, "%s%s on %u node%s%s", planned ? "will be " : "", what, changes,
                     changes == 1 ? "" : "s", t->send ? " and by the contract" : "");
    if (remains && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, "; %zu thing%s remain%s to be done", remains,
                 remains == 1 ? "" : "s", remains == 1 ? "s" : "");
    return text;
}

static c138_status run(struct besu *b, c138_call *call, struct besu_task *t) {
    struct besu_owned owned = {0};
    struct c138_err err = {0};
    char text[300];
    if (t->kind == BESU_LIST_ACCOUNTS && !t->allow)
        besu_owned_ask(b, call, &owned);
    besu_lock(b);
    besu_look_all(b, call, FRESH_NS);
    c138_status status = besu_task_find(b, call, t, &owned);
    besu_unlock(b);
    besu_owned_deinit(&owned);
    if (status == C138_OK)
        status = besu_task_follow(call, t);
    if (status != C138_OK)
        return status;
    if (!call->plan_json) /* else it is in the plan already */
        status = plan_send(b, call, t, &err);
    if (status == C138_OK && !call->dry_run && (besu_task_changes(t) || t->send))
        status = do_it(b, call, t, &err);
    if (status != C138_OK)
        return besu_fail(call, &err);
    besu_task_write(call, t, summary(t, call->dry_run != 0, text, sizeof(text)));
    return C138_OK;
}

static c138_status change(void *self, c138_call *call, enum besu_list_kind kind, int allow) {
    struct besu_task *t = c138_xcalloc(1, sizeof(*t));
    c138_status status = besu_task_init(t, kind, allow, call);
    if (status == C138_OK)
        status = run(self, call, t);
    besu_task_deinit(t);
    free(t);
    return status;
}

c138_status besu_account_allow_run(void *self, c138_call *call) {
    return change(self, call, BESU_LIST_ACCOUNTS, 1);
}
c138_status besu_account_deny_run(void *self, c138_call *call) {
    return change(self, call, BESU_LIST_ACCOUNTS, 0);
}
c138_status besu_node_allow_run(void *self, c138_call *call) {
    return change(self, call, BESU_LIST_NODES, 1);
}
c138_status besu_node_deny_run(void *self, c138_call *call) {
    return change(self, call, BESU_LIST_NODES, 0);
}
