#include "../unit.h"
#include <schema/decl.h>

#include <stdio.h>
#include <string.h>

/* A whole document; the tests break one thing each. */
#define DOCUMENT(settings, actions, events, metrics)                                               \
    "{\"name\":\"demo\",\"version\":\"1.2\",\"summary\":\"A demo\",\"license\":\"Apache-2.0\","    \
    "\"abi\":[1,0],\"flags\":[\"no-network\"],\"settings\":[" settings "],\"actions\":[" actions   \
    "],\"events\":[" events "],\"subscribes\":[\"besu.*\"],\"metrics\":[" metrics "]}"
#define FIELD(name, rest) "{\"name\":\"" name "\",\"summary\":\"s\"" rest "}"
#define ACTION(name, rest)                                                                         \
    "{\"name\":\"" name "\",\"summary\":\"s\",\"effect\":\"read\",\"role\":\"viewer\"" rest "}"
#define NODE FIELD("node", ",\"type\":\"string\",\"required\":true")
#define EVENT "{\"topic\":\"demo.head\",\"summary\":\"s\",\"severity\":\"info\",\"keep\":true}"
#define METRIC                                                                                     \
    "{\"name\":\"chain138_demo_total\",\"type\":\"counter\",\"help\":\"h\",\"labels\":[\"node\"]}"

static c138_status make(const char *text, struct decl_plugin **ret, struct c138_err *err) {
    C138_JSON struct c138_json *d = NULL;
    *err = (struct c138_err){0};
    if (c138_json_parse(text, strlen(text), &d, err) < 0)
        CU_FAIL_FATAL("a test's own JSON");
    return decl_plugin_new(d, ret, err); /* the document may go: it was copied */
}

static void test_reads(void) {
    struct decl_plugin *p = NULL;
    struct c138_err err;
    CU_ASSERT_EQUAL_FATAL(
        make(DOCUMENT(FIELD("limit", ",\"type\":\"uint\",\"default\":\"5\",\"min\":\"1\","
                                     "\"max\":\"9\",\"unit\":\"blocks\",\"restart\":true"),
                      ACTION("ping", ",\"lock\":\"n:{node}\",\"timeout_ns\":5,\"idempotent\":true,"
                                     "\"params\":[" NODE "],\"results\":[" NODE "]"),
                      EVENT, METRIC),
             &p, &err),
        C138_OK);
    CU_ASSERT_STRING_EQUAL(p->name, "demo");
    CU_ASSERT_EQUAL(p->abi_major, 1);
    CU_ASSERT_EQUAL(p->flags, C138_PLUGIN_NO_NETWORK);
    CU_ASSERT_STRING_EQUAL(p->subscribes[0], "besu.*");
    const struct decl_field *f = decl_field_find(p->settings, "limit");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(f->type, C138_T_UINT);
    CU_ASSERT_EQUAL(f->flags, C138_FIELD_RESTART);
    CU_ASSERT_STRING_EQUAL(f->unit, "blocks");
    const struct decl_action *a = decl_action_find(p, "demo.ping");
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_EQUAL(a, decl_action_find(p, "ping"));
    CU_ASSERT_PTR_NULL(decl_action_find(p, "pong"));
    CU_ASSERT_EQUAL(a->timeout_ns, 5);
    CU_ASSERT_EQUAL(a->flags, C138_ACTION_IDEMPOTENT);
    CU_ASSERT_EQUAL(a->params[0]->flags, C138_FIELD_REQUIRED);
    CU_ASSERT_PTR_NULL(a->params[1]);
    const struct decl_event *e = decl_event_find(p, "demo.head");
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_EQUAL(e->flags, C138_EVENT_KEEP);
    CU_ASSERT_PTR_NOT_NULL(e->fields);
    const struct decl_metric *m = decl_metric_find(p, "chain138_demo_total");
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->n_labels, 1);
    CU_ASSERT_PTR_NULL(decl_plugin_free(p));
}

static void test_defaults(void) {
    struct decl_plugin *p = NULL;
    struct c138_err err;
    CU_ASSERT_EQUAL_FATAL(make("{\"name\":\"x\"}", &p, &err), C138_OK);
    CU_ASSERT_PTR_NULL(p->settings[0]);
    CU_ASSERT_PTR_NULL(p->actions[0]);
    CU_ASSERT_PTR_NULL(p->subscribes[0]);
    decl_plugin_free(p);
    CU_ASSERT_EQUAL_FATAL(make(DOCUMENT("", ACTION("a", ""), "", ""), &p, &err), C138_OK);
    CU_ASSERT_EQUAL(p->actions[0]->timeout_ns, INT64_C(30000000000));
    decl_plugin_free(p);
    CU_ASSERT_PTR_NULL(decl_plugin_free(NULL));
}

static void test_lint(void) {
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"{}", "name is not well formed"},
        {"{\"name\":\"Demo\"}", "name is not well formed"},
        {DOCUMENT(FIELD("Limit", ",\"type\":\"uint\""), "", "", ""), "a name is a-z"},
        {DOCUMENT(FIELD("li-mit", ",\"type\":\"uint\""), "", "", ""), "a name is a-z"},
        {DOCUMENT(FIELD("a", ",\"type\":\"colour\""), "", "", ""), "unknown type"},
        {DOCUMENT(FIELD("a", ""), "", "", ""), "unknown type"},
        {DOCUMENT(NODE "," NODE, "", "", ""), "node: declared twice"},
        {DOCUMENT(FIELD("a", ",\"type\":\"enum\""), "", "", ""), "has choices"},
        {DOCUMENT(FIELD("a", ",\"type\":\"uint\",\"choices\":[\"x\"]"), "", "", ""), "has choices"},
        {DOCUMENT(FIELD("a", ",\"type\":\"list\""), "", "", ""), "one element field"},
        {DOCUMENT(FIELD("a", ",\"type\":\"list\",\"fields\":[" NODE
                             "," FIELD("b", ",\"type\":\"uint\"") "]"),
                  "", "", ""),
         "one element field"},
        {DOCUMENT(FIELD("a", ",\"type\":\"uint\",\"fields\":[" NODE "]"), "", "", ""),
         "only objects have members"},
        {DOCUMENT(FIELD("a", ",\"type\":\"uint\",\"default\":\"-1\""), "", "", ""), "default of a"},
        {DOCUMENT(FIELD("a", ",\"type\":\"uint\",\"default\":\"9\",\"max\":\"8\""), "", "", ""),
         "default of a: \"9\""},
        {DOCUMENT(FIELD("a", ",\"type\":\"duration\",\"min\":\"soon\""), "", "", ""), "bounds"},
        {DOCUMENT(FIELD("a", ",\"type\":\"string\",\"max\":\"x\""), "", "", ""), "bounds"},
        {DOCUMENT("", ACTION("a_b", ""), "", ""), "a name is a-z"},
        {DOCUMENT("", "{\"name\":\"a\",\"effect\":\"read\",\"role\":\"viewer\"}", "", ""),
         "no summary"},
        {DOCUMENT("", "{\"name\":\"a\",\"summary\":\"s\",\"effect\":\"x\",\"role\":\"viewer\"}", "",
                  ""),
         "unknown effect"},
        {DOCUMENT("", "{\"name\":\"a\",\"summary\":\"s\",\"effect\":\"read\",\"role\":\"root\"}",
                  "", ""),
         "unknown effect or role"},
        {DOCUMENT("", ACTION("a", ",\"timeout_ns\":-1"), "", ""), "negative timeout"},
        {DOCUMENT("",
                  "{\"name\":\"a\",\"summary\":\"s\",\"effect\":\"dangerous\","
                  "\"role\":\"custodian\"}",
                  "", ""),
         "cannot be dry-run"},
        {DOCUMENT("", "{\"name\":\"a\",\"summary\":\"s\",\"effect\":\"write\",\"role\":\"viewer\"}",
                  "", ""),
         "a viewer may not"},
        {DOCUMENT("", ACTION("a", ",\"lock\":\"x{node}\""), "", ""), "lock names a parameter"},
        {DOCUMENT("", ACTION("a", ",\"lock\":\"x{node\",\"params\":[" NODE "]"), "", ""),
         "{ without }"},
        {DOCUMENT("", ACTION("a", "") "," ACTION("a", ""), "", ""), "a: declared twice"},
        {DOCUMENT("", "", "{\"topic\":\"besu.head\",\"severity\":\"info\"}", ""), "a topic is"},
        {DOCUMENT("", "", "{\"topic\":\"demo\",\"severity\":\"info\"}", ""), "a topic is"},
        {DOCUMENT("", "", "{\"topic\":\"demo.Head\",\"severity\":\"info\"}", ""), "a topic is"},
        {DOCUMENT("", "", "{\"topic\":\"demo.a\",\"severity\":\"loud\"}", ""), "severity"},
        {DOCUMENT("", "", EVENT "," EVENT, ""), "declared twice"},
        {DOCUMENT("", "", "", "{\"name\":\"demo_total\",\"type\":\"counter\",\"help\":\"h\"}"),
         "chain138_"},
        {DOCUMENT("", "", "", "{\"name\":\"chain138_x\",\"type\":\"counter\",\"help\":\"h\"}"),
         "_total"},
        {DOCUMENT("", "", "", "{\"name\":\"chain138_x\",\"type\":\"summary\",\"help\":\"h\"}"),
         "needs a type"},
        {DOCUMENT("", "", "", "{\"name\":\"chain138_x\",\"type\":\"gauge\"}"), "help"},
        {DOCUMENT(
             "", "", "",
             "{\"name\":\"chain138_x\",\"type\":\"gauge\",\"help\":\"h\",\"labels\":[\"a-b\"]}"),
         "label"},
        {DOCUMENT("", "", "", METRIC "," METRIC), "declared twice"},
    };
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        struct decl_plugin *p = NULL;
        struct c138_err err;
        CU_ASSERT_EQUAL(make(wrong[i].text, &p, &err), C138_E_INVALID);
        if (!strstr(err.text, wrong[i].says))
            printf("\n%s\n%s\n", wrong[i].text, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i].says));
        decl_plugin_free(p);
    }
}

/* A document comes from a worker, whose plugin may be hostile. */
static void test_bounds(void) {
    struct decl_plugin *p = NULL;
    struct c138_err err;
    C138_BUF struct c138_buf deep = C138_BUF_NULL, many = C138_BUF_NULL;
    c138_buf_adds(&deep, "{\"name\":\"x\",\"settings\":[");
    for (int i = 0; i < 10; i++)
        c138_buf_adds(&deep, "{\"name\":\"a\",\"type\":\"object\",\"fields\":[");
    for (int i = 0; i < 10; i++)
        c138_buf_adds(&deep, "]}");
    c138_buf_adds(&deep, "]}");
    CU_ASSERT_EQUAL(make(c138_buf_text(&deep), &p, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "deep"));
    c138_buf_adds(&many, "{\"name\":\"x\",\"actions\":[");
    for (int i = 0; i < 257; i++)
        c138_buf_addf(&many, "%s" ACTION("a%d", ""), i ? "," : "", i);
    c138_buf_adds(&many, "]}");
    CU_ASSERT_EQUAL(make(c138_buf_text(&many), &p, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than 256"));
    static const char *const odd[] = {"[]",
                                      "null",
                                      "5",
                                      "{\"name\":\"x\",\"actions\":{}}",
                                      "{\"name\":\"x\",\"actions\":[5]}",
                                      "{\"name\":\"x\",\"settings\":[null]}"};
    for (size_t i = 0; i < C138_COUNT(odd); i++) {
        p = NULL;
        (void)make(odd[i], &p, &err); /* a refusal or an empty plugin, never a crash */
        decl_plugin_free(p);
    }
}

static void test_words(void) {
    CU_ASSERT_STRING_EQUAL(decl_type_name(C138_T_ADDRESS), "address");
    CU_ASSERT_STRING_EQUAL(decl_type_name(C138_T_OBJECT), "object");
    CU_ASSERT_STRING_EQUAL(decl_type_name(0), "unknown");
    CU_ASSERT_STRING_EQUAL(decl_type_name(UINT32_MAX), "unknown");
    CU_ASSERT_STRING_EQUAL(decl_effect_name(C138_EFFECT_DANGEROUS), "dangerous");
    CU_ASSERT_STRING_EQUAL(decl_severity_name(C138_SEVERITY_CRITICAL), "critical");
    for (uint32_t role = C138_ROLE_VIEWER; role <= C138_ROLE_CUSTODIAN; role++)
        CU_ASSERT_EQUAL(decl_role_from_name(decl_role_name(role)), role);
    CU_ASSERT_EQUAL(decl_role_from_name("root"), 0);
    CU_ASSERT_EQUAL(decl_role_from_name(NULL), 0);
}

const CU_TestInfo tests_decl[] = {
    {"reads", test_reads},   {"defaults", test_defaults}, {"lint", test_lint},
    {"bounds", test_bounds}, {"words", test_words},       CU_TEST_INFO_NULL,
};
