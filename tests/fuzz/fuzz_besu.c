/* What the besu plugin reads from nodes and their logs: first byte 'L': log lines, 'E': extraData,
 * 'B': a block, 'T': a token, 'A': a permissions file, 'S': static nodes, 'P': a
 * transaction pool. */
#include <net/rpcauth.h>
#include <plugins/besu/allowlist.h>
#include <plugins/besu/extradata.h>
#include <plugins/besu/logtail.h>
#include <plugins/besu/pool.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lines(const char *text, size_t size) {
    struct besu_log_state *state = calloc(1, sizeof(*state));
    while (state && size > 0) {
        const char *eol = memchr(text, '\n', size);
        size_t n = eol ? (size_t)(eol - text) : size;
        besu_log_line(state, text, n);
        n += eol != NULL;
        text += n;
        size -= n;
    }
    free(state);
}

static void block(const char *text, size_t size) {
    struct c138_json *json = NULL;
    struct besu_block read;
    struct besu_validators set;
    if (c138_json_parse(text, size, &json, NULL) == C138_OK) {
        (void)besu_block_read(json, BESU_CONSENSUS_UNKNOWN, &read, &set, NULL);
        (void)besu_block_read(json, BESU_CONSENSUS_CLIQUE, &read, &set, NULL);
    }
    c138_json_unref(json);
}

static void token(const char *text, size_t size) {
    char *copy = strndup(text, size);
    if (copy)
        (void)c138_jwt_expiry(copy);
    free(copy);
}

static void lists(const char *text, size_t size) {
    for (int kind = 0; kind < BESU_LISTS; kind++) {
        struct besu_list list = {0};
        (void)besu_list_from_toml(kind, text, size, &list, NULL);
        besu_list_deinit(&list);
    }
}

static void static_nodes(const char *text, size_t size) {
    struct besu_list list = {0};
    (void)besu_list_from_static(text, size, &list, NULL);
    besu_list_deinit(&list);
}

static void pool(const char *text, size_t size) {
    struct c138_json *json = NULL;
    struct besu_pool p = {0};
    struct c138_u256 floor = c138_u256_of(7);
    if (c138_json_parse(text, size, &json, NULL) == C138_OK)
        (void)besu_pool_read(&p, json, 1);
    besu_pool_sort(&p);
    for (size_t first = 0, n; first < p.count; first += n) {
        struct besu_sender s = {.first = first, .next = 1};
        n = s.count = besu_pool_sender(&p, first);
        besu_pool_judge(&p, &s, &floor);
    }
    besu_pool_deinit(&p);
    c138_json_unref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct besu_extra extra;
    struct besu_validators set;
    const char *rest = (const char *)data + 1;
    if (size < 1 || size > 65536)
        return 0;
    if (data[0] == 'L')
        lines(rest, size - 1);
    else if (data[0] == 'E')
        (void)besu_extra_read(data + 1, size - 1, &extra, &set);
    else if (data[0] == 'B')
        block(rest, size - 1);
    else if (data[0] == 'T')
        token(rest, size - 1);
    else if (data[0] == 'A')
        lists(rest, size - 1);
    else if (data[0] == 'S')
        static_nodes(rest, size - 1);
    else if (data[0] == 'P')
        pool(rest, size - 1);
    return 0;
}
