#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

static const c138_field *const endpoint_members[] = {
    C138_FIELD(.name = "name", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,
               .summary = "What it is called in answers and events", .min_text = "1",
               .max_text = "63"),
    C138_FIELD(.name = "url", .type = C138_T_URL, .flags = C138_FIELD_REQUIRED,
               .summary = "Its JSON-RPC address"),
    C138_FIELD(.name = "host_header", .type = C138_T_STRING, .max_text = "255",
               .summary = "Host to name in requests, one of the node's host-allowlist; without it "
                          "that of the URL"),
    C138_FIELD(.name = "token_file", .type = C138_T_PATH,
               .summary = "File with the JWT to show; read again whenever it changes"),
    C138_FIELD(.name = "username", .type = C138_T_STRING, .max_text = "255",
               .summary = "User of the node's credentials file, to log in instead of token_file"),
    C138_FIELD(.name = "password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,
               .summary = "That user's password"),
    NULL,
};

static const c138_field *const watch_members[] = {
    C138_FIELD(.name = "name", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,
               .summary = "What it is called in events: letters, digits and '-'", .min_text = "1",
               .max_text = "63"),
    C138_FIELD(.name = "addresses", .type = C138_T_LIST, .max_text = "64",
               .summary = "Contracts whose logs are meant; without any: all",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "address", .type = C138_T_ADDRESS, .summary = "A contract"))),
    C138_FIELD(.name = "event", .type = C138_T_STRING, .max_text = "4096",
               .summary = "The event, \"Transfer(address indexed from, address indexed to, uint256 "
                          "value)\"; without it: any, not decoded"),
    C138_FIELD(.name = "args", .type = C138_T_LIST, .max_text = "16",
               .summary = "What its arguments shall be, \"to=0x..\"",
               .fields = C138_FIELDS(C138_FIELD(.name = "arg", .type = C138_T_STRING,
                                                .summary = "NAME=VALUE", .max_text = "4096"))),
    C138_FIELD(.name = "from_block", .type = C138_T_BLOCK, .default_text = "latest",
               .summary =
                   "Where it begins: a number, earliest, or latest for what comes from now on"),
    C138_FIELD(.name = "confirmations", .type = C138_T_UINT, .unit = "blocks", .min_text = "1",
               .max_text = "10000",
               .summary = "Blocks, its own among them, until a log counts; without it as for "
                          "transactions"),
    NULL,
};

#define RESTART .flags = C138_FIELD_RESTART

const c138_field *const chain_setting_fields[] = {
    C138_FIELD(.name = "endpoints", .type = C138_T_LIST, RESTART, .max_text = "16",
               .summary = "Nodes of one chain, the preferred first; without any: \"local\" at "
                          "http://127.0.0.1:8545",
               .fields =
                   C138_FIELDS(C138_FIELD(.name = "endpoint", .type = C138_T_OBJECT,
                                          .summary = "One node", .fields = endpoint_members))),
    C138_FIELD(.name = "chain_id", .type = C138_T_UINT, RESTART, .default_text = "138",
               .min_text = "1", .summary = "The chain; a node of another is never believed"),
    C138_FIELD(.name = "timeout", .type = C138_T_DURATION, RESTART, .default_text = "5s",
               .min_text = "50ms", .max_text = "8s", .summary = "Longest wait for one answer"),
    C138_FIELD(.name = "poll_interval", .type = C138_T_DURATION, RESTART, .default_text = "1s",
               .min_text = "100ms", .max_text = "1h",
               .summary = "How often open transactions and the endpoints are looked at"),
    C138_FIELD(.name = "resend_interval", .type = C138_T_DURATION, RESTART, .default_text = "5s",
               .min_text = "100ms", .max_text = "1h",
               .summary = "How often what is not mined yet is handed to the nodes again"),
    C138_FIELD(.name = "lag_blocks", .type = C138_T_UINT, RESTART, .default_text = "5",
               .unit = "blocks", .min_text = "1", .max_text = "1000000",
               .summary = "Further behind the highest, an endpoint is asked last"),
    C138_FIELD(.name = "confirmations", .type = C138_T_UINT, RESTART, .default_text = "1",
               .unit = "blocks", .min_text = "1", .max_text = "10000",
               .summary = "Blocks, its own among them, until a transaction counts; 1 is right for "
                          "QBFT, whose blocks are final"),
    C138_FIELD(.name = "final_blocks", .type = C138_T_UINT, RESTART, .default_text = "12",
               .unit = "blocks", .min_text = "1", .max_text = "100000",
               .summary = "Blocks for which what counts is still watched for a reorg"),
    C138_FIELD(.name = "gas_margin", .type = C138_T_UINT, RESTART, .default_text = "20",
               .unit = "%", .max_text = "400", .summary = "Added to the estimated gas"),
    C138_FIELD(.name = "max_gas_price", .type = C138_T_WEI, RESTART, .default_text = "500gwei",
               .unit = "wei", .summary = "The most that is ever offered for a unit of gas"),
    C138_FIELD(.name = "exclusive", .type = C138_T_BOOL, RESTART, .default_text = "true",
               .summary = "Keys are this agent's alone: what others send with them stops sending "
                          "until it is adopted"),
    C138_FIELD(.name = "watches", .type = C138_T_LIST, RESTART, .max_text = "32",
               .summary = "Logs that are followed for ever and told as chain.log",
               .fields = C138_FIELDS(C138_FIELD(.name = "watch", .type = C138_T_OBJECT,
                                                .summary = "One", .fields = watch_members))),
    C138_FIELD(.name = "watch_rate", .type = C138_T_UINT, RESTART, .default_text = "50",
               .unit = "events/s", .min_text = "1", .max_text = "100000",
               .summary =
                   "Logs that all watches tell in a second; at most half of keep_rate, so that "
                   "none is lost"),
    C138_FIELD(.name = "log_range", .type = C138_T_UINT, RESTART, .default_text = "2000",
               .unit = "blocks", .min_text = "1", .max_text = "1000000",
               .summary = "Blocks for whose logs a node is asked at once, at most; it shrinks and "
                          "grows by itself"),
    NULL,
};

static void clear(struct chain_settings *s) {
    for (size_t i = 0; i < s->n_endpoints; i++)
        endpoint_config_deinit(&s->endpoints[i]);
    for (size_t i = 0; i < s->n_watches; i++)
        watch_config_deinit(&s->watches[i]);
    *s = (struct chain_settings){0};
}

/* A member of endpoint `i`; NULL if it is absent. The caller frees it. */
static char *member(c138_call *settings, uint64_t i, const char *name) {
    char path[64];
    (void)snprintf(path, sizeof(path), "endpoints.%u.%s", (unsigned)i, name);
    const char *text = c138_has(settings, path) ? c138_str(settings, path) : NULL;
    return text && *text ? c138_xstrdup(text) : NULL;
}

static c138_status refuse(c138_call *settings, const char *name, const char *why) {
    C138_FREE char *text = c138_xasprintf("endpoint %s: %s", name ? name : "?", why);
    return c138_fail(settings, C138_E_INVALID, "setting.invalid", text);
}

static c138_status stage_endpoint(struct chain_settings *s, c138_call *settings, uint64_t i) {
    struct endpoint_config *c = &s->endpoints[s->n_endpoints++];
    *c = (struct endpoint_config){.name = member(settings, i, "name"),
                                  .url = member(settings, i, "url"),
                                  .host_header = member(settings, i, "host_header"),
                                  .token_file = member(settings, i, "token_file"),
                                  .username = member(settings, i, "username"),
                                  .password_ref = member(settings, i, "password")};
    if (!c->name || !c->url)
        return refuse(settings, c->name, "name and url are needed");
    for (size_t k = 0; k + 1 < s->n_endpoints; k++)
        if (!strcmp(s->endpoints[k].name, c->name))
            return refuse(settings, c->name, "another has this name: give each its own");
    if (c->token_file && c->username)
        return refuse(settings, c->name, "token_file and username exclude each other: keep one");
    if (!c->username != !c->password_ref)
        return refuse(settings, c->name, "username and password belong together");
    return C138_OK;
}

/* --- Watches --------------------------------------------------------------------------------- */

static char *watch_text(c138_call *settings, uint64_t i, const char *name) {
    char path[64];
    (void)snprintf(path, sizeof(path), "watches.%u.%s", (unsigned)i, name);
    const char *text = c138_has(settings, path) ? c138_str(settings, path) : NULL;
    return text && *text ? c138_xstrdup(text) : NULL;
}

static struct c138_json *watch_list(c138_call *settings, uint64_t i, const char *name) {
    struct c138_json *list = c138_json_new_array();
    char path[96];
    (void)snprintf(path, sizeof(path), "watches.%u.%s", (unsigned)i, name);
    uint64_t count = c138_has(settings, path) ? c138_uint(settings, path) : 0;
    for (uint64_t k = 0; k < count; k++) {
        (void)snprintf(path, sizeof(path), "watches.%u.%s.%u", (unsigned)i, name, (unsigned)k);
        c138_json_append(list, c138_json_new_str(c138_str(settings, path)));
    }
    return list;
}

static c138_status refuse_watch(c138_call *settings, const struct watch_config *c,
                                const char *why) {
    C138_FREE char *text = c138_xasprintf("watch %s: %s", c->name ? c->name : "?", why);
    return c138_fail(settings, C138_E_INVALID, "setting.invalid", text);
}

static c138_status check_watch(const struct chain_settings *s, c138_call *settings,
                               const struct watch_config *c) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    struct log_filter filter;
    struct c138_err err = {0};
    if (!c->name || strspn(c->name, letters) != strlen(c->name))
        return refuse_watch(settings, c, "its name is small letters, digits and '-'");
    for (size_t k = 0; &s->watches[k] != c; k++)
        if (!strcmp(s->watches[k].name, c->name))
            return refuse_watch(settings, c, "another has this name: give each its own");
    if (!strcmp(c->from, "pending") || !strcmp(c->from, "safe") || !strcmp(c->from, "finalized"))
        return refuse_watch(settings, c, "from_block is a number, earliest or latest");
    if (log_filter_init(&filter, c->event, c->addresses, c->args, &err) < 0)
        return refuse_watch(settings, c, err.text);
    log_filter_deinit(&filter);
    return C138_OK;
}

static c138_status stage_watch(struct chain_settings *s, c138_call *settings, uint64_t i) {
    struct watch_config *c = &s->watches[s->n_watches++];
    C138_FREE char *confirmations = watch_text(settings, i, "confirmations");
    *c = (struct watch_config){.name = watch_text(settings, i, "name"),
                               .event = watch_text(settings, i, "event"),
                               .from = watch_text(settings, i, "from_block"),
                               .addresses = watch_list(settings, i, "addresses"),
                               .args = watch_list(settings, i, "args"),
                               .confirmations = s->confirmations,
                               .final_blocks = s->final_blocks,
                               .range_most = s->log_range};
    if (confirmations)
        (void)c138_parse_uint(confirmations, &c->confirmations);
    if (!c->from)
        c->from = c138_xstrdup("latest");
    return check_watch(s, settings, c);
}

c138_status chain_settings_prepare(struct chain *c, c138_call *settings) {
    struct chain_settings *s = &c->staged;
    uint64_t count = c138_uint(settings, "endpoints"), count_watches;
    c138_status status = C138_OK;
    clear(s);
    s->chain_id = c138_uint(settings, "chain_id");
    s->timeout_ns = c138_int(settings, "timeout");
    s->poll_ns = c138_int(settings, "poll_interval");
    s->resend_ns = c138_int(settings, "resend_interval");
    s->lag_blocks = c138_uint(settings, "lag_blocks");
    s->confirmations = c138_uint(settings, "confirmations");
    s->final_blocks = c138_uint(settings, "final_blocks");
    s->gas_margin = c138_uint(settings, "gas_margin");
    s->watch_rate = c138_uint(settings, "watch_rate");
    s->log_range = c138_uint(settings, "log_range");
    s->exclusive = c138_int(settings, "exclusive") != 0;
    (void)c138_u256_from_dec(c138_str(settings, "max_gas_price"), &s->max_gas_price);
    for (uint64_t i = 0; status >= 0 && i < count && i < ENDPOINTS_MAX; i++)
        status = stage_endpoint(s, settings, i);
    count_watches = c138_has(settings, "watches") ? c138_uint(settings, "watches") : 0;
    for (uint64_t i = 0; status >= 0 && i < count_watches && i < WATCHES_MAX; i++)
        status = stage_watch(s, settings, i);
    if (status >= 0 && !count)
        s->endpoints[s->n_endpoints++] = (struct endpoint_config){
            .name = c138_xstrdup("local"), .url = c138_xstrdup("http://127.0.0.1:8545")};
    if (status < 0)
        clear(s);
    return status;
}

void chain_settings_commit(struct chain *c, uint32_t apply) {
    if (apply) {
        clear(&c->settings);
        c->settings = c->staged;
        c->staged = (struct chain_settings){0};
    } else {
        clear(&c->staged);
    }
}
