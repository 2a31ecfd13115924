#include "quorum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

c138_status chain_view_read(const struct c138_json *result, struct chain_view *ret_view,
                            struct c138_err *err) {
    const struct c138_json *members = c138_json_get(result, "members");
    struct chain_view *v = ret_view;
    *v = (struct chain_view){.block = c138_json_get_uint(result, "block", 0),
                             .quorum = c138_json_get_uint(result, "quorum", 0)};
    size_t count = c138_json_count(members);
    if (count == 0 || count > VALIDATORS_MAX || v->quorum == 0 || v->quorum > count)
        return c138_error(err, C138_E_UNAVAILABLE, "stack.chain",
                          "who takes part in consensus is not known: besu validators names nobody; "
                          "see that the besu plugin runs and reaches a node");
    for (size_t i = 0; i < count; i++) {
        const struct c138_json *m = c138_json_at(members, i);
        const char *state = c138_json_get_str(m, "state", "");
        struct validator *x = &v->list[v->count++];
        (void)snprintf(x->address, sizeof(x->address), "%s", c138_json_get_str(m, "address", ""));
        (void)snprintf(x->node, sizeof(x->node), "%s", c138_json_get_str(m, "node", ""));
        x->missing = !strcmp(state, "missing");
        x->late = !strcmp(state, "late");
        x->last_block = c138_json_get_uint(m, "last_block", 0);
    }
    return C138_OK;
}

const struct validator *chain_view_find(const struct chain_view *v, const char *address,
                                        const char *node) {
    for (size_t i = 0; i < v->count; i++)
        if (address ? !strcasecmp(v->list[i].address, address)
                    : node && *node && !strcmp(v->list[i].node, node))
            return &v->list[i];
    return NULL;
}

static int is_among(const struct validator *x, const struct validator *const *away, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (away[i] == x)
            return 1;
    return 0;
}

/* "2 are missing or late (0x..., validator-3)" */
static void name_absent(const struct chain_view *v, struct c138_buf *out) {
    size_t n = 0;
    for (size_t i = 0; i < v->count; i++)
        n += v->list[i].missing || v->list[i].late;
    if (!n) {
        (void)c138_buf_adds(out, "none is missing");
        return;
    }
    (void)c138_buf_addf(out, "%zu %s missing or late (", n, n == 1 ? "is" : "are");
    for (size_t i = 0, k = 0; i < v->count; i++)
        if (v->list[i].missing || v->list[i].late)
            (void)c138_buf_addf(out, "%s%s", k++ ? ", " : "",
                                v->list[i].node[0] ? v->list[i].node : v->list[i].address);
    (void)c138_buf_addc(out, ')');
}

c138_status quorum_allows(const struct chain_view *v, const struct validator *const *away,
                          size_t n_away, const char *what, uint64_t *ret_left,
                          struct c138_err *err) {
    C138_BUF struct c138_buf absent = C138_BUF_MAX(400);
    uint64_t there = 0, left = 0;
    for (size_t i = 0; i < v->count; i++) {
        int here = !v->list[i].missing && !v->list[i].late;
        there += here ? 1 : 0;
        left += here && !is_among(&v->list[i], away, n_away) ? 1 : 0;
    }
    if (ret_left)
        *ret_left = left;
    /* Who is away already takes nothing with him. */
    if (left >= v->quorum || left == there)
        return C138_OK;
    name_absent(v, &absent);
    return c138_error(err, C138_E_CONFLICT, "stack.quorum",
                      "%s: a block needs %" PRIu64 " of %zu validators; %s, so %" PRIu64
                      " take part; without %s %" PRIu64 " would be left, %" PRIu64
                      " too few: the chain would stand. Bring back who is away first",
                      what, v->quorum, v->count, c138_buf_text(&absent), there,
                      n_away == 1 ? "this one" : "these", left, v->quorum - left);
}
