#include "pool.h"

#include <base/mem.h>
#include <base/text.h>

#include <stdlib.h>
#include <string.h>

const char *besu_stuck_name(enum besu_stuck why) {
    static const char *const names[] = {"ready", "used",       "gap",   "funds",
                                        "price", "permission", "behind"};
    return names[why];
}

void besu_pool_deinit(struct besu_pool *p) {
    free(p->list);
    *p = (struct besu_pool){0};
}

/* --- Reading --------------------------------------------------------------------------------- */

static int read_u256(const struct c138_json *tx, const char *name, struct c138_u256 *ret) {
    const char *text = c138_json_get_str(tx, name, NULL);
    return text && c138_u256_from_hex(text, ret) == C138_OK;
}

/* value + gas x price; what does not fit into 256 bits nobody can pay. */
static struct c138_u256 cost_of(const struct c138_u256 *value, const struct c138_u256 *price,
                                uint64_t gas) {
    struct c138_u256 cost, most;
    memset(&most, 0xff, sizeof(most));
    if (c138_u256_mul(price, gas, &cost) || c138_u256_add(&cost, value, &cost))
        return most;
    return cost;
}

static struct besu_pooled *find(struct besu_pool *p, const uint8_t hash[32]) {
    for (size_t i = 0; i < p->count; i++)
        if (memcmp(p->list[i].hash, hash, 32) == 0)
            return &p->list[i];
    return NULL;
}

c138_status besu_pool_add(struct besu_pool *p, const struct c138_json *tx, uint32_t i) {
    struct besu_pooled t = {.nodes = i < 64 ? UINT64_C(1) << i : 0};
    struct c138_u256 value;
    uint64_t gas = 0;
    const char *hash = c138_json_get_str(tx, "hash", "");
    if (besu_address_read(c138_json_get_str(tx, "from", ""), &t.from) != C138_OK ||
        c138_parse_quantity(c138_json_get_str(tx, "nonce", ""), &t.nonce) != C138_OK ||
        c138_parse_quantity(c138_json_get_str(tx, "gas", ""), &gas) != C138_OK ||
        !read_u256(tx, "value", &value) || strlen(hash) != 66 ||
        c138_hex_decode(hash + 2, 64, t.hash) != C138_OK)
        return C138_E_INVALID;
    if (!read_u256(tx, "maxFeePerGas", &t.price) && !read_u256(tx, "gasPrice", &t.price))
        return C138_E_INVALID;
    struct besu_pooled *known = find(p, t.hash);
    if (known) {
        known->nodes |= t.nodes;
        return C138_OK;
    }
    if (p->count == BESU_POOL_MAX) {
        p->cut = 1;
        return C138_OK;
    }
    t.cost = cost_of(&value, &t.price, gas);
    if (!p->list)
        p->list = c138_xcalloc(BESU_POOL_MAX, sizeof(*p->list));
    p->list[p->count++] = t;
    return C138_OK;
}

/* {"0xaccount": {"nonce": tx}} */
static uint32_t read_by_account(struct besu_pool *p, const struct c138_json *part, uint32_t i) {
    uint32_t bad = 0;
    for (struct c138_json_iter a = c138_json_iter(part); c138_json_next(&a);)
        for (struct c138_json_iter n = c138_json_iter(a.value); c138_json_next(&n);)
            bad += besu_pool_add(p, n.value, i) != C138_OK;
    return bad;
}

uint32_t besu_pool_read(struct besu_pool *p, const struct c138_json *answer, uint32_t i) {
    uint32_t bad = 0;
    if (c138_json_type(answer) == C138_JSON_OBJECT)
        return read_by_account(p, c138_json_get(answer, "pending"), i) +
               read_by_account(p, c138_json_get(answer, "queued"), i);
    for (size_t k = 0; k < c138_json_count(answer); k++)
        bad += besu_pool_add(p, c138_json_at(answer, k), i) != C138_OK;
    return bad;
}

/* By account, then nonce; of two with one nonce the dearer first. */
static int in_order(const void *one, const void *other) {
    const struct besu_pooled *a = one, *b = other;
    int by = memcmp(&a->from, &b->from, sizeof(a->from));
    if (by)
        return by;
    if (a->nonce != b->nonce)
        return a->nonce < b->nonce ? -1 : 1;
    return c138_u256_cmp(&b->price, &a->price);
}

void besu_pool_sort(struct besu_pool *p) {
    if (p->count)
        qsort(p->list, p->count, sizeof(*p->list), in_order);
}

/* --- Judging --------------------------------------------------------------------------------- */

size_t besu_pool_sender(const struct besu_pool *p, size_t first) {
    size_t end = first;
    while (end < p->count &&
           memcmp(&p->list[end].from, &p->list[first].from, sizeof(p->list[first].from)) == 0)
        end++;
    return end - first;
}

/* Taken by itself. */
static enum besu_stuck why_alone(const struct besu_pooled *t, const struct besu_sender *s,
                                 const struct c138_u256 *floor) {
    if (t->nonce < s->next)
        return BESU_STUCK_USED;
    if (s->denied)
        return BESU_STUCK_PERMISSION;
    if (c138_u256_cmp(&t->cost, &s->balance) > 0)
        return BESU_STUCK_FUNDS;
    return c138_u256_cmp(&t->price, floor) < 0 ? BESU_STUCK_PRICE : BESU_STUCK_NOT;
}

void besu_pool_judge(struct besu_pool *p, const struct besu_sender *s,
                     const struct c138_u256 *floor) {
    uint64_t expected = s->next, stuck_at = 0;
    int stuck = 0;
    for (size_t k = s->first; k < s->first + s->count; k++) {
        struct besu_pooled *t = &p->list[k];
        t->why = why_alone(t, s, floor);
        if (t->why == BESU_STUCK_USED)
            continue;
        if (t->nonce > expected && !stuck) {
            t->why = BESU_STUCK_GAP;
            t->at = expected;
        } else if (t->why == BESU_STUCK_NOT && stuck && t->nonce > stuck_at) {
            t->why = BESU_STUCK_BEHIND;
            t->at = stuck_at;
        }
        if (t->why != BESU_STUCK_NOT && !stuck) {
            stuck = 1;
            stuck_at = t->why == BESU_STUCK_GAP ? t->at : t->nonce;
        }
        if (t->nonce >= expected)
            expected = t->nonce + 1;
    }
}
