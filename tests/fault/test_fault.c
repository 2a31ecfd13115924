/*
 * The supervisor against hostile plugins, with real workers: whatever one of them does, the loop
 * goes on (a ticker proves it), another plugin answers within a second, and the row names the
 * culprit.
 *
 * Usage: test_fault (in the build tree; plugins are copied from tests/fault/plugins/.libs into a
 * folder with right modes).
 */
#include "config.h"

#include "../unit/unit.h"
#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <chain138/host.h>
#include <schema/validate.h>
#include <worker/plugins.h>

#include <event2/thread.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef C138_SANITIZED
#define SLOWER 3
#define CRASH_REASON "status" /* a sanitizer turns the signal into an exit */
#else
#define SLOWER 1
#define CRASH_REASON "signal"
#endif

/* --- A small agent: loop, bus, supervisor
 * ------------------------------------------------------------------- */

#define CONFIGS 8
struct conf {
    struct plugin_config c;
    char settings[512];
};

static struct rig {
    char folder[64];
    struct event_base *base;
    struct bus *bus;
    struct log *log;
    struct metrics *metrics;
    struct catalog *catalog;
    struct plugins *plugins;
    struct event *ticker;
    struct bus_sink *sink;
    char *state, *run, *dir;
    const char *dirs[2];
    int64_t last_tick, worst_gap;
    struct conf confs[CONFIGS];
    size_t n_confs;
    unsigned died, flooded;
    char died_json[2048];
    int in_thread;
} rig;

static void on_tick(evutil_socket_t fd, short what, void *user) {
    int64_t now = c138_now_monotonic_ns();
    (void)fd;
    (void)what;
    (void)user;
    if (rig.last_tick && now - rig.last_tick > rig.worst_gap)
        rig.worst_gap = now - rig.last_tick;
    rig.last_tick = now;
}

static void on_event(void *user, const struct bus_event *e) {
    (void)user;
    if (!strcmp(e->topic, "agent.plugin-died")) {
        rig.died++;
        (void)snprintf(rig.died_json, sizeof(rig.died_json), "%s", e->json);
    }
    rig.flooded += !strcmp(e->topic, "agent.plugin-flooding");
}

static void on_hostcall(void *user, struct plugins_hostcall *call) {
    (void)user;
    call->reply(call, C138_E_NOTFOUND, "{}", 2);
}

static void on_progress(void *user, const char *job, uint32_t permille, const char *text) {
    (void)user;
    (void)job;
    (void)permille;
    (void)text;
}

static void on_job_log(void *user, const char *job, int32_t level, const char *text) {
    (void)user;
    (void)job;
    (void)level;
    (void)text;
}

static void copy_plugin(const char *name, const char *as) {
    C138_FREE char *from = c138_xasprintf("tests/fault/plugins/.libs/%s.so", name);
    C138_FREE char *to = c138_xasprintf("%s/%s.so", rig.dir, as);
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(c138_file_read(from, 16 << 20, &b, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_file_write(to, 0755, b.data, b.length, &err), C138_OK);
}

static void rig_up(void) {
    static const char *const all[] = {"*", NULL};
    const struct timeval tick = {.tv_usec = 20000};
    struct c138_err err = {0};
    int in_thread = rig.in_thread;
    rig = (struct rig){.folder = "/tmp/c138-fault-XXXXXX", .in_thread = in_thread};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    (void)chmod(rig.folder, 0755);
    rig.state = c138_path_join(rig.folder, "state");
    rig.run = c138_path_join(rig.folder, "run");
    rig.dir = c138_path_join(rig.folder, "plugins");
    rig.dirs[0] = rig.dir;
    c138_mkdir_p(rig.state, 0755, NULL);
    c138_mkdir_p(rig.run, 0755, NULL);
    c138_mkdir_p(rig.dir, 0755, NULL);
    rig.base = event_base_new();
    event_base_priority_init(rig.base, 3);
    bus_new(rig.base, &rig.bus);
    rig.log = log_new(LOG_FORMAT_TEXT, getenv("VERBOSE") ? C138_LOG_DEBUG : 0);
    rig.metrics = metrics_new();
    rig.catalog = catalog_new();
    rig.ticker = event_new(rig.base, -1, EV_PERSIST, on_tick, NULL);
    event_add(rig.ticker, &tick);
    rig.sink = bus_subscribe(rig.bus, all, 0, on_event, NULL);
    const struct plugins_env env = {.base = rig.base,
                                    .bus = rig.bus,
                                    .log = rig.log,
                                    .metrics = rig.metrics,
                                    .catalog = rig.catalog,
                                    .plugin_dirs = rig.dirs,
                                    .host_program = "./chain138-plugin-host",
                                    .state_dir = rig.state,
                                    .run_dir = rig.run,
                                    .host_name = "testhost",
                                    .agent_version = "0",
                                    .hostcall = on_hostcall,
                                    .progress = on_progress,
                                    .job_log = on_job_log};
    CU_ASSERT_EQUAL_FATAL(plugins_new(&env, &rig.plugins, &err), C138_OK);
}

static void remove_all(const char *folder) {
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
}

static void rig_down(void) {
    if (!rig.in_thread)
        CU_ASSERT(rig.worst_gap < C138_NS_PER_S * SLOWER); /* the loop never stood still */
    rig.plugins = plugins_free(rig.plugins);
    bus_unsubscribe(rig.bus, rig.sink);
    event_free(rig.ticker);
    catalog_free(rig.catalog);
    metrics_free(rig.metrics);
    bus_free(rig.bus);
    log_free(rig.log);
    event_base_free(rig.base);
    remove_all(rig.folder);
    free(rig.state);
    free(rig.run);
    free(rig.dir);
}

/* --- What the tests say
 * ----------------------------------------------------------------------------------------- */

static c138_status settings_of(void *user, const char *plugin, struct decl_field *const *declared,
                               struct c138_json **ret, struct c138_err *err) {
    struct conf *conf = user;
    C138_JSON struct c138_json *given = NULL;
    (void)plugin;
    c138_status status = c138_json_parse(conf->settings, strlen(conf->settings), &given, err);
    return status < 0 ? status : validate_object(declared, given, 0, ret, err);
}

static struct conf *want(const char *name, const char *settings) {
    struct conf *conf = NULL;
    for (size_t i = 0; i < rig.n_confs && !conf; i++)
        if (!strcmp(rig.confs[i].c.name, name))
            conf = &rig.confs[i];
    if (!conf)
        conf = &rig.confs[rig.n_confs++];
    (void)snprintf(conf->settings, sizeof(conf->settings), "%s", settings);
    conf->c.name = name;
    conf->c.enabled = 1;
    conf->c.in_thread = rig.in_thread;
    conf->c.settings_json = conf->settings;
    conf->c.settings = settings_of;
    conf->c.user = conf;
    conf->c.file = "x.conf";
    conf->c.line = 1;
    return conf;
}

struct outcome {
    int over;
    c138_status status;
    struct c138_err err;
    struct c138_json *result;
};

static void on_applied(void *user, c138_status status, const struct c138_err *err) {
    struct outcome *o = user;
    o->over = 1;
    o->status = status;
    o->err = *err;
}

static void on_called(void *user, c138_status status, const struct c138_json *result) {
    struct outcome *o = user;
    o->over = 1;
    o->status = status;
    o->result = c138_json_ref((struct c138_json *)(uintptr_t)result);
}

/* Turns the loop until `*over`, or the time is up. */
static int turn_until(const int *over, int64_t ms) {
    int64_t end = c138_now_monotonic_ns() + ms * SLOWER * C138_NS_PER_MS;
    while (!(over && *over) && c138_now_monotonic_ns() < end) {
        /* One turn: without ONCE it would not come back while a flood goes on. */
        event_base_loop(rig.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
        (void)usleep(500);
    }
    return over && *over;
}

static struct outcome apply(int initial) {
    static struct outcome o;
    struct plugin_config configs[CONFIGS];
    o = (struct outcome){0};
    for (size_t i = 0; i < rig.n_confs; i++)
        configs[i] = rig.confs[i].c;
    plugins_apply(rig.plugins, configs, rig.n_confs, initial, on_applied, &o);
    CU_ASSERT(turn_until(&o.over, 25000));
    return o;
}

static struct outcome *call_async(const char *action, const char *params, int64_t timeout_ms) {
    struct outcome *o = c138_xcalloc(1, sizeof(*o));
    const struct decl_action *a = catalog_action(rig.catalog, action);
    C138_JSON struct c138_json *given = NULL, *checked = NULL;
    struct plugins_call *call = NULL;
    o->over = 1;
    o->status = C138_E_NOTFOUND;
    if (!a || c138_json_parse(params, strlen(params), &given, &o->err) < 0 ||
        validate_object(a->params, given, 0, &checked, &o->err) < 0)
        return o;
    const struct plugins_request r = {.action = a,
                                      .job_id = "01J0000000000000000000TEST",
                                      .principal = "unix:test@testhost",
                                      .params = checked,
                                      .deadline_ns =
                                          c138_now_monotonic_ns() + timeout_ms * C138_NS_PER_MS,
                                      .done = on_called,
                                      .user = o};
    o->status = plugins_call(rig.plugins, &r, &call, &o->err);
    o->over = o->status < 0;
    return o;
}

static c138_status call(const char *action, const char *params, struct c138_json **ret_result) {
    struct outcome *o = call_async(action, params, 5000 * SLOWER);
    CU_ASSERT(turn_until(&o->over, 15000));
    c138_status status = o->status;
    if (ret_result)
        *ret_result = o->result;
    else
        c138_json_unref(o->result);
    free(o);
    return status;
}

/* Another plugin answers within a second. */
static void the_other_answers(void) {
    int64_t began = c138_now_monotonic_ns();
    CU_ASSERT_EQUAL(call("good.echo", "{\"string\":\"x\"}", NULL), C138_OK);
    CU_ASSERT(c138_now_monotonic_ns() - began < C138_NS_PER_S * SLOWER);
}

/* The named member of a plugin's row; the text lives until the next call. */
static const char *row(const char *plugin, const char *member) {
    static struct c138_json *rows;
    c138_json_unref(rows);
    rows = plugins_describe(rig.plugins);
    for (size_t i = 0; i < c138_json_count(rows); i++)
        if (!strcmp(c138_json_get_str(c138_json_at(rows, i), "name", ""), plugin))
            return c138_json_get_str(c138_json_at(rows, i), member, "");
    return "no such row";
}

static int row_is(const char *plugin, const char *member, const char *part, int64_t ms) {
    int64_t end = c138_now_monotonic_ns() + ms * SLOWER * C138_NS_PER_MS;
    while (!strstr(row(plugin, member), part) && c138_now_monotonic_ns() < end)
        turn_until(NULL, 5);
    if (strstr(row(plugin, member), part))
        return 1;
    printf("row %s: %s is \"%s\", not \"%s\"\n", plugin, member, row(plugin, member), part);
    return 0;
}

/* --- Crash and hang, in every callback
 * -------------------------------------------------------------------------------- */

static void strike_where(const char *plugin, const char *where, const char *reason) {
    char settings[64], what[64];
    rig_up();
    copy_plugin("good", "good");
    copy_plugin(plugin, plugin);
    want("good", "{}");
    (void)snprintf(settings, sizeof(settings), "{\"where\":\"%s\"}", where);
    want(plugin, settings)->c.callback_timeout_ns = 600 * C138_NS_PER_MS * SLOWER;
    if (!strcmp(where, "create")) {
        C138_FREE char *path = c138_xasprintf("%s/plugins/%s/strike-in-create", rig.state, plugin);
        C138_FREE char *folder = c138_xasprintf("%s/plugins/%s", rig.state, plugin);
        c138_mkdir_p(folder, 0700, NULL);
        c138_file_write(path, 0600, "", 0, NULL);
        (void)snprintf(rig.confs[rig.n_confs - 1].settings, 64, "{}");
    }
    (void)apply(1);
    the_other_answers();
    struct outcome *o = NULL;
    (void)snprintf(what, sizeof(what), "callback %s", where);
    if (!strcmp(where, "run") || !strcmp(where, "long")) {
        (void)snprintf(what, sizeof(what), "%s.%s", plugin, where);
        char action[64];
        (void)snprintf(action, sizeof(action), "%s.%s", plugin, where);
        o = call_async(action, "{}", 500);
        the_other_answers();
        CU_ASSERT(turn_until(&o->over, 6000));
        CU_ASSERT(o->status < 0);
        CU_ASSERT_STRING_EQUAL(c138_json_get_str(o->result, "key", ""), "plugin.died");
        CU_ASSERT_PTR_NOT_NULL(strstr(c138_json_get_str(o->result, "message", ""), what));
    } else if (!strcmp(where, "event")) {
        CU_ASSERT_EQUAL(call("good.emit", "{}", NULL), C138_OK);
    }
    CU_ASSERT(row_is(plugin, "culprit", what, 9000));
    CU_ASSERT(row_is(plugin, "reason", reason, 9000));
    CU_ASSERT(rig.died > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.died_json, what));
    the_other_answers();
    if (o) {
        c138_json_unref(o->result);
        free(o);
        CU_ASSERT(row_is(plugin, "state", "running", 5000)); /* started again after the back-off */
    }
    rig_down();
}

static void crashes(void) {
    static const char *const where[] = {"create", "prepare", "commit", "start",
                                        "event",  "timer",   "run",    "long"};
    for (size_t i = 0; i < C138_COUNT(where); i++)
        strike_where("crash", where[i], CRASH_REASON);
}

static void hangs(void) {
    static const char *const where[] = {"start", "event", "timer", "run", "long"};
    for (size_t i = 0; i < C138_COUNT(where); i++)
        strike_where("hang", where[i], "hang");
}

/* --- Bursts, floods, leaks, garbage
 * -------------------------------------------------------------------------------------- */

static void quarantine_and_its_end(void) {
    struct outcome o = {0};
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("crash", "crash");
    want("good", "{}");
    want("crash", "{\"where\":\"run\"}");
    (void)apply(1);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT(row_is("crash", "state", "running", 8000));
        (void)call("crash.run", "{}", NULL);
    }
    CU_ASSERT(row_is("crash", "state", "quarantined", 3000));
    CU_ASSERT_PTR_NOT_NULL(strstr(row("crash", "reason"), "plugins restart crash"));
    turn_until(NULL, 1500);
    CU_ASSERT(row_is("crash", "state", "quarantined", 10));
    the_other_answers();
    plugins_restart(rig.plugins, "crash", on_applied, &o);
    CU_ASSERT(turn_until(&o.over, 5000));
    CU_ASSERT_EQUAL(o.status, C138_OK);
    CU_ASSERT(row_is("crash", "state", "running", 10));
    rig_down();
}

/* One fault in an action: what it does, and what the row says afterwards. */
static void one_fault(const char *plugin, const char *action, const char *reason) {
    char name[64];
    rig_up();
    copy_plugin("good", "good");
    copy_plugin(plugin, plugin);
    want("good", "{}");
    want(plugin, "{}")->c.memory_max = 64 << 20;
    (void)apply(1);
    (void)snprintf(name, sizeof(name), "%s.%s", plugin, action);
    struct outcome *o = call_async(name, "{}", 4000 * SLOWER);
    the_other_answers();
    CU_ASSERT(turn_until(&o->over, 15000));
    CU_ASSERT(o->status < 0);
    CU_ASSERT(row_is(plugin, "reason", reason, 3000));
    CU_ASSERT(row_is(plugin, "culprit", name, 3000));
    if (!strcmp(plugin, "deaf"))
        CU_ASSERT(row_is(plugin, "stderr", "its last words", 10));
    the_other_answers();
    c138_json_unref(o->result);
    free(o);
    rig_down();
}

static void garbage(void) {
    one_fault("garbage", "write", "garbage");
}
/* A worker that closes its socket does nothing more for anybody, but its process goes on. */
static void closes_its_socket(void) {
    one_fault("deaf", "close", "closed its socket");
}
static void exits(void) {
    one_fault("exit", "exit", "exited with status");
}
static void leaks(void) {
#ifndef C138_SANITIZED
    one_fault("leak", "leak", "");
#endif
}

static void floods(void) {
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("flood", "flood");
    want("good", "{}");
    want("flood", "{}")->c.keep_rate = 5;
    (void)apply(1);
    struct outcome *o = call_async("flood.flood", "{}", 2000 * SLOWER);
    for (int i = 0; i < 5; i++)
        the_other_answers();
    turn_until(&o->over, 8000);
    CU_ASSERT(bus_published(rig.bus) > 1000);
    CU_ASSERT(rig.flooded >= 1); /* said once, not each time */
    CU_ASSERT(rig.worst_gap < C138_NS_PER_S * SLOWER);
    C138_JSON struct c138_json *seen = NULL;
    CU_ASSERT_EQUAL(call("good.seen", "{}", &seen), C138_OK);
    CU_ASSERT(c138_json_get_uint(seen, "events", 0) > 0);
    c138_json_unref(o->result);
    free(o);
    rig_down();
}

/* The flood in a thread, and the loop has to hand on every event as well: it still looks at others.
 */
static void floods_the_loop(void) {
    static const char *const drops[] = {"flood.drop", NULL};
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("flood", "flood");
    want("good", "{}");
    want("flood", "{}")->c.in_thread = 1;
    (void)apply(1);
    struct bus_sink *sink = bus_subscribe(rig.bus, drops, 0, on_event, NULL);
    rig.worst_gap = 0;
    struct outcome *o = call_async("flood.flood", "{}", 2000 * SLOWER);
    for (int i = 0; i < 5; i++)
        the_other_answers();
    CU_ASSERT(!o->over); /* all this while it went on */
    /* The loop gets in to change the readers, too. */
    bus_unsubscribe(rig.bus, bus_subscribe(rig.bus, drops, 0, on_event, NULL));
    CU_ASSERT(turn_until(&o->over, 8000));
    /* A thread is not contained as a worker is: those that spin share two cores with the loop. It
     * still gets its turns. */
    CU_ASSERT(rig.worst_gap < 3 * C138_NS_PER_S * SLOWER);
    rig.worst_gap = 0;
    bus_unsubscribe(rig.bus, sink);
    c138_json_unref(o->result);
    free(o);
    rig_down();
}

static void too_many_calls_are_busy(void) {
    enum { MANY = 300 };
    struct outcome *all[MANY];
    unsigned busy = 0, fine = 0;
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    (void)apply(1);
    for (int i = 0; i < MANY; i++)
        all[i] = call_async("good.wait", "{\"steps\":1,\"pause\":\"1ms\"}", 20000);
    for (int i = 0; i < MANY; i++) {
        CU_ASSERT(turn_until(&all[i]->over, 10000));
        busy += all[i]->status == C138_E_BUSY;
        fine += all[i]->status == C138_OK;
        c138_json_unref(all[i]->result);
        free(all[i]);
    }
    CU_ASSERT_EQUAL(fine, 256);
    CU_ASSERT_EQUAL(busy, MANY - 256);
    rig_down();
}

/* A reader that does not come to it: what does not fit is dropped and counted; of what coalesces it
 * gets the newest. */
static void a_slow_reader_is_told_what_it_missed(void) {
    char json[64];
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}")->c.mailbox = 100;
    (void)apply(1);
    struct outcome *slow = call_async("good.wait", "{\"steps\":1,\"pause\":\"1s\"}", 20000);
    turn_until(NULL, 100);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(json, sizeof(json), "{\"number\":%d}", i);
        bus_publish(rig.bus, &(struct bus_event){.topic = "test.many",
                                                 .source = "test",
                                                 .json = json,
                                                 .json_length = strlen(json)});
        if (i % 1000 == 0)
            turn_until(NULL, 1);
    }
    for (int i = 0; i < 5; i++) {
        (void)snprintf(json, sizeof(json), "{\"number\":%d}", i);
        bus_publish(rig.bus, &(struct bus_event){.topic = "test.latest",
                                                 .source = "test",
                                                 .json = json,
                                                 .json_length = strlen(json),
                                                 .flags = C138_EVENT_COALESCE});
    }
    CU_ASSERT(turn_until(&slow->over, 5000));
    CU_ASSERT_EQUAL(slow->status, C138_OK);
    turn_until(NULL, 200);
    bus_publish(rig.bus,
                &(struct bus_event){
                    .topic = "test.last", .source = "test", .json = "{}", .json_length = 2});
    turn_until(NULL, 100);
    C138_JSON struct c138_json *seen = NULL;
    CU_ASSERT_EQUAL(call("good.seen", "{}", &seen), C138_OK);
    uint64_t got = c138_json_get_uint(seen, "events", 0);
    uint64_t missed = c138_json_get_uint(seen, "dropped", 0);
    CU_ASSERT(missed > 0);
    CU_ASSERT(got + missed >= 100000);
    CU_ASSERT(got + missed <= 100006);
    c138_json_unref(slow->result);
    free(slow);
    rig_down();
}

/* --- What a worker may not do
 * ---------------------------------------------------------------------------------------------- */

static void confined(void) {
    static const char *const names[] = {"fork", "network", "files"};
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        copy_plugin(names[i], names[i]);
        want(names[i], "{}");
    }
    (void)apply(1);
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        char action[64];
        C138_JSON struct c138_json *result = NULL;
        (void)snprintf(action, sizeof(action), "%s.try", names[i]);
        CU_ASSERT_EQUAL(call(action, "{}", &result), C138_OK);
        C138_FREE char *text = c138_json_dump(result);
        printf("%s: %s\n", names[i], text);
        CU_ASSERT_PTR_NULL(strstr(text, "\"allowed\""));
    }
    the_other_answers();
    rig_down();
}

/* Numbers 0 to 6 and what its own runtime opened: nothing of the agent's. */
static void inherits_nothing(void) {
    char path[64], target[256];
    int leaked = open("/dev/zero", O_RDONLY); /* without O_CLOEXEC */
    C138_BUF struct c138_buf status = C138_BUF_NULL, environment = C138_BUF_NULL;
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    (void)setenv("C138_TEST_SECRET", "do not tell", 1);
    (void)apply(1);
    C138_JSON struct c138_json *rows = plugins_describe(rig.plugins);
    int pid = (int)c138_json_get_int(c138_json_at(rows, 0), "pid", 0);
    CU_ASSERT_FATAL(pid > 0);
    for (int fd = 0; fd < 100; fd++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        CU_ASSERT_PTR_NULL(strstr(target, "/dev/zero"));
        CU_ASSERT(n < 0 || fd <= 6 || strstr(target, "eventfd"));
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/environ", pid);
    CU_ASSERT_EQUAL(c138_file_read(path, 65536, &environment, NULL), C138_OK);
    CU_ASSERT_PTR_NULL(
        memmem(environment.data, environment.length, "C138_TEST", strlen("C138_TEST")));
    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    CU_ASSERT_EQUAL(c138_file_read(path, 65536, &status, NULL), C138_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_buf_text(&status), "NoNewPrivs:\t1"));
    (void)unsetenv("C138_TEST_SECRET");
    (void)close(leaked);
    rig_down();
}

/* --- Refusals
 * ---------------------------------------------------------------------------------------------------------------
 */

static void refused(void) {
    static const struct {
        const char *plugin, *reason;
    } all[] = {{"wrong-major", "contract"},
               {"missing-entry", "c138_plugin_entry"},
               {"name-mismatch", "name"},
               {"lying-size", "struct_size"},
               {"dangerous-without-dry-run", "dry-run"}};
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    for (size_t i = 0; i < C138_COUNT(all); i++) {
        copy_plugin(all[i].plugin, all[i].plugin);
        want(all[i].plugin, "{}");
    }
    C138_FREE char *twin = c138_xasprintf("%s/ctor.so", rig.dir);
    copy_plugin("ctor", "ctor");
    copy_plugin("marker", "marker");
    copy_plugin("marker", "marker2");
    want("ctor", "{}");
    want("marker", "{}");
    (void)unlink("tests/fault/ctor-ran");
    (void)apply(1);
    for (size_t i = 0; i < C138_COUNT(all); i++) {
        CU_ASSERT(row_is(all[i].plugin, "state", "refused", 3000));
        CU_ASSERT(row_is(all[i].plugin, "reason", all[i].reason, 10));
    }
    CU_ASSERT(row_is("marker", "reason", "marker2.so", 10));
    CU_ASSERT(access("tests/fault/ctor-ran", F_OK) != 0); /* no code of a refused plugin ran */
    (void)chmod(twin, 0777);
    struct outcome o = {0};
    plugins_restart(rig.plugins, "ctor", on_applied, &o);
    turn_until(&o.over, 5000);
    CU_ASSERT(o.status < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(o.err.text, "chmod"));
    CU_ASSERT(access("tests/fault/ctor-ran", F_OK) != 0);
    the_other_answers();
    rig_down();
}

static void old_and_newer_work(void) {
    rig_up();
    copy_plugin("old", "old");
    copy_plugin("newer-minor", "newer-minor");
    want("old", "{}");
    want("newer-minor", "{}");
    (void)apply(1);
    CU_ASSERT(row_is("old", "state", "running", 3000));
    CU_ASSERT(row_is("newer-minor", "state", "running", 3000));
    CU_ASSERT_EQUAL(call("old.ask", "{}", NULL), C138_OK);
    rig_down();
}

static void secrets_refuse_a_thread(void) {
    rig_up();
    copy_plugin("secret-holder", "secret-holder");
    want("secret-holder", "{}")->c.in_thread = 1;
    (void)apply(1);
    CU_ASSERT(row_is("secret-holder", "state", "refused", 3000));
    CU_ASSERT(row_is("secret-holder", "reason", "thread", 10));
    rig_down();
}

/* --- One alone
 * ------------------------------------------------------------------------------------------------------------------
 */

static void upgrade_while_a_job_runs(void) {
    struct outcome r = {0};
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    (void)apply(1);
    struct outcome *slow = call_async("good.slow", "{\"steps\":10,\"pause\":\"100ms\"}", 20000);
    turn_until(NULL, 100);
    copy_plugin("good", "good");
    plugins_restart(rig.plugins, "good", on_applied, &r);
    CU_ASSERT(turn_until(&r.over, 5000));
    CU_ASSERT_EQUAL(r.status, C138_OK);
    CU_ASSERT(!slow->over);
    the_other_answers(); /* the new one */
    CU_ASSERT(turn_until(&slow->over, 5000));
    CU_ASSERT_EQUAL(slow->status, C138_OK); /* the old one's job ran to its end */
    c138_json_unref(slow->result);
    free(slow);
    rig_down();
}

static void a_bad_new_file_leaves_the_old_one(void) {
    struct outcome r = {0};
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    (void)apply(1);
    copy_plugin("wrong-major", "good");
    plugins_restart(rig.plugins, "good", on_applied, &r);
    CU_ASSERT(turn_until(&r.over, 5000));
    CU_ASSERT(r.status < 0);
    the_other_answers();
    rig_down();
}

static void config_is_all_or_nothing(void) {
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("marker", "marker");
    want("good", "{\"greeting\":\"one\"}");
    struct conf *marker = want("marker", "{}");
    (void)apply(1);
    want("good", "{\"greeting\":\"refuse me\"}");
    marker->c.enabled = 0;
    struct outcome o = apply(0);
    CU_ASSERT(o.status < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(o.err.text, "x.conf"));
    C138_JSON struct c138_json *seen = NULL;
    CU_ASSERT_EQUAL(call("good.seen", "{}", &seen), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(seen, "greeting", ""), "one");
    CU_ASSERT(row_is("marker", "state", "running", 10));
    want("good", "{\"greeting\":\"two\"}");
    o = apply(0);
    CU_ASSERT_EQUAL(o.status, C138_OK);
    c138_json_unref(seen);
    seen = NULL;
    CU_ASSERT_EQUAL(call("good.seen", "{}", &seen), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(seen, "greeting", ""), "two");
    CU_ASSERT(row_is("marker", "state", "disabled", 1000));
    want("good", "{\"interval\":\"10ms\"}"); /* declared to need a new instance */
    o = apply(0);
    CU_ASSERT_EQUAL(o.status, C138_OK);
    the_other_answers();
    rig_down();
}

/* One that is ill does not keep the others from a new config, and is not started by it. */
static void the_ill_do_not_hold_up_a_reload(void) {
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("crash", "crash");
    copy_plugin("wrong-major", "wrong-major");
    want("good", "{\"greeting\":\"one\"}");
    want("crash", "{\"where\":\"start\"}");
    want("wrong-major", "{}");
    (void)apply(1);
    CU_ASSERT(row_is("crash", "state", "quarantined", 15000));
    want("good", "{\"greeting\":\"two\"}");
    struct outcome o = apply(0);
    CU_ASSERT_EQUAL(o.status, C138_OK);
    C138_JSON struct c138_json *seen = NULL;
    CU_ASSERT_EQUAL(call("good.seen", "{}", &seen), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(seen, "greeting", ""), "two");
    CU_ASSERT(row_is("crash", "state", "quarantined", 10));
    CU_ASSERT(row_is("wrong-major", "state", "refused", 10));
    CU_ASSERT_EQUAL(plugins_starting(rig.plugins), 0);
    rig_down();
}

/* What a refused config had begun to start is as it was before. */
static void a_refused_config_leaves_no_trace(void) {
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("marker", "marker");
    copy_plugin("crash", "crash");
    want("good", "{}");
    struct conf *marker = want("marker", "{}");
    want("crash", "{\"where\":\"run\"}");
    marker->c.enabled = 0;
    (void)apply(1);
    for (int i = 0; i < 3; i++) { /* a back-off of some length */
        CU_ASSERT(row_is("crash", "state", "running", 8000));
        (void)call("crash.run", "{}", NULL);
    }
    CU_ASSERT(row_is("crash", "state", "backoff", 3000));
    marker->c.enabled = 1;
    want("crash", "{\"where\":\"never\"}");
    want("good", "{\"greeting\":\"refuse me\"}");
    struct outcome o = apply(0);
    CU_ASSERT(o.status < 0);
    CU_ASSERT(row_is("marker", "state", "disabled", 10));
    CU_ASSERT(row_is("crash", "state", "running", 8000)); /* its next start came all the same */
    the_other_answers();
    rig_down();
}

static void one_change_at_a_time(void) {
    struct outcome first = {0}, second = {0};
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    (void)apply(1);
    want("good", "{\"greeting\":\"two\"}");
    plugins_apply(rig.plugins, &rig.confs[0].c, 1, 0, on_applied, &first);
    plugins_apply(rig.plugins, &rig.confs[0].c, 1, 0, on_applied, &second);
    CU_ASSERT(turn_until(&first.over, 5000));
    CU_ASSERT(turn_until(&second.over, 5000));
    CU_ASSERT_EQUAL(first.status, C138_OK);
    CU_ASSERT_EQUAL(second.status, C138_E_BUSY);
    rig_down();
}

static void on_all_stopped(void *user) {
    *(int *)user = 1;
}

/* The agent stops: long jobs are asked to end before anything is killed. */
static void jobs_are_cancelled_at_the_end(void) {
    int stopped = 0;
    rig_up();
    copy_plugin("good", "good");
    want("good", "{}");
    (void)apply(1);
    struct outcome *slow = call_async("good.slow", "{\"steps\":1000,\"pause\":\"50ms\"}", 100000);
    turn_until(NULL, 100);
    int64_t began = c138_now_monotonic_ns();
    plugins_stop(rig.plugins, 3 * C138_NS_PER_S * SLOWER, on_all_stopped, &stopped);
    CU_ASSERT(turn_until(&stopped, 6000));
    CU_ASSERT(slow->over);
    CU_ASSERT_EQUAL(slow->status, C138_E_CANCELLED);
    CU_ASSERT(c138_now_monotonic_ns() - began < 3 * C138_NS_PER_S * SLOWER);
    CU_ASSERT(row_is("good", "state", "stopped", 10));
    c138_json_unref(slow->result);
    free(slow);
    rig_down();
}

static const char *numbers(struct c138_buf *text) {
    c138_buf_reset(text);
    metrics_write(rig.metrics, NULL, text);
    return c138_buf_text(text);
}

static void its_numbers_come_and_go(void) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("exit", "exit");
    struct conf *good = want("good", "{}");
    want("exit", "{}");
    (void)apply(1);
    the_other_answers();
    (void)call("exit.exit", "{}", NULL);
    for (int i = 0; i < 200 && !strstr(numbers(&text), "chain138_good_level 1"); i++)
        turn_until(NULL, 20);
    CU_ASSERT_PTR_NOT_NULL(strstr(numbers(&text), "chain138_good_level 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        numbers(&text), "chain138_agent_plugin_calls_total{plugin=\"good\",outcome=\"ok\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(numbers(&text),
               "chain138_agent_plugin_calls_total{plugin=\"exit\",outcome=\"unavailable\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(numbers(&text), "chain138_agent_plugin_up{plugin=\"good\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(numbers(&text), "chain138_agent_worker_memory_bytes{plugin=\"good\"}"));
    good->c.enabled = 0;
    CU_ASSERT_EQUAL(apply(0).status, C138_OK);
    CU_ASSERT_PTR_NULL(strstr(numbers(&text), "chain138_good_level 1"));
    turn_until(NULL, 500); /* nor do its last words bring them back */
    CU_ASSERT_PTR_NULL(strstr(numbers(&text), "chain138_good_level 1"));
    rig_down();
}

static void in_a_thread(void) {
    rig.in_thread = 1;
    upgrade_while_a_job_runs();
    config_is_all_or_nothing();
    floods();
    too_many_calls_are_busy();
    a_slow_reader_is_told_what_it_missed();
    jobs_are_cancelled_at_the_end();
    rig.in_thread = 0;
}

static void a_hung_thread_is_stuck(void) {
    rig_up();
    copy_plugin("good", "good");
    copy_plugin("hang", "hang");
    want("good", "{}");
    struct conf *c = want("hang", "{\"where\":\"run\"}");
    c->c.in_thread = 1;
    (void)apply(1);
    struct outcome *o = call_async("hang.run", "{}", 300);
    CU_ASSERT(turn_until(&o->over, 8000));
    CU_ASSERT(o->status < 0);
    CU_ASSERT(row_is("hang", "state", "stuck", 3000));
    CU_ASSERT(row_is("hang", "culprit", "hang.run", 10));
    the_other_answers();
    c138_json_unref(o->result);
    free(o);
    rig_down();
}

int main(void) {
    static const CU_TestInfo tests[] = {
        {"crashes in each callback", crashes},
        {"hangs in each callback", hangs},
        {"quarantine and its end", quarantine_and_its_end},
        {"garbage on the wire", garbage},
        {"closes its socket", closes_its_socket},
        {"exits", exits},
        {"leaks", leaks},
        {"floods", floods},
        {"floods the loop", floods_the_loop},
        {"too many calls are busy", too_many_calls_are_busy},
        {"a slow reader is told what it missed", a_slow_reader_is_told_what_it_missed},
        {"confined", confined},
        {"inherits nothing", inherits_nothing},
        {"refused with a reason", refused},
        {"older and newer contracts", old_and_newer_work},
        {"secrets refuse a thread", secrets_refuse_a_thread},
        {"upgrade while a job runs", upgrade_while_a_job_runs},
        {"a bad new file leaves the old one", a_bad_new_file_leaves_the_old_one},
        {"config is all or nothing", config_is_all_or_nothing},
        {"the ill do not hold up a reload", the_ill_do_not_hold_up_a_reload},
        {"a refused config leaves no trace", a_refused_config_leaves_no_trace},
        {"one change at a time", one_change_at_a_time},
        {"jobs are cancelled at the end", jobs_are_cancelled_at_the_end},
        {"its numbers come and go", its_numbers_come_and_go},
        {"in a thread", in_a_thread},
        {"a hung thread is stuck", a_hung_thread_is_stuck},
        CU_TEST_INFO_NULL,
    };
    const struct unit_suite suites[] = {{"fault", tests}, {NULL, NULL}};
    (void)signal(SIGCHLD, SIG_DFL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    evthread_use_pthreads();
    return unit_run("test_fault", suites);
}
