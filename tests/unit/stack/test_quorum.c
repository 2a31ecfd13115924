#include "../unit.h"
#include <plugins/stack/quorum.h>
#include <stdlib.h>
#include <string.h>

/* states: a letter for each validator: o ok, m missing, l late, w waiting. */
static struct chain_view *view(const char *states) {
    struct chain_view *v = calloc(1, sizeof(*v));
    C138_JSON struct c138_json *o = c138_json_new_object();
    struct c138_json *members = c138_json_new_array();
    size_t n = strlen(states);
    for (size_t i = 0; i < n; i++) {
        struct c138_json *m = c138_json_new_object();
        C138_FREE char *address = c138_xasprintf("0x%040zx", i + 1);
        C138_FREE char *node = c138_xasprintf("v%zu", i + 1);
        c138_json_set_str(m, "address", address);
        c138_json_set_str(m, "node", node);
        c138_json_set_str(m, "state",
                          states[i] == 'o'   ? "ok"
                          : states[i] == 'm' ? "missing"
                          : states[i] == 'l' ? "late"
                                             : "waiting");
        c138_json_append(members, m);
    }
    c138_json_set_uint(o, "block", 77);
    c138_json_set_uint(o, "quorum", (2 * n + 2) / 3);
    c138_json_set(o, "members", members);
    CU_ASSERT_EQUAL_FATAL(chain_view_read(o, v, NULL), C138_OK);
    return v;
}

/* May the validators with these numbers (from 1, as digits) be away? */
static c138_status may(const char *states, const char *who, struct c138_err *err) {
    struct chain_view *v = view(states);
    const struct validator *away[16];
    size_t n = 0;
    for (; who[n]; n++)
        away[n] = &v->list[who[n] - '1'];
    c138_status status = quorum_allows(v, away, n, "nothing was stopped", NULL, err);
    free(v);
    return status;
}

static void arithmetic(void) {
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(may("oooo", "1", NULL), C138_OK);
    CU_ASSERT_EQUAL(may("oooo", "12", &err), C138_E_CONFLICT);
    CU_ASSERT_STRING_EQUAL(err.text,
                           "nothing was stopped: a block needs 3 of 4 validators; none is missing, "
                           "so 4 take part; without these 2 would be left, 1 too few: the chain "
                           "would stand. Bring back who is away first");
    CU_ASSERT_EQUAL(may("ooom", "1", &err), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "1 is missing or late (v4), so 3 take part; without "
                                            "this one 2 would be left, 1 too few"));
    CU_ASSERT_EQUAL(may("oool", "1", NULL), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(may("ooow", "1", NULL), C138_OK);
    /* Who is away already takes nothing with him, even where the chain stands. */
    CU_ASSERT_EQUAL(may("ooom", "4", NULL), C138_OK);
    CU_ASSERT_EQUAL(may("oomm", "4", NULL), C138_OK);
    CU_ASSERT_EQUAL(may("oomm", "1", NULL), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(may("ooooooo", "12", NULL), C138_OK); /* 7: quorum 5 */
    CU_ASSERT_EQUAL(may("ooooooo", "123", NULL), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(may("o", "1", NULL), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(may("oooo", "", NULL), C138_OK);
}

static void finding(void) {
    struct chain_view *v = view("oooo");
    CU_ASSERT_PTR_EQUAL(chain_view_find(v,
                                        "0x000000000000000000000000000000000000000"
                                        "2",
                                        "v1"),
                        &v->list[1]);
    CU_ASSERT_PTR_EQUAL(chain_view_find(v, NULL, "v3"), &v->list[2]);
    CU_ASSERT_PTR_NULL(chain_view_find(v, NULL, "v9"));
    CU_ASSERT_PTR_NULL(chain_view_find(v, NULL, NULL));
    free(v);
}

static void nothing_known(void) {
    struct chain_view *v = calloc(1, sizeof(*v));
    struct c138_err err = {0};
    C138_JSON struct c138_json *empty = c138_json_new_object();
    CU_ASSERT_EQUAL(chain_view_read(empty, v, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "besu plugin"));
    free(v);
}

const CU_TestInfo tests_quorum[] = {{"arithmetic", arithmetic},
                                    {"finding", finding},
                                    {"nothing known", nothing_known},
                                    CU_TEST_INFO_NULL};
