#include "../unit.h"
#include <schema/decl.h>
#include <schema/describe.h>

#include <stdio.h>
#include <string.h>

static c138_status create(const struct c138_host *host, void **ret_self) {
    (void)host;
    *ret_self = NULL;
    return C138_OK;
}
static void destroy(void *self) {
    (void)self;
}
static c138_status run(void *self, struct c138_call *call) {
    (void)self;
    (void)call;
    return C138_OK;
}

#define PLUGIN(...)                                                                                \
    {                                                                                              \
        C138_SIZED(c138_plugin), .abi_major = 1, .name = "demo", .version = "1",                   \
                                 .summary = "A demo", .license = "Apache-2.0", .create = create,   \
                                 .destroy = destroy, __VA_ARGS__                                   \
    }

static const c138_plugin good =
    PLUGIN(.settings = C138_FIELDS(C138_FIELD(.name = "colour", .summary = "s", .type = C138_T_ENUM,
                                              .choices = C138_TEXTS("red", "green"),
                                              .default_text = "red")),
           .actions = C138_ACTIONS(
               C138_ACTION(.name = "ping", .summary = "s", .effect = C138_EFFECT_DANGEROUS,
                           .role = C138_ROLE_CUSTODIAN, .flags = C138_ACTION_DRY_RUN,
                           .timeout_ns = 7, .run = run,
                           .params = C138_FIELDS(
                               C138_FIELD(.name = "to", .summary = "s", .type = C138_T_LIST,
                                          .flags = C138_FIELD_REQUIRED | C138_FIELD_SENSITIVE,
                                          .fields =
                                              C138_FIELDS(C138_FIELD(.name = "one", .summary = "s",
                                                                     .type = C138_T_ADDRESS)))))),
           .events =
               C138_EVENTS(C138_EVENT(.topic = "demo.head", .summary = "s",
                                      .severity = C138_SEVERITY_WARNING, .flags = C138_EVENT_KEEP)),
           .subscribes = C138_TEXTS("besu.*"),
           .metrics =
               C138_METRICS(C138_METRIC(.name = "chain138_demo_peers", .type = C138_METRIC_GAUGE,
                                        .help = "h", .labels = C138_TEXTS("node"))));

static void test_document(void) {
    C138_JSON struct c138_json *d = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(describe_plugin(&good, C138_PLUGIN_SPAWNS, NULL, 0, &d, &err), C138_OK);
    C138_FREE char *text = c138_json_dump(d);
    CU_ASSERT_STRING_EQUAL(
        text,
        "{\"name\":\"demo\",\"version\":\"1\",\"summary\":\"A demo\",\"license\":\"Apache-2.0\","
        "\"abi\":[1,0],\"flags\":[\"spawns\"],\"settings\":[{\"name\":\"colour\",\"summary\":\"s\","
        "\"default\":\"red\",\"type\":\"enum\",\"choices\":[\"red\",\"green\"]}],"
        "\"actions\":[{\"name\":\"ping\",\"summary\":\"s\",\"effect\":\"dangerous\","
        "\"role\":\"custodian\",\"timeout_ns\":7,\"dry_run\":true,\"params\":[{\"name\":\"to\","
        "\"summary\":\"s\",\"type\":\"list\",\"required\":true,\"sensitive\":true,"
        "\"fields\":[{\"name\":\"one\",\"summary\":\"s\",\"type\":\"address\"}]}]}],"
        "\"events\":[{\"topic\":\"demo.head\",\"summary\":\"s\",\"severity\":\"warning\","
        "\"keep\":true}],\"subscribes\":[\"besu.*\"],\"metrics\":[{\"name\":\"chain138_demo_"
        "peers\","
        "\"help\":\"h\",\"type\":\"gauge\",\"labels\":[\"node\"]}]}");
    struct decl_plugin *p = NULL;
    CU_ASSERT_EQUAL(decl_plugin_new(d, &p, &err), C138_OK);
    decl_plugin_free(p);
}

static void refuse(const c138_plugin *p, const char *says) {
    struct c138_json *d = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(describe_plugin(p, 0, NULL, 0, &d, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "plugin.lies");
    if (!strstr(err.text, says))
        printf("\n%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
}

static void test_lying_sizes(void) {
    refuse(NULL, "returned NULL");
    static const uint32_t sizes[] = {0, 1, sizeof(c138_plugin) - 1, 4097, UINT32_MAX};
    for (size_t i = 0; i < C138_COUNT(sizes); i++) {
        c138_plugin p = good;
        p.struct_size = sizes[i];
        refuse(&p, "struct_size");
        c138_field f = *good.settings[0];
        f.struct_size = i == 2 ? (uint32_t)sizeof(f) - 1 : sizes[i];
        const c138_plugin with = PLUGIN(.settings = C138_FIELDS(&f));
        refuse(&with, "settings: struct_size");
        c138_action a = *good.actions[0];
        a.struct_size = i == 2 ? (uint32_t)sizeof(a) - 1 : sizes[i];
        const c138_plugin acts = PLUGIN(.actions = C138_ACTIONS(&a));
        refuse(&acts, "an action: struct_size");
    }
    c138_plugin newer = good; /* of a later contract: what is behind our end is not read */
    struct {
        c138_plugin p;
        void *more[4];
    } room = {.p = newer};
    room.p.struct_size = sizeof(room);
    C138_JSON struct c138_json *d = NULL;
    CU_ASSERT_EQUAL(describe_plugin(&room.p, 0, NULL, 0, &d, NULL), C138_OK);
}

static void test_lists(void) {
    /* A field that holds itself, once and many times over. */
    const c138_field *ring[2] = {NULL, NULL};
    c138_field self = {C138_SIZED(c138_field), .type = C138_T_OBJECT, .name = "a", .summary = "s",
                       .fields = ring};
    ring[0] = &self;
    const c138_plugin deep = PLUGIN(.settings = ring);
    refuse(&deep, "nested deeper");
    static const c138_field *wide[201];
    c138_field each = {C138_SIZED(c138_field), .type = C138_T_OBJECT, .name = "a", .summary = "s",
                       .fields = wide};
    for (size_t i = 0; i < 200; i++)
        wide[i] = &each;
    const c138_plugin bomb = PLUGIN(.settings = wide);
    refuse(&bomb, ""); /* at once, too */
    c138_field leaf = each;
    leaf.fields = NULL;
    static const c138_field *flat[258];
    for (size_t i = 0; i < 257; i++)
        flat[i] = &leaf;
    const c138_plugin longer = PLUGIN(.settings = flat);
    refuse(&longer, "too long");
    c138_field middle = {C138_SIZED(c138_field), .type = C138_T_OBJECT, .name = "m", .summary = "s",
                         .fields = flat};
    flat[200] = NULL; /* 200 x 200 fields */
    static const c138_field *outer[201];
    for (size_t i = 0; i < 200; i++)
        outer[i] = &middle;
    const c138_plugin many = PLUGIN(.settings = outer);
    refuse(&many, "4096");
    static const char *choices[66];
    for (size_t i = 0; i < 65; i++)
        choices[i] = "x";
    const c138_plugin chosen =
        PLUGIN(.settings =
                   C138_FIELDS(C138_FIELD(.name = "a", .type = C138_T_ENUM, .choices = choices)));
    refuse(&chosen, "too long");
}

static void test_texts(void) {
    static char endless[16385];
    memset(endless, 'x', sizeof(endless) - 1);
    const c138_plugin longer = PLUGIN(.subscribes = C138_TEXTS(endless));
    refuse(&longer, "does not end");
    const c138_plugin bytes = PLUGIN(.subscribes = C138_TEXTS("\xff"));
    refuse(&bytes, "UTF-8");
    const c138_plugin nameless = PLUGIN(.settings = C138_FIELDS(C138_FIELD(.type = C138_T_INT)));
    refuse(&nameless, "no name");
    c138_plugin lifeless = good;
    lifeless.create = NULL;
    refuse(&lifeless, "create and destroy");
    C138_JSON struct c138_json *d = NULL;
    CU_ASSERT_EQUAL(describe_plugin(&lifeless, DESCRIBE_TABLES_ONLY, NULL, 0, &d, NULL), C138_OK);
}

/* Everything must lie in the plugin's own segments, here an array that plays one. */
static void test_ranges(void) {
    static struct {
        c138_plugin p;
        c138_field f;
        const c138_field *fields[2];
        char name[8], last[8]; /* no padding at the end */
    } segment;
    static const char outside[] = "outside";
    const struct describe_range range = {(uintptr_t)&segment, (uintptr_t)(&segment + 1)};
    for (int broken = 0; broken < 7; broken++) {
        memset(&segment, 0, sizeof(segment));
        memcpy(segment.name, "demo", 5);
        segment.f = (c138_field){C138_SIZED(c138_field), .type = C138_T_INT, .name = segment.name};
        segment.fields[0] = &segment.f;
        segment.p = (c138_plugin){C138_SIZED(c138_plugin), .name = segment.name,
                                  .version = segment.name, .summary = segment.name,
                                  .license = segment.name, .settings = segment.fields,
                                  .create = create,        .destroy = destroy};
        if (broken == 1)
            segment.p.version = outside;
        if (broken == 2) { /* a text that runs out of the segment */
            memset(segment.last, 'x', sizeof(segment.last));
            segment.p.version = segment.last;
        }
        if (broken == 3)
            segment.p.settings = (const c138_field *const *)(uintptr_t)8;
        if (broken == 4)
            segment.fields[0] = (const c138_field *)(uintptr_t)(range.end - 4);
        if (broken == 5)
            segment.fields[0] = (const c138_field *)(const void *)(segment.name + 1);
        if (broken == 6)
            segment.f.unit = (const char *)UINTPTR_MAX;
        C138_JSON struct c138_json *d = NULL;
        struct c138_err err = {0};
        c138_status status = describe_plugin(&segment.p, 0, &range, 1, &d, &err);
        CU_ASSERT_EQUAL(status, broken ? C138_E_INVALID : C138_OK);
    }
    C138_JSON struct c138_json *d = NULL;
    CU_ASSERT_EQUAL(describe_plugin(&good, 0, &range, 1, &d, NULL), C138_E_INVALID);
}

const CU_TestInfo tests_describe[] = {
    {"document", test_document}, {"lying sizes", test_lying_sizes}, {"lists", test_lists},
    {"texts", test_texts},       {"ranges", test_ranges},           CU_TEST_INFO_NULL,
};
