/* besu.permissions and besu.accounts: what nodes and contracts hold, and where they differ. */
#include "permission.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FRESH_NS (500 * C138_NS_PER_MS)

/* --- Whose keys are here --------------------------------------------------------------------- */

static void on_keys(void *user, const char *text, uint64_t length) {
    (void)c138_json_parse(text, length, user, NULL);
}

void besu_owned_ask(struct besu *b, c138_call *call, struct besu_owned *ret_owned) {
    C138_JSON struct c138_json *answer = NULL;
    *ret_owned = (struct besu_owned){0};
    if (b->caller && b->caller->call(b->host, call, "keys.list", "{}", 5 * C138_NS_PER_S, on_keys,
                                     &answer) == C138_OK)
        ret_owned->keys = c138_json_ref(c138_json_get(answer, "keys"));
}

void besu_owned_deinit(struct besu_owned *o) {
    c138_json_unref(o->keys);
    *o = (struct besu_owned){0};
}

const char *besu_owned_name(const struct besu_owned *o, const char *account) {
    for (size_t i = 0; i < c138_json_count(o->keys); i++) {
        const struct c138_json *key = c138_json_at(o->keys, i);
        if (strcasecmp(c138_json_get_str(key, "address", ""), account) == 0)
            return c138_json_get_str(key, "name", "");
    }
    return NULL;
}

/* --- Common ---------------------------------------------------------------------------------- */

static void ask_lists(struct besu *b, c138_call *call) {
    besu_look_all(b, call, FRESH_NS);
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++)
        besu_node_lists(b->nodes[i].node);
}

static const char *list_state(enum besu_list_state state) {
    static const char *const names[] = {"unknown", "on", "off", "no-api", "unreachable"};
    return names[state];
}

static const char *list_text(const struct besu_node *n, enum besu_list_kind kind,
                             const struct besu_contract *c) {
    switch (n->lists[kind].state) {
    case BESU_LIST_OFF:
        return c->state == BESU_CONTRACT_READ && besu_version_enforces(n->version)
                   ? "has no list of its own; it may go by the contract"
                   : "has no such list: it lets everybody";
    case BESU_LIST_NO_API:
        return "add PERM to its rpc-http-api and restart it";
    case BESU_LIST_SILENT:
        return n->lists[kind].error.text;
    case BESU_LIST_ON:
    case BESU_LIST_UNASKED:
        break;
    }
    return "";
}

static const char *contract_state(const struct besu_contract *c) {
    static const char *const names[] = {"none", "foreign", "read", "unknown"};
    return names[c->state];
}

static void write_contract(struct besu *b, c138_call *call, const struct besu_contract *c) {
    uint32_t enforcers = besu_contract_enforcers(b);
    c138_open_object(call, NULL);
    c138_set_str(call, "list", besu_list_name(c->kind));
    c138_set_str(call, "state", contract_state(c));
    c138_set_str(call, "ingress", c->ingress);
    if (c->rules[0])
        c138_set_str(call, "rules", c->rules);
    if (c->state == BESU_CONTRACT_READ) {
        c138_set_uint(call, "entries", c->list.count);
        c138_set_uint(call, "version", c->version);
        c138_set_bool(call, "read_only", (uint32_t)c->read_only);
    }
    c138_set_uint(call, "enforcers", enforcers);
    c138_set_str(call, "text",
                 c->text[0]                                         ? c->text
                 : c->state == BESU_CONTRACT_READ && enforcers == 0 ? "no watched node can enforce "
                                                                      "it: Besu does so to 25.5"
                                                                    : "");
    c138_close(call);
}

/* --- besu.permissions ------------------------------------------------------------------------ */

static void write_lists(struct besu *b, c138_call *call, const struct besu_contract *contracts) {
    c138_open_list(call, "lists");
    for (uint32_t i = 0; i < b->n_nodes; i++)
        for (int kind = 0; kind < BESU_LISTS; kind++) {
            const struct besu_node *n = b->nodes[i].node;
            const struct besu_node_list *l = &n->lists[kind];
            c138_open_object(call, NULL);
            c138_set_str(call, "node", n->config.name);
            c138_set_str(call, "list", besu_list_name(kind));
            c138_set_str(call, "state", list_state(l->state));
            if (l->state == BESU_LIST_ON)
                c138_set_uint(call, "entries", l->list.count);
            c138_set_str(call, "text", list_text(n, kind, &contracts[kind]));
            c138_close(call);
        }
    c138_close(call);
}

static void write_names(const struct besu *b, c138_call *call, enum besu_list_kind kind,
                        const char *entry, int on) {
    c138_open_list(call, on ? "on" : "not_on");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        if (n->lists[kind].state == BESU_LIST_ON &&
            besu_list_has(&n->lists[kind].list, entry) == on)
            c138_set_str(call, NULL, n->config.name);
    }
    c138_close(call);
}

static uint32_t lists_on(const struct besu *b, enum besu_list_kind kind) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        count += b->nodes[i].node->lists[kind].state == BESU_LIST_ON;
    return count;
}

/* Everything on any list of this kind, also the contract's. */
static void everything(const struct besu *b, const struct besu_contract *c, struct besu_list *ret) {
    const struct besu_list *lists[BESU_NODES_MAX + 1];
    size_t count = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].node->lists[c->kind].state == BESU_LIST_ON)
            lists[count++] = &b->nodes[i].node->lists[c->kind].list;
    if (c->state == BESU_CONTRACT_READ)
        lists[count++] = &c->list;
    besu_list_union(lists, count, ret);
}

/* In how many places is it, of those that have such a list? 1: in all. */
static int is_everywhere(const struct besu *b, const struct besu_contract *c, const char *entry) {
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].node->lists[c->kind].state == BESU_LIST_ON &&
            !besu_list_has(&b->nodes[i].node->lists[c->kind].list, entry))
            return 0;
    /* A contract that nobody enforces need not agree. */
    return c->state != BESU_CONTRACT_READ || !besu_contract_enforcers(b) || c->cut ||
           besu_list_has(&c->list, entry);
}

static uint32_t write_differences(const struct besu *b, c138_call *call,
                                  const struct besu_contract *c) {
    struct besu_list all;
    uint32_t count = 0;
    everything(b, c, &all);
    for (size_t k = 0; k < all.count; k++) {
        if (is_everywhere(b, c, all.items[k]))
            continue;
        count++;
        c138_open_object(call, NULL);
        c138_set_str(call, "list", besu_list_name(c->kind));
        c138_set_str(call, "entry", all.items[k]);
        write_names(b, call, c->kind, all.items[k], 1);
        write_names(b, call, c->kind, all.items[k], 0);
        if (c->state == BESU_CONTRACT_READ)
            c138_set_bool(call, "contract", (uint32_t)besu_list_has(&c->list, all.items[k]));
        c138_close(call);
    }
    besu_list_deinit(&all);
    return count;
}

static void write_entries(const struct besu *b, c138_call *call, const struct besu_contract *c) {
    struct besu_list all;
    everything(b, c, &all);
    for (size_t k = 0; k < all.count; k++) {
        c138_open_object(call, NULL);
        c138_set_str(call, "list", besu_list_name(c->kind));
        c138_set_str(call, "entry", all.items[k]);
        write_names(b, call, c->kind, all.items[k], 1);
        if (c->state == BESU_CONTRACT_READ)
            c138_set_bool(call, "contract", (uint32_t)besu_list_has(&c->list, all.items[k]));
        c138_close(call);
    }
    besu_list_deinit(&all);
}

c138_status besu_permissions_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct besu_contract contracts[BESU_LISTS];
    char text[300];
    uint32_t differences = 0;
    besu_lock(b);
    ask_lists(b, call);
    for (int kind = 0; kind < BESU_LISTS; kind++)
        besu_contract_read(b, kind, &contracts[kind]);
    write_lists(b, call, contracts);
    c138_open_list(call, "contracts");
    for (int kind = 0; kind < BESU_LISTS; kind++)
        write_contract(b, call, &contracts[kind]);
    c138_close(call);
    c138_open_list(call, "differences");
    for (int kind = 0; kind < BESU_LISTS; kind++)
        differences += write_differences(b, call, &contracts[kind]);
    c138_close(call);
    c138_open_list(call, "entries");
    for (int kind = 0; kind < BESU_LISTS; kind++)
        write_entries(b, call, &contracts[kind]);
    c138_close(call);
    snprintf(text, sizeof(text),
             "%u node%s with a list of accounts, %u with one of nodes; %u entr%s "
             "differ%s%s",
             lists_on(b, BESU_LIST_ACCOUNTS), lists_on(b, BESU_LIST_ACCOUNTS) == 1 ? "" : "s",
             lists_on(b, BESU_LIST_NODES), differences, differences == 1 ? "y" : "ies",
             differences == 1 ? "s" : "",
             b->begun.n_nodes ? "; a change that was cut off is being undone" : "");
    c138_set_str(call, "text", text);
    for (int kind = 0; kind < BESU_LISTS; kind++)
        besu_contract_deinit(&contracts[kind]);
    besu_unlock(b);
    return C138_OK;
}

/* --- besu.accounts --------------------------------------------------------------------------- */

static void write_account(struct besu *b, c138_call *call, const struct besu_contract *c,
                          const char *account, const struct besu_owned *owned) {
    struct besu_address address;
    const char *key = besu_owned_name(owned, account);
    int everywhere = is_everywhere(b, c, account);
    (void)besu_address_read(account, &address);
    c138_open_object(call, NULL);
    besu_set_address(call, "account", &address);
    write_names(b, call, BESU_LIST_ACCOUNTS, account, 1);
    write_names(b, call, BESU_LIST_ACCOUNTS, account, 0);
    if (c->state == BESU_CONTRACT_READ)
        c138_set_bool(call, "contract", (uint32_t)besu_list_has(&c->list, account));
    if (key)
        c138_set_str(call, "key", key);
    c138_set_bool(call, "everywhere", (uint32_t)everywhere);
    c138_set_str(call, "text",
                 everywhere ? "" : "not allowed everywhere: besu.account-allow, or -deny");
    c138_close(call);
}

c138_status besu_accounts_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct besu_contract contract;
    struct besu_owned owned;
    struct besu_list all;
    besu_owned_ask(b, call, &owned);
    besu_lock(b);
    ask_lists(b, call);
    besu_contract_read(b, BESU_LIST_ACCOUNTS, &contract);
    everything(b, &contract, &all);
    c138_open_list(call, "accounts");
    for (size_t k = 0; k < all.count; k++)
        write_account(b, call, &contract, all.items[k], &owned);
    c138_close(call);
    c138_open_list(call, "contracts");
    write_contract(b, call, &contract);
    c138_close(call);
    c138_set_str(
        call, "text",
        lists_on(b, BESU_LIST_ACCOUNTS) || contract.state == BESU_CONTRACT_READ
            ? ""
            : "no watched node has a list of accounts, and there is no contract: everybody "
              "may send");
    besu_list_deinit(&all);
    besu_contract_deinit(&contract);
    besu_unlock(b);
    besu_owned_deinit(&owned);
    return C138_OK;
}
