#include "contract.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/abi.h>
#include <evm/address.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 512 /* read one by one */
/* "rules", filled up to 32 bytes. */
#define RULES "0x72756c6573000000000000000000000000000000000000000000000000000000"

/* --- Asking a contract ----------------------------------------------------------------------- */

/* The best node to ask: it answers, and is highest. */
static struct besu_node *asked(struct besu *b) {
    struct besu_node *best = NULL;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        struct besu_node *n = b->nodes[i].node;
        if (n->status == C138_OK && n->has_head && n->polled &&
            (!best || n->head.number > best->head.number))
            best = n;
    }
    return best;
}

static struct c138_json *call_params(const char *to, const struct c138_buf *data) {
    struct c138_json *params = c138_json_new_array(), *tx = c138_json_new_object();
    C138_FREE char *hex = c138_hex_text(data->data, data->length);
    c138_json_set_str(tx, "to", to);
    c138_json_set_str(tx, "data", hex);
    c138_json_append(params, tx);
    c138_json_append(params, c138_json_new_str("latest"));
    return params;
}

/* The values that a view function returns; the caller's. `args` is taken. */
static c138_status ask(struct besu_node *n, const char *to, const char *function,
                       struct c138_json *args, struct c138_json **ret_values,
                       struct c138_err *err) {
    C138_ABI_ITEM struct c138_abi_item *item = NULL;
    C138_JSON struct c138_json *mine = args ? args : c138_json_new_array(), *result = NULL;
    C138_BUF struct c138_buf data = C138_BUF_NULL;
    C138_FREE uint8_t *bytes = NULL;
    c138_status status = c138_abi_item_parse(function, &item, err);
    if (status == C138_OK)
        status = c138_abi_encode_call(item, mine, &data, err);
    if (status == C138_OK)
        status = besu_node_call(n, "eth_call", call_params(to, &data), &result, err);
    if (status != C138_OK)
        return status;
    const char *hex = c138_json_as_str(result, "");
    size_t length = strlen(hex);
    if (length < 2 || !c138_starts_with(hex, "0x"))
        return c138_error(err, C138_E_INVALID, "contract.answer", "%s: no bytes", function);
    bytes = c138_xmalloc(length / 2 + 1);
    status = c138_hex_decode(hex + 2, length - 2, bytes);
    if (status == C138_OK)
        status = c138_abi_decode(item->outputs, bytes, (length - 2) / 2, NULL, ret_values, err);
    return status;
}

static struct c138_json *args1(struct c138_json *a) {
    struct c138_json *args = c138_json_new_array();
    c138_json_append(args, a);
    return args;
}

static uint64_t ask_uint(struct besu_node *n, const char *to, const char *function,
                         uint64_t fallback) {
    C138_JSON struct c138_json *values = NULL;
    uint64_t value = 0;
    if (ask(n, to, function, NULL, &values, NULL) != C138_OK ||
        c138_parse_uint(c138_json_as_str(c138_json_at(values, 0), ""), &value) != C138_OK)
        return fallback;
    return value;
}

static int ask_bool(struct besu_node *n, const char *to, const char *function,
                    struct c138_json *args) {
    C138_JSON struct c138_json *values = NULL;
    if (ask(n, to, function, args, &values, NULL) != C138_OK)
        return -1;
    return c138_json_as_bool(c138_json_at(values, 0), 0);
}

static int has_code(struct besu_node *n, const char *address) {
    C138_JSON struct c138_json *code = NULL;
    struct c138_json *params = args1(c138_json_new_str(address));
    c138_json_append(params, c138_json_new_str("latest"));
    if (besu_node_call(n, "eth_getCode", params, &code, NULL) != C138_OK)
        return -1;
    return strlen(c138_json_as_str(code, "")) > 2;
}

/* --- What it holds --------------------------------------------------------------------------- */

static c138_status read_accounts(struct besu_node *n, struct besu_contract *c,
                                 struct c138_err *err) {
    C138_JSON struct c138_json *values = NULL;
    c138_status status = ask(n, c->rules, "getAccounts() returns (address[])", NULL, &values, err);
    return status != C138_OK
               ? status
               : besu_list_from_json(BESU_LIST_ACCOUNTS, c138_json_at(values, 0), &c->list, err);
}

/* An enode of its parts, as nodes compare them. */
static char *enode_of(const struct c138_json *values) {
    const char *id = c138_json_as_str(c138_json_at(values, 0), "");
    return c138_xasprintf("enode://%s@%s:%s", c138_starts_with(id, "0x") ? id + 2 : id,
                          c138_json_as_str(c138_json_at(values, 1), ""),
                          c138_json_as_str(c138_json_at(values, 2), ""));
}

static c138_status read_nodes(struct besu_node *n, struct besu_contract *c, struct c138_err *err) {
    C138_JSON struct c138_json *enodes = c138_json_new_array();
    uint64_t count = ask_uint(n, c->rules, "getSize() returns (uint256)", UINT64_MAX);
    if (count == UINT64_MAX)
        return c138_error(err, C138_E_INVALID, "contract.answer", "getSize() gives no number");
    c->cut = count > ENTRIES_MAX;
    for (uint64_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        C138_JSON struct c138_json *values = NULL;
        c138_status status = ask(
            n, c->rules, "getByIndex(uint256) returns (string enodeId, string host, uint16 port)",
            args1(c138_json_new_uint(i)), &values, err);
        if (status != C138_OK)
            return status;
        C138_FREE char *enode = enode_of(values);
        c138_json_append(enodes, c138_json_new_str(enode));
    }
    return besu_list_from_json(BESU_LIST_NODES, enodes, &c->list, err);
}

static const char *find_rules(struct besu_node *n, struct besu_contract *c, struct c138_err *err) {
    C138_JSON struct c138_json *values = NULL;
    struct besu_address rules;
    int code = has_code(n, c->ingress);
    if (code < 0)
        return "";
    if (code == 0)
        return "there is no contract";
    if (ask(n, c->ingress, "getContractAddress(bytes32) returns (address)",
            args1(c138_json_new_str(RULES)), &values, err) != C138_OK)
        return NULL;
    if (besu_address_read(c138_json_as_str(c138_json_at(values, 0), ""), &rules) != C138_OK)
        return NULL;
    if (besu_address_is_zero(&rules))
        return "no rules are registered there";
    besu_address_write(&rules, c->rules);
    return has_code(n, c->rules) == 1 ? NULL : "the registered rules are no contract";
}

void besu_contract_read(struct besu *b, enum besu_list_kind kind, struct besu_contract *ret) {
    struct besu_node *n = asked(b);
    struct c138_err err = {0};
    *ret = (struct besu_contract){.kind = kind, .state = BESU_CONTRACT_UNKNOWN};
    besu_address_write(&b->settings.ingress[kind], ret->ingress);
    if (!n) {
        snprintf(ret->text, sizeof(ret->text), "no node answers");
        return;
    }
    const char *why = find_rules(n, ret, &err);
    if (why) {
        if (*why) {
            ret->state = BESU_CONTRACT_NONE;
            ret->rules[0] = '\0';
        }
        snprintf(ret->text, sizeof(ret->text), "%s", *why ? why : "the node did not answer");
        return;
    }
    ret->state = BESU_CONTRACT_FOREIGN;
    c138_status status = ret->rules[0] == '\0'        ? C138_E_INVALID
                         : kind == BESU_LIST_ACCOUNTS ? read_accounts(n, ret, &err)
                                                      : read_nodes(n, ret, &err);
    if (status != C138_OK) {
        snprintf(ret->text, sizeof(ret->text), "it does not answer as these contracts do: %.200s",
                 err.text);
        return;
    }
    ret->state = BESU_CONTRACT_READ;
    ret->version = ask_uint(n, ret->rules, "getContractVersion() returns (uint256)", 0);
    ret->read_only = ask_bool(n, ret->rules, "isReadOnly() returns (bool)", NULL) == 1;
    if (ret->cut)
        snprintf(ret->text, sizeof(ret->text), "only the first %d entries were read", ENTRIES_MAX);
}

void besu_contract_deinit(struct besu_contract *c) {
    besu_list_deinit(&c->list);
}

/* --- Who enforces it ------------------------------------------------------------------------- */

int besu_version_enforces(const char *client_version) {
    const char *version = c138_starts_with(client_version, "besu/v") ? client_version + 6 : NULL;
    char *rest = NULL;
    if (!version)
        return 0;
    long major = strtol(version, &rest, 10);
    long minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
    return major > 0 && (major < 25 || (major == 25 && minor <= 5));
}

uint32_t besu_contract_enforcers(const struct besu *b) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        count += b->nodes[i].node->probed && besu_version_enforces(b->nodes[i].node->version);
    return count;
}

/* --- Changing it ----------------------------------------------------------------------------- */

/* The key, host and port of a kept enode. */
static struct c138_json *enode_args(const char *item) {
    struct c138_json *args = c138_json_new_array();
    char id[129];
    const char *host = strchr(item, '@'), *port = strrchr(item, ':');
    c138_json_append(args, c138_json_new_str(besu_enode_id(item, id)));
    c138_json_append(args, c138_json_new_strn(host + 1, (size_t)(port - host - 1)));
    c138_json_append(args, c138_json_new_str(port + 1));
    return args;
}

static struct c138_json *item_args(enum besu_list_kind kind, const char *item) {
    struct besu_address address;
    char text[BESU_ADDRESS_TEXT];
    if (kind == BESU_LIST_NODES)
        return enode_args(item);
    (void)besu_address_read(item, &address);
    besu_address_write(&address, text);
    return args1(c138_json_new_str(text));
}

int besu_contract_has(struct besu *b, const struct besu_contract *c, const char *item) {
    struct besu_node *n = asked(b);
    return !n ? -1
              : ask_bool(n, c->rules,
                         c->kind == BESU_LIST_NODES
                             ? "enodePermitted(string,string,uint16) returns (bool)"
                             : "accountPermitted(address) returns (bool)",
                         item_args(c->kind, item));
}

char *besu_contract_send(const struct besu_contract *c, const char *key, int allow,
                         const char *item) {
    static const char *const functions[BESU_LISTS][2] = {
        {"removeAccount(address)", "addAccount(address)"},
        {"removeEnode(string,string,uint16)", "addEnode(string,string,uint16)"}};
    C138_JSON struct c138_json *params = c138_json_new_object();
    c138_json_set_str(params, "key", key);
    c138_json_set_str(params, "to", c->rules);
    c138_json_set_str(params, "function", functions[c->kind][allow != 0]);
    c138_json_set(params, "args", item_args(c->kind, item));
    return c138_json_dump(params);
}
