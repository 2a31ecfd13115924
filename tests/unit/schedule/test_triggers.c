#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <chain138/plugin.h>
#include <schedule/triggers.h>

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define S C138_NS_PER_S
#define T0 (INT64_C(1795402800) * S) /* 2026-11-23T03:00:00Z */

static struct rig {
    char folder[64];
    char *db;
    struct event_base *base;
    struct store *store;
    struct log *log;
    struct bus *bus;
    struct eventlog *events;
    struct triggers *triggers;
    int fired, refuse;
    char params[1024], chain[256], name[64];
    int64_t now;
} rig;

static c138_status on_fire(void *user, const char *name, const struct c138_json *rule,
                           struct c138_json *params, const char *chain, struct c138_err *err) {
    C138_FREE char *text = c138_json_canonical(params);
    (void)user;
    (void)rule;
    if (rig.refuse)
        return c138_error(err, C138_E_DENIED, "policy.denied", "ops is viewer: it needs operator");
    rig.fired++;
    (void)snprintf(rig.params, sizeof(rig.params), "%s", text);
    (void)snprintf(rig.chain, sizeof(rig.chain), "%s", chain);
    (void)snprintf(rig.name, sizeof(rig.name), "%s", name);
    return C138_OK;
}

static void up(void) {
    struct c138_err err = {0};
    rig = (struct rig){.folder = "/tmp/c138-triggers-XXXXXX", .now = T0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    rig.db = c138_path_join(rig.folder, "agent.db");
    rig.log = log_new(LOG_FORMAT_TEXT, 0);
    rig.base = event_base_new();
    event_base_priority_init(rig.base, 3);
    CU_ASSERT_EQUAL_FATAL(bus_new(rig.base, &rig.bus), C138_OK);
    CU_ASSERT_EQUAL_FATAL(store_open(rig.db, rig.base, &rig.store, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(eventlog_new(rig.base, rig.store, rig.bus, &rig.events, &err), C138_OK);
    const struct triggers_env env = {.bus = rig.bus, .log = rig.log, .fire = on_fire};
    CU_ASSERT_EQUAL_FATAL(triggers_new(&env, &rig.triggers, &err), C138_OK);
}

static void down(void) {
    static const char *const names[] = {"agent.db", "agent.db-wal", "agent.db-shm",
                                        "agent.db.lock"};
    triggers_free(rig.triggers);
    eventlog_free(rig.events);
    store_close(rig.store);
    bus_free(rig.bus);
    event_base_free(rig.base);
    log_free(rig.log);
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(rig.folder, names[i]);
        (void)unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(rig.folder), 0);
    free(rig.db);
}

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    struct c138_err err = {0};
    if (c138_json_parse(text, strlen(text), &v, &err) < 0)
        printf("%s: %s\n", text, err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    return v;
}

static void rules(const char *text) {
    C138_JSON struct c138_json *list = json(text);
    struct c138_err err = {0};
    for (size_t i = 0; i < c138_json_count(list); i++)
        if (triggers_check(c138_json_at(list, i), &err) < 0)
            CU_FAIL_FATAL("a rule of this test is not valid");
    triggers_apply(rig.triggers, list);
}

static void event_of(const char *topic, const char *data, const char *chain) {
    bus_publish(rig.bus, &(struct bus_event){.topic = topic,
                                             .source = "besu",
                                             .json = data,
                                             .json_length = strlen(data),
                                             .time_ns = rig.now,
                                             .flags = C138_EVENT_KEEP,
                                             .severity = C138_SEVERITY_INFO,
                                             .chain = chain});
    event_base_loop(rig.base, EVLOOP_NONBLOCK);
}

/* One rule with this condition (or none): does it fire on this event? */
static int fires(const char *condition, const char *data) {
    C138_FREE char *text = c138_xasprintf(
        "[{\"name\":\"t\",\"topic\":\"besu.head\",\"action\":\"a.b\",\"as\":\"ops\",\"rate\":"
        "\"1000/1s\",\"when\":[%s]}]",
        condition);
    int before = rig.fired;
    rules(text);
    event_of("besu.head", data, NULL);
    return rig.fired - before;
}

/* field, operator, value as JSON, event, does it hold */
static void every_operator(void) {
    static const struct {
        const char *op, *value, *data;
        int holds;
    } cases[] = {
        {"==", "5", "{\"f\":5}", 1},
        {"==", "5", "{\"f\":\"5\"}", 1}, /* amounts come as text */
        {"==", "5", "{\"f\":\"5.0\"}", 1},
        {"==", "5", "{\"f\":6}", 0},
        {"==", "\"up\"", "{\"f\":\"up\"}", 1},
        {"==", "\"up\"", "{\"f\":\"Up\"}", 0},
        {"==", "true", "{\"f\":true}", 1},
        {"==", "true", "{\"f\":false}", 0},
        {"!=", "5", "{\"f\":6}", 1},
        {"!=", "5", "{\"f\":5}", 0},
        {"!=", "5", "{}", 0}, /* a missing field meets no condition but exists */
        {"<", "5", "{\"f\":4}", 1},
        {"<", "5", "{\"f\":5}", 0},
        {"<", "5", "{\"f\":\"x\"}", 0},  /* text has no order */
        {"<", "10", "{\"f\":\"9\"}", 1}, /* as numbers, not as text */
        {"<", "0", "{\"f\":-1}", 1},
        {"<", "-1", "{\"f\":-2}", 1},
        {"<", "-2", "{\"f\":-1}", 0},
        {"<=", "5", "{\"f\":5}", 1},
        {"<=", "5", "{\"f\":5.5}", 0},
        {">", "5", "{\"f\":5.5}", 1},
        {">", "5", "{\"f\":-6}", 0},
        {">=", "5", "{\"f\":5}", 1},
        {">=", "5", "{\"f\":\"4.99\"}", 0},
        {"==", "0", "{\"f\":\"-0\"}", 1},
        {"=~", "\"validator-*\"", "{\"f\":\"validator-1\"}", 1},
        {"=~", "\"validator-*\"", "{\"f\":\"rpc-1\"}", 0},
        {"=~", "\"1?\"", "{\"f\":12}", 1},
        {"in", "[1,\"b\",3]", "{\"f\":3}", 1},
        {"in", "[1,\"b\",3]", "{\"f\":\"b\"}", 1},
        {"in", "[1,\"b\",3]", "{\"f\":2}", 0},
        {"in", "[]", "{\"f\":2}", 0},
        {"exists", "true", "{\"f\":1}", 1},
        {"exists", "true", "{\"f\":null}", 0}, /* null is not there */
        {"exists", "true", "{\"g\":1}", 0},
        {"exists", "false", "{\"g\":1}", 1},
    };
    up();
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *c = c138_xasprintf("{\"field\":\"f\",\"op\":\"%s\",\"value\":%s}",
                                           cases[i].op, cases[i].value);
        int got = fires(c, cases[i].data);
        if (got != cases[i].holds)
            printf("f %s %s with %s: %d\n", cases[i].op, cases[i].value, cases[i].data, got);
        CU_ASSERT_EQUAL(got, cases[i].holds);
    }
    down();
}

/* Amounts of 78 digits differ in their last one. */
static void numbers_of_any_size_exactly(void) {
    static const char max[] =
        "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    char less[sizeof(max)];
    memcpy(less, max, sizeof(max));
    less[sizeof(max) - 2] = '4';
    up();
    static const struct {
        const char *op;
        int a, b; /* with the greatest and with the one below it */
    } cases[] = {{">", 0, 0}, {">=", 1, 0}, {"==", 1, 0}, {"<", 0, 1}, {"<=", 1, 1}, {"!=", 0, 1}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *c =
            c138_xasprintf("{\"field\":\"wei\",\"op\":\"%s\",\"value\":\"%s\"}", cases[i].op, max);
        C138_FREE char *a = c138_xasprintf("{\"wei\":\"%s\"}", max),
                       *b = c138_xasprintf("{\"wei\":\"%s\"}", less);
        CU_ASSERT_EQUAL(fires(c, a), cases[i].a);
        CU_ASSERT_EQUAL(fires(c, b), cases[i].b);
    }
    down();
}

static void all_conditions_and_paths(void) {
    static const char two[] =
        "{\"field\":\"peer.count\",\"op\":\"<\",\"value\":3},"
        "{\"field\":\"source\",\"op\":\"==\",\"value\":\"besu\"},"
        "{\"field\":\"topic\",\"op\":\"=~\",\"value\":\"besu.*\"},"
        "{\"field\":\"time\",\"op\":\"=~\",\"value\":\"2026-11-23T03:00:00*\"}";
    up();
    CU_ASSERT_EQUAL(fires(two, "{\"peer\":{\"count\":2}}"), 1);
    CU_ASSERT_EQUAL(fires(two, "{\"peer\":{\"count\":3}}"), 0);
    CU_ASSERT_EQUAL(fires(two, "{\"peer\":2}"), 0);
    CU_ASSERT_EQUAL(fires("", "{}"), 1);
    int before = rig.fired;
    event_of("besu.header", "{}", NULL); /* another topic */
    event_of("besu.head", "{", NULL);    /* no JSON */
    CU_ASSERT_EQUAL(rig.fired, before);
    down();
}

static void parameters_from_the_event(void) {
    up();
    rules(
        "[{\"name\":\"t\",\"topic\":\"besu.*\",\"action\":\"a.b\",\"as\":\"ops\",\"rate\":\"9/1h\","
        "\"params\":{\"n\":\"${n}\",\"list\":[\"${names}\",\"x\"],\"deep\":{\"at\":\"${time}\"},"
        "\"text\":\"${source} says ${n} of ${topic}: ${o.p}\",\"plain\":7,\"odd\":\"${\"}}]");
    event_of("besu.head", "{\"n\":12,\"names\":[1,2],\"o\":{\"p\":true}}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 1);
    CU_ASSERT_STRING_EQUAL(rig.params,
                           "{\"deep\":{\"at\":\"2026-11-23T03:00:00.000Z\"},\"list\":[[1,2],\"x\"],"
                           "\"n\":12,\"odd\":\"${\",\"plain\":7,"
                           "\"text\":\"besu says 12 of besu.head: true\"}");
    event_of("besu.head", "{\"n\":13,\"names\":[]}", NULL); /* o.p is missing */
    CU_ASSERT_EQUAL(rig.fired, 1);
    C138_JSON struct c138_json *list = triggers_list(rig.triggers);
    const struct c138_json *row = c138_json_path(list, "triggers.0");
    CU_ASSERT_EQUAL(c138_json_get_uint(row, "refused", 0), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_json_get_str(row, "last_error", ""), "no field o.p"));
    /* What an event holds is a value: it is not looked into again. */
    event_of("besu.head", "{\"n\":\"${source}\",\"names\":0,\"o\":{\"p\":\"${n}\"}}", NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.params, "\"n\":\"${source}\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.params, "besu says ${source} of besu.head: ${n}"));
    down();
}

static void at_most_so_many(void) {
    up();
    rules("[{\"name\":\"t\",\"topic\":\"besu.head\",\"action\":\"a.b\",\"as\":\"ops\",\"rate\":\"3/"
          "1m\"}]");
    for (int i = 0; i < 10; i++, rig.now += S)
        event_of("besu.head", "{}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 3);
    rig.now = T0 + 59 * S;
    event_of("besu.head", "{}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 3);
    rig.now = T0 + 60 * S; /* the window slides: the first one is out, the second not yet */
    event_of("besu.head", "{}", NULL);
    event_of("besu.head", "{}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 4);
    C138_JSON struct c138_json *list = triggers_list(rig.triggers);
    CU_ASSERT_EQUAL(c138_json_get_uint(c138_json_path(list, "triggers.0"), "suppressed", 0), 9);
    /* A reload with the same rule does not open the window again. */
    rules("[{\"name\":\"t\",\"topic\":\"besu.head\",\"action\":\"a.c\",\"as\":\"ops\",\"rate\":\"3/"
          "1m\"}]");
    event_of("besu.head", "{}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 4);
    rig.now =
        T0 - 3600 * S; /* the clock was set back: it does not silence the trigger for an hour */
    event_of("besu.head", "{}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 5);
    down();
}

static void loops_end(void) {
    up();
    rules("[{\"name\":\"one\",\"topic\":\"besu.head\",\"action\":\"a.b\",\"as\":\"ops\",\"rate\":"
          "\"99/1s\"}]");
    event_of("besu.head", "{}", NULL);
    CU_ASSERT_STRING_EQUAL(rig.chain, "one");
    event_of("besu.head", "{}", "one"); /* caused by itself */
    event_of("besu.head", "{}", "two,one,three");
    CU_ASSERT_EQUAL(rig.fired, 1);
    event_of("besu.head", "{}", "ones,one-more,xone"); /* other names that look alike */
    CU_ASSERT_EQUAL(rig.fired, 2);
    CU_ASSERT_STRING_EQUAL(rig.chain, "ones,one-more,xone,one");
    event_of("besu.head", "{}", "1,2,3,4,5,6,7");
    CU_ASSERT_EQUAL(rig.fired, 3);
    event_of("besu.head", "{}", "1,2,3,4,5,6,7,8");
    CU_ASSERT_EQUAL(rig.fired, 3);
    C138_JSON struct c138_json *list = triggers_list(rig.triggers);
    CU_ASSERT_EQUAL(c138_json_get_uint(c138_json_path(list, "triggers.0"), "suppressed", 0), 3);
    down();
}

static void refused_and_disabled(void) {
    up();
    rules("[{\"name\":\"t\",\"topic\":\"besu.head\",\"action\":\"a.b\",\"as\":\"ops\",\"rate\":\"9/"
          "1s\"},{\"name\":\"off\",\"topic\":\"besu.head\",\"action\":\"a.b\",\"as\":\"ops\","
          "\"enabled\":false}]");
    rig.refuse = 1;
    event_of("besu.head", "{}", NULL);
    rig.refuse = 0;
    event_of("besu.head", "{}", NULL);
    CU_ASSERT_EQUAL(rig.fired, 1);
    CU_ASSERT_STRING_EQUAL(rig.name, "t");
    C138_JSON struct c138_json *list = triggers_list(rig.triggers);
    const struct c138_json *row = c138_json_path(list, "triggers.0");
    CU_ASSERT_EQUAL(c138_json_get_uint(row, "refused", 0), 1);
    CU_ASSERT_EQUAL(c138_json_get_uint(row, "fired", 0), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_json_get_str(row, "last_error", ""), "needs operator"));
    CU_ASSERT_EQUAL(c138_json_get_uint(c138_json_path(list, "triggers.1"), "fired", 9), 0);
    down();
}

static void replay_acts_on_nothing(void) {
    struct c138_err err = {0};
    up();
    for (int i = 0; i < 6; i++, rig.now += 20 * S) {
        C138_FREE char *data = c138_xasprintf("{\"n\":%d}", i);
        event_of("besu.head", data, i == 5 ? "t" : NULL);
        event_of("besu.other", data, NULL);
    }
    event_of("besu.head", "{\"m\":1}", NULL);
    (void)store_flush(rig.store);
    rules("[{\"name\":\"t\",\"topic\":\"besu.head\",\"action\":\"a.b\",\"as\":\"ops\",\"rate\":\"2/"
          "1m\",\"when\":[{\"field\":\"n\",\"op\":\">=\",\"value\":1}],"
          "\"params\":{\"k\":\"${n}\"}}]");
    C138_JSON struct c138_json *said = NULL;
    const struct eventlog_filter filter = {.limit = 100};
    CU_ASSERT_EQUAL_FATAL(triggers_replay(rig.triggers, "t", rig.events, &filter, &said, &err),
                          C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_uint(said, "matched", 0), 5);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(said, "runs")), 3); /* at 20 s, 40 s, 80 s */
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(said, "refused")), 2);
    CU_ASSERT_EQUAL(c138_json_as_uint(c138_json_path(said, "runs.2.params.k"), 0), 4);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(said, "refused.0.reason"), ""),
                           "over the rate");
    CU_ASSERT_EQUAL(rig.fired, 0);
    CU_ASSERT_EQUAL(triggers_replay(rig.triggers, "u", rig.events, &filter, &said, &err),
                    C138_E_NOTFOUND);
    event_of("besu.head", "{\"n\":1}", NULL); /* nor does it use up the rate */
    CU_ASSERT_EQUAL(rig.fired, 1);
    down();
}

static void what_is_wrong_is_named(void) {
#define RULE "\"name\":\"t\",\"topic\":\"x.y\",\"action\":\"a.b\",\"as\":\"ops\""
    static const char *const bad[][2] = {
        {"{\"topic\":\"x.y\",\"action\":\"a.b\",\"as\":\"ops\"}", "name is missing"},
        {"{\"name\":\"t\",\"action\":\"a.b\",\"as\":\"ops\"}", "topic is missing"},
        {"{\"name\":\"t\",\"topic\":\"x.y\",\"as\":\"ops\"}", "action is missing"},
        {"{\"name\":\"t\",\"topic\":\"x.y\",\"action\":\"a.b\"}", "as is missing"},
        {"{" RULE ",\"rate\":\"often\"}", "rate \"often\""},
        {"{" RULE ",\"rate\":\"0/1h\"}", "rate"},
        {"{" RULE ",\"rate\":\"1001/1h\"}", "rate"},
        {"{" RULE ",\"rate\":\"3/0s\"}", "rate"},
        {"{" RULE ",\"rate\":\"3/\"}", "rate"},
        {"{" RULE ",\"when\":[{\"field\":\"f\",\"op\":\"=\",\"value\":1}]}",
         "\"=\" is no operator"},
        {"{" RULE ",\"when\":[{\"op\":\"==\",\"value\":1}]}", "no field"},
        {"{" RULE ",\"when\":[{\"field\":\"f\",\"op\":\"==\"}]}", "no value"},
        {"{" RULE ",\"when\":[{\"field\":\"f\",\"op\":\"in\",\"value\":\"abc\"}]}", "list"},
    };
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        C138_JSON struct c138_json *rule = json(bad[i][0]);
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(triggers_check(rule, &err), C138_E_INVALID);
        if (!strstr(err.text, bad[i][1]))
            printf("%s: %s\n", bad[i][0], err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i][1]));
    }
}

const CU_TestInfo tests_triggers[] = {{"every operator", every_operator},
                                      {"numbers of any size, exactly", numbers_of_any_size_exactly},
                                      {"all conditions, and paths", all_conditions_and_paths},
                                      {"parameters from the event", parameters_from_the_event},
                                      {"at most so many", at_most_so_many},
                                      {"loops end", loops_end},
                                      {"refused and disabled", refused_and_disabled},
                                      {"replay acts on nothing", replay_acts_on_nothing},
                                      {"what is wrong is named", what_is_wrong_is_named},
                                      CU_TEST_INFO_NULL};
