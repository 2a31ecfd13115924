#include "permtask.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATIC_MAX (1u << 20)

static void note(struct c138_json *texts, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct c138_json *texts, const char *fmt, ...) {
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    c138_json_append(texts, c138_json_new_str(text));
}

c138_status besu_task_init(struct besu_task *t, enum besu_list_kind kind, int allow,
                           c138_call *call) {
    const char *given = c138_str(call, kind == BESU_LIST_ACCOUNTS ? "account" : "enode");
    const char *where = c138_str(call, "where");
    *t = (struct besu_task){.kind = kind,
                            .allow = allow,
                            .local = strcmp(where, "contract") != 0,
                            .on_contract = strcmp(where, "local") != 0,
                            .warnings = c138_json_new_array(),
                            .remains = c138_json_new_array()};
    if (besu_list_item(kind, given, &t->item) == C138_OK)
        return C138_OK;
    return c138_fail(call, C138_E_INVALID, "permission.item",
                     "besu: this is no account (0x and 40 digits) and no enode "
                     "(enode://<128 digits>@host:port)");
}

void besu_task_deinit(struct besu_task *t) {
    besu_contract_deinit(&t->contract);
    free(t->item);
    free(t->send_params);
    free(t->send_plan);
    c138_json_unref(t->warnings);
    c138_json_unref(t->remains);
}

uint32_t besu_task_changes(const struct besu_task *t) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->n_steps; i++)
        count += t->steps[i].does == BESU_STEP_CHANGE;
    return count;
}

/* --- The nodes ------------------------------------------------------------------------------- */

static void find_step(struct besu_task *t, struct besu_node *n, struct besu_step *s) {
    const struct besu_node_list *l = &n->lists[t->kind];
    *s = (struct besu_step){.does = BESU_STEP_NOTHING};
    snprintf(s->node, sizeof(s->node), "%s", n->config.name);
    switch (l->state) {
    case BESU_LIST_ON:
        if (besu_list_has(&l->list, t->item) != t->allow)
            s->does = BESU_STEP_CHANGE;
        else
            snprintf(s->text, sizeof(s->text), "%s", t->allow ? "is on the list" : "is not on it");
        break;
    case BESU_LIST_OFF:
        snprintf(s->text, sizeof(s->text),
                 "lets everybody: it runs without permissions-%s-config-file-enabled",
                 besu_list_name(t->kind));
        break;
    case BESU_LIST_NO_API:
        s->does = BESU_STEP_REMAINS;
        snprintf(s->text, sizeof(s->text),
                 "cannot be asked: add PERM to its rpc-http-api and restart it, or change its "
                 "permissions file by hand and restart it");
        break;
    case BESU_LIST_UNASKED:
    case BESU_LIST_SILENT:
        s->does = BESU_STEP_REMAINS;
        snprintf(s->text, sizeof(s->text), "does not answer: %.300s", l->error.text);
    }
}

static void find_steps(struct besu *b, c138_call *call, struct besu_task *t) {
    for (uint32_t i = 0; t->local && i < b->n_nodes && !c138_cancelled(call); i++) {
        besu_node_lists(b->nodes[i].node);
        find_step(t, b->nodes[i].node, &t->steps[t->n_steps++]);
    }
}

static uint32_t count_state(const struct besu *b, enum besu_list_kind kind,
                            enum besu_list_state state) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        count += b->nodes[i].node->lists[kind].state == state;
    return count;
}

/* All or nothing: one that cannot be changed stops the others, unless that is asked for. */
static c138_status check_steps(c138_call *call, struct besu_task *t) {
    C138_BUF struct c138_buf names = C138_BUF_NULL;
    for (uint32_t i = 0; i < t->n_steps; i++) {
        const struct besu_step *s = &t->steps[i];
        if (s->does != BESU_STEP_REMAINS)
            continue;
        c138_buf_addf(&names, "%s%s %s", names.length ? "; " : "", s->node, s->text);
        note(t->remains, "%s %s on %s when it can be asked again: repeat this then",
             t->allow ? "allow" : "deny", t->item, s->node);
    }
    if (names.length == 0 || c138_int(call, "reachable_only"))
        return C138_OK;
    C138_FREE char *text = c138_xasprintf(
        "besu: nothing was changed, as the lists must be the same on every node: %s. Bring it "
        "back, or say --reachable-only and do the rest later",
        c138_buf_text(&names));
    return c138_fail(call, C138_E_UNAVAILABLE, "permission.incomplete", text);
}

/* --- The contract ---------------------------------------------------------------------------- */

static c138_status find_contract(struct besu *b, c138_call *call, struct besu_task *t,
                                 int explicitly) {
    struct besu_contract *c = &t->contract;
    uint32_t enforcers = besu_contract_enforcers(b);
    besu_contract_read(b, t->kind, c);
    if (c->state != BESU_CONTRACT_READ) {
        C138_FREE char *text =
            c138_xasprintf("besu: the contract for %s behind %s cannot be changed: %s",
                           besu_list_name(t->kind), c->ingress, c->text);
        t->on_contract = 0;
        return explicitly ? c138_fail(call, C138_E_NOTFOUND, "permission.contract", text) : C138_OK;
    }
    if (enforcers == 0) {
        note(t->warnings,
             "no watched node enforces the contract %s: Besu does so to version 25.5 only",
             c->rules);
        t->on_contract = explicitly;
    }
    if (!t->on_contract)
        return C138_OK;
    if (besu_contract_has(b, c, t->item) == t->allow) {
        snprintf(t->contract_text, sizeof(t->contract_text), "%s",
                 t->allow ? "is on its list" : "is not on its list");
        return C138_OK;
    }
    if (c->read_only)
        return c138_fail(call, C138_E_CONFLICT, "permission.read-only",
                         "besu: nothing was changed: the contract with the rules is in read-only "
                         "mode (isReadOnly): an admin must call exitReadOnly() first");
    if (!b->settings.permission_key[0]) {
        snprintf(t->contract_text, sizeof(t->contract_text),
                 "must be changed too: set permission_key in conf.d/besu.conf");
        note(t->remains, "%s %s on the contract %s: no permission_key is configured",
             t->allow ? "allow" : "deny", t->item, c->rules);
        return explicitly ? c138_fail(call, C138_E_UNSUPPORTED, "permission.key",
                                      "besu: no key is named that may change the contract: set "
                                      "permission_key in conf.d/besu.conf to one of keys.list")
                          : C138_OK;
    }
    t->send = 1;
    t->send_params = besu_contract_send(c, b->settings.permission_key, t->allow, t->item);
    snprintf(t->contract_text, sizeof(t->contract_text), "is changed by a transaction of key %s",
             b->settings.permission_key);
    return C138_OK;
}

/* --- What a person should know first --------------------------------------------------------- */

static int is_static(const struct besu_node *n, const char *item) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct besu_list list = {0};
    if (!n->config.static_nodes_file ||
        c138_file_read(n->config.static_nodes_file, STATIC_MAX, &text, NULL) != C138_OK ||
        besu_list_from_static(c138_buf_text(&text), text.length, &list, NULL) != C138_OK)
        return 0;
    int is = besu_list_has(&list, item);
    besu_list_deinit(&list);
    return is;
}

static c138_status check_validator(struct besu *b, c138_call *call, struct besu_task *t,
                                   const struct besu_member *m) {
    struct besu_quorum_state q = besu_network_quorum(b);
    char name[160], text[320];
    besu_member_name(b, m, name, sizeof(name));
    q = besu_quorum_state(q.consensus, q.validators,
                          q.present - (m->missing || !q.present ? 0 : 1));
    besu_quorum_text(&q, text, sizeof(text));
    note(t->warnings, "this is the validator %s: without connections it takes no part. Then: %s",
         name, text);
    if (q.margin >= 0 || m->missing)
        return C138_OK;
    C138_FREE char *why = c138_xasprintf(
        "besu: nothing was changed: this is the validator %s, and without it the chain would "
        "halt: %s. Vote it out first (besu.vote)",
        name, text);
    return c138_fail(call, C138_E_CONFLICT, "quorum.lost", why);
}

static c138_status warn_node(struct besu *b, c138_call *call, struct besu_task *t) {
    struct besu_address address;
    char id[129], own[129];
    besu_enode_id(t->item, id);
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        const struct besu_list *list = &n->lists[t->kind].list;
        for (size_t k = 0; t->allow && k < list->count; k++)
            if (strstr(list->items[k], id) && strcmp(list->items[k], t->item) != 0)
                note(t->warnings, "%s has the same node key at another address: %s", n->config.name,
                     strchr(list->items[k], '@') + 1);
        if (t->allow)
            continue;
        if (strcmp(besu_enode_id(n->enode, own), id) == 0)
            note(t->warnings, "this is %s, which is watched here", n->config.name);
        if (is_static(n, t->item))
            note(t->warnings,
                 "it is a static node of %s: Besu refuses to remove one; take it from "
                 "static-nodes.json and restart the node first",
                 n->config.name);
        if (besu_address_of_id(id, &address) == C138_OK && besu_node_sees(n, &address) == 1)
            note(t->warnings, "%s is connected to it, and drops it within seconds", n->config.name);
    }
    if (t->allow || besu_address_of_id(id, &address) != C138_OK)
        return C138_OK;
    const struct besu_member *m = besu_member_find(b, &address);
    return m ? check_validator(b, call, t, m) : C138_OK;
}

static void warn_account(struct besu *b, struct besu_task *t, const struct besu_owned *owned) {
    const char *key = besu_owned_name(owned, t->item);
    if (t->allow)
        return;
    if (key)
        note(t->warnings,
             "this is the account of key %s of this host: what it sends is refused from then on",
             key);
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_list *list = &b->nodes[i].node->lists[t->kind].list;
        if (list->count == 1 && besu_list_has(list, t->item))
            note(t->warnings, "it is the only account on %s: nobody may send there then",
                 b->nodes[i].node->config.name);
    }
}

c138_status besu_task_find(struct besu *b, c138_call *call, struct besu_task *t,
                           const struct besu_owned *owned) {
    int explicitly = strcmp(c138_str(call, "where"), "contract") == 0 ||
                     strcmp(c138_str(call, "where"), "both") == 0;
    find_steps(b, call, t);
    c138_status status = check_steps(call, t);
    if (status == C138_OK && t->on_contract)
        status = find_contract(b, call, t, explicitly);
    if (status != C138_OK)
        return status;
    uint32_t on = t->local ? count_state(b, t->kind, BESU_LIST_ON) : 0;
    uint32_t off = t->local ? count_state(b, t->kind, BESU_LIST_OFF) : 0;
    if (on == 0 && !t->on_contract)
        return c138_fail(call, C138_E_UNSUPPORTED, "permission.off",
                         off ? "besu: no watched node has such a list: they let everybody. "
                               "Permissions are switched on in a node's config "
                               "(permissions-accounts-config-file-enabled, "
                               "permissions-nodes-config-file-enabled), with a restart"
                             : "besu: no watched node that can be asked has such a list");
    if (on && off)
        note(t->warnings, "%u of %u nodes have no such list and let everybody%s", off, off + on,
             t->kind == BESU_LIST_ACCOUNTS ? "; on a validator that undoes the others" : "");
    if (t->kind == BESU_LIST_NODES)
        return warn_node(b, call, t);
    warn_account(b, t, owned);
    return C138_OK;
}

/* --- Following a plan ------------------------------------------------------------------------ */

static const char *does_name(const struct besu_task *t, const struct besu_step *s) {
    static const char *const names[] = {"nothing", "", "remains"};
    return s->does == BESU_STEP_CHANGE ? (t->allow ? "add" : "remove") : names[s->does];
}

/* The transaction that was approved, or none. */
static int same_call(const struct c138_json *plan, const struct besu_task *t) {
    const struct c138_json *params = c138_json_path(plan, "calls.0.params");
    C138_JSON struct c138_json *mine = NULL;
    if (!params || !t->send)
        return !params && !t->send;
    if (c138_json_parse(t->send_params, strlen(t->send_params), &mine, NULL) != C138_OK)
        return 0;
    C138_FREE char *a = c138_json_canonical(params), *b = c138_json_canonical(mine);
    return strcmp(a, b) == 0;
}

c138_status besu_task_follow(c138_call *call, const struct besu_task *t) {
    C138_JSON struct c138_json *plan = NULL;
    struct c138_err err = {0};
    if (!call->plan_json)
        return C138_OK;
    if (c138_json_parse(call->plan_json, strlen(call->plan_json), &plan, &err) != C138_OK)
        return besu_fail(call, &err);
    const struct c138_json *steps = c138_json_get(plan, "steps");
    int same = c138_json_count(steps) == t->n_steps && same_call(plan, t);
    for (uint32_t i = 0; same && i < t->n_steps; i++) {
        const struct c138_json *step = c138_json_at(steps, i);
        same = strcmp(c138_json_get_str(step, "node", ""), t->steps[i].node) == 0 &&
               strcmp(c138_json_get_str(step, "does", ""), does_name(t, &t->steps[i])) == 0;
    }
    return same ? C138_OK
                : c138_fail(call, C138_E_CONFLICT, "plan.changed",
                            "besu: nothing was changed: the nodes or their lists are others than "
                            "when this was planned: plan it anew");
}

/* --- Saying it ------------------------------------------------------------------------------- */

static void write_texts(c138_call *call, const char *key, const struct c138_json *texts) {
    c138_open_list(call, key);
    for (size_t i = 0; i < c138_json_count(texts); i++)
        c138_set_str(call, NULL, c138_json_as_str(c138_json_at(texts, i), ""));
    c138_close(call);
}

static void write_step(c138_call *call, const struct besu_task *t, const struct besu_step *s) {
    c138_open_object(call, NULL);
    c138_set_str(call, "node", s->node);
    c138_set_str(call, "does", does_name(t, s));
    c138_set_bool(call, "done", (uint32_t)s->done);
    if (s->persisted)
        c138_set_str(call, "persisted", s->persisted);
    c138_set_str(call, "text", s->text);
    c138_close(call);
}

static void write_calls(c138_call *call, const struct besu_task *t) {
    c138_open_list(call, "calls");
    if (t->send) {
        c138_open_object(call, NULL);
        c138_set_str(call, "action", "chain.send");
        c138_set_json(call, "params", t->send_params);
        if (t->send_plan)
            c138_set_json(call, "plan", t->send_plan);
        c138_close(call);
    }
    c138_close(call);
}

void besu_task_write(c138_call *call, const struct besu_task *t, const char *text) {
    c138_set_str(call, "item", t->item);
    c138_set_str(call, "change", t->allow ? "allow" : "deny");
    c138_open_list(call, "steps");
    for (uint32_t i = 0; i < t->n_steps; i++)
        write_step(call, t, &t->steps[i]);
    c138_close(call);
    if (t->contract_text[0]) {
        c138_open_object(call, "contract");
        c138_set_str(call, "rules", t->contract.rules);
        c138_set_bool(call, "sends", (uint32_t)t->send);
        c138_set_bool(call, "done", (uint32_t)t->sent);
        c138_set_str(call, "text", t->contract_text);
        c138_close(call);
    }
    write_texts(call, "warnings", t->warnings);
    write_texts(call, "remains", t->remains);
    write_calls(call, t);
    c138_set_str(call, "text", text);
}
