#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <schedule/schedule.h>

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define S C138_NS_PER_S
#define H (INT64_C(3600) * S)
#define T0 (INT64_C(1795402800) * S) /* 2026-11-23T03:00:00Z */

static struct rig {
    char folder[64];
    char *db;
    struct event_base *base;
    struct store *store;
    struct log *log;
    struct schedule *schedule;
    const char *host;
    int64_t now;
    int fired, hold, refuse;
    void (*done)(void *user, const char *job, const char *state);
    void *done_user;
} rig;

static int64_t now_of(void *user) {
    (void)user;
    return rig.now;
}

static c138_status on_fire(void *user, const char *name, const struct c138_json *rule,
                           void (*done)(void *, const char *, const char *), void *done_user,
                           struct c138_err *err) {
    (void)user;
    (void)name;
    (void)rule;
    if (rig.refuse)
        return c138_error(err, C138_E_NOTFOUND, "action.unknown", "no such action");
    rig.fired++;
    if (rig.hold) {
        rig.done = done;
        rig.done_user = done_user;
    } else {
        done(done_user, "01J0000000000000000000TEST", "succeeded");
    }
    return C138_OK;
}

static void open_all(void) {
    struct c138_err err = {0};
    rig.base = event_base_new();
    event_base_priority_init(rig.base, 3);
    CU_ASSERT_EQUAL_FATAL(store_open(rig.db, rig.base, &rig.store, &err), C138_OK);
    const struct schedule_env env = {.base = rig.base,
                                     .store = rig.store,
                                     .log = rig.log,
                                     .host_name = rig.host,
                                     .now_utc_ns = now_of,
                                     .fire = on_fire};
    CU_ASSERT_EQUAL_FATAL(schedule_new(&env, &rig.schedule, &err), C138_OK);
}

static void close_all(void) {
    rig.schedule = schedule_free(rig.schedule);
    rig.store = store_close(rig.store);
    event_base_free(rig.base);
}

static void up(void) {
    rig = (struct rig){.folder = "/tmp/c138-schedule-XXXXXX", .now = T0, .host = "host"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    rig.db = c138_path_join(rig.folder, "agent.db");
    rig.log = log_new(LOG_FORMAT_TEXT, 0);
    open_all();
}

static void down(void) {
    static const char *const names[] = {"agent.db", "agent.db-wal", "agent.db-shm",
                                        "agent.db.lock"};
    close_all();
    log_free(rig.log);
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(rig.folder, names[i]);
        (void)unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(rig.folder), 0);
    free(rig.db);
}

static void apply(const char *rule) {
    C138_JSON struct c138_json *rules = NULL;
    struct c138_err err = {0};
    C138_FREE char *text = c138_xasprintf("[%s]", rule);
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &rules, &err), C138_OK);
    CU_ASSERT_EQUAL(schedule_check(c138_json_at(rules, 0), &err), C138_OK);
    schedule_apply(rig.schedule, rules);
}

static void at(int64_t when) {
    rig.now = when;
    schedule_tick(rig.schedule);
}

static char said[128];

static const char *shows(const char *member) {
    C138_JSON struct c138_json *list = schedule_list(rig.schedule);
    const struct c138_json *v = c138_json_get(c138_json_path(list, "schedules.0"), member);
    C138_FREE char *text = c138_json_dump(v);
    (void)snprintf(said, sizeof(said), "%s", c138_json_as_str(v, text));
    return said;
}

#define HOURLY "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"ops\",\"every\":\"1h\""

static void runs_when_it_is_time(void) {
    up();
    apply(HOURLY "}");
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T04:00:00.000Z");
    at(T0 + H - S);
    CU_ASSERT_EQUAL(rig.fired, 0);
    at(T0 + H);
    at(T0 + H + S);
    CU_ASSERT_EQUAL(rig.fired, 1);
    CU_ASSERT_STRING_EQUAL(shows("last_state"), "succeeded");
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T05:00:00.000Z");
    down();
}

static void a_restart_neither_forgets_nor_repeats(void) {
    up();
    apply(HOURLY "}");
    at(T0 + H);
    CU_ASSERT_EQUAL(rig.fired, 1);
    close_all();
    open_all();
    apply(HOURLY "}");
    CU_ASSERT_EQUAL(rig.fired, 1);
    at(T0 + 2 * H - S);
    CU_ASSERT_EQUAL(rig.fired, 1);
    at(T0 + 2 * H);
    CU_ASSERT_EQUAL(rig.fired, 2);
    /* The agent was down when its time came, for a moment only: late, but run. */
    close_all();
    rig.now = T0 + 3 * H + 60 * S;
    open_all();
    apply(HOURLY "}");
    CU_ASSERT_EQUAL(rig.fired, 3);
    down();
}

static void a_missed_run_is_counted_or_made_up_for_once(void) {
    up();
    apply(HOURLY "}");
    at(T0 + 5 * H + H / 2); /* set forward over five runs */
    CU_ASSERT_EQUAL(rig.fired, 0);
    CU_ASSERT_STRING_EQUAL(shows("missed"), "1");
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T09:00:00.000Z");
    down();
    up();
    apply(HOURLY ",\"catch_up\":true}");
    at(T0 + 5 * H + H / 2);
    at(T0 + 5 * H + H / 2 + S);
    CU_ASSERT_EQUAL(rig.fired, 1);
    down();
}

static void a_clock_set_back_repeats_nothing(void) {
    up();
    apply(HOURLY "}");
    at(T0 + H);
    at(T0 + 2 * H);
    CU_ASSERT_EQUAL(rig.fired, 2);
    at(T0 + H / 2); /* an hour and a half back */
    at(T0 + H);
    at(T0 + 2 * H);
    CU_ASSERT_EQUAL(rig.fired, 2);
    at(T0 + 3 * H);
    CU_ASSERT_EQUAL(rig.fired, 3);
    /* Set back before anything of a far plan ran: planned anew, not waited for. */
    down();
    up();
    rig.now = T0 + 1000 * H;
    apply(HOURLY "}");
    at(T0 + H / 2);
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T04:00:00.000Z");
    down();
}

static void overlap_skips_or_queues(void) {
    up();
    rig.hold = 1;
    apply(HOURLY "}");
    at(T0 + H);
    at(T0 + 2 * H);
    CU_ASSERT_EQUAL(rig.fired, 1);
    CU_ASSERT_STRING_EQUAL(shows("missed"), "1");
    rig.done(rig.done_user, "j", "failed");
    CU_ASSERT_STRING_EQUAL(shows("last_state"), "failed");
    at(T0 + 3 * H);
    CU_ASSERT_EQUAL(rig.fired, 2);
    rig.done(rig.done_user, "j", "succeeded");
    down();
    up();
    rig.hold = 1;
    apply(HOURLY ",\"overlap\":\"queue\"}");
    at(T0 + H);
    at(T0 + 2 * H);
    at(T0 + 3 * H);
    CU_ASSERT_EQUAL(rig.fired, 1);
    CU_ASSERT_STRING_EQUAL(shows("missed"), "1");
    rig.done(rig.done_user, "j", "succeeded"); /* one waits, however many came */
    CU_ASSERT_EQUAL(rig.fired, 2);
    CU_ASSERT_STRING_EQUAL(shows("last"), "2026-11-23T06:00:00.000Z");
    rig.done(rig.done_user, "j", "succeeded");
    CU_ASSERT_EQUAL(rig.fired, 2);
    down();
}

static void jitter_is_fixed_for_a_host(void) {
    char first[128], again[128], other[128];
    up();
    apply(HOURLY ",\"jitter\":\"10m\"}");
    (void)snprintf(first, sizeof(first), "%s", shows("next"));
    close_all();
    open_all();
    apply(HOURLY ",\"jitter\":\"10m\"}");
    (void)snprintf(again, sizeof(again), "%s", shows("next"));
    close_all();
    rig.host = "another";
    open_all();
    apply(HOURLY ",\"jitter\":\"10m\"}");
    (void)snprintf(other, sizeof(other), "%s", shows("next"));
    CU_ASSERT_STRING_EQUAL(first, again);
    CU_ASSERT_STRING_NOT_EQUAL(first, other);
    CU_ASSERT(strcmp(first, "2026-11-23T04:00:00.000Z") >= 0 &&
              strcmp(first, "2026-11-23T04:10:00.000Z") < 0);
    for (int64_t s = 0; s <= 600; s += 10)
        at(T0 + H + s * S);
    CU_ASSERT_EQUAL(rig.fired, 1);
    CU_ASSERT(strcmp(shows("next"), "2026-11-23T05:10:00.000Z") < 0); /* it does not drift */
    down();
}

static void zones_and_bad_rules(void) {
    static const char *const bad[] = {
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\"}",
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"every\":\"1h\",\"cron\":\"* * * * *\"}",
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"cron\":\"61 * * * *\"}",
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"every\":\"1ms\"}",
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"cron\":\"1 * * * "
        "*\",\"zone\":\"Europe/Brelin\"}",
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"every\":\"1h\",\"overlap\":\"never\"}",
        "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"cron\":\"0 0 30 2 *\"}"};
    up();
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        C138_JSON struct c138_json *rule = NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL_FATAL(c138_json_parse(bad[i], strlen(bad[i]), &rule, &err), C138_OK);
        CU_ASSERT(schedule_check(rule, &err) < 0);
        CU_ASSERT(strstr(err.text, "schedule a") != NULL);
    }
    apply("{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"cron\":\"15 3 * * "
          "*\",\"zone\":\"Europe/Berlin\"}");
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-24T02:15:00.000Z");
    CU_ASSERT_STRING_EQUAL(shows("next_local"), "2026-11-24 03:15:00 Europe/Berlin");
    down();
}

static void again(int64_t now) {
    close_all();
    rig.now = now;
    open_all();
}

static void a_queued_run_outlives_the_agent(void) {
    static const char *const rules[] = {HOURLY ",\"overlap\":\"queue\"}",
                                        HOURLY ",\"overlap\":\"queue\",\"catch_up\":true}"};
    for (int late = 0; late < 3; late++) {
        up();
        rig.hold = 1;
        apply(rules[late == 2]);
        at(T0 + H);
        at(T0 + 2 * H);
        CU_ASSERT_EQUAL(rig.fired, 1);
        schedule_stop(rig.schedule);
        rig.done(rig.done_user, "j", "interrupted");
        CU_ASSERT_EQUAL(rig.fired, 1); /* nothing starts in an agent that stops */
        rig.hold = 0;
        again(T0 + 2 * H + (late ? 20 : 1) * 60 * S);
        apply(rules[late == 2]);
        CU_ASSERT_EQUAL(rig.fired, late == 1 ? 1 : 2);
        CU_ASSERT_STRING_EQUAL(shows("missed"), late == 1 ? "1" : "0");
        CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T06:00:00.000Z");
        CU_ASSERT_STRING_EQUAL(shows("last"),
                               late == 1 ? "2026-11-23T04:00:00.000Z" : "2026-11-23T05:00:00.000Z");
        down();
    }
}

static void what_an_agent_that_stops_leaves_is_due_at_the_next_start(void) {
    up();
    apply(HOURLY "}");
    schedule_stop(rig.schedule);
    at(T0 + H);
    CU_ASSERT_EQUAL(rig.fired, 0);
    again(T0 + H + 60 * S);
    apply(HOURLY "}");
    CU_ASSERT_EQUAL(rig.fired, 1);
    rig.hold = 1;
    at(T0 + 2 * H);
    rig.done(rig.done_user, "j", NULL); /* it goes on without us: no state to tell */
    CU_ASSERT_STRING_EQUAL(shows("last_state"), "running");
    down();
}

static void a_rule_changed_while_nobody_looked(void) {
    static const char daily[] = "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"cron\":\"15 3 "
                                "* * *\",\"zone\":\"%s\"}";
    C138_FREE char *berlin = c138_xasprintf(daily, "Europe/Berlin"),
                   *tokyo = c138_xasprintf(daily, "Asia/Tokyo");
    up();
    apply(HOURLY "}");
    again(T0 + H / 2);
    apply(berlin);
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-24T02:15:00.000Z"); /* not 04:00 any more */
    again(T0 + H / 2);
    apply(tokyo);
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T18:15:00.000Z");
    apply(berlin); /* at a reload, too */
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-24T02:15:00.000Z");
    at(T0 + 15 * H + H / 4);
    CU_ASSERT_EQUAL(rig.fired, 0);
    CU_ASSERT_STRING_EQUAL(shows("missed"), "0");
    down();
}

static void what_is_switched_off_or_gone_is_not_missed(void) {
    for (int how = 0; how < 4; how++) {
        up();
        apply(HOURLY ",\"catch_up\":true}");
        at(T0 + H);
        CU_ASSERT_EQUAL(rig.fired, 1);
        if (how & 2)
            schedule_apply(rig.schedule, NULL);
        else
            apply(HOURLY ",\"catch_up\":true,\"enabled\":false}");
        at(T0 + 7 * H + H / 2);
        if (how & 1) {
            again(T0 + 7 * H + H / 2);
        }
        apply(HOURLY ",\"catch_up\":true}");
        CU_ASSERT_EQUAL(rig.fired, 1);
        CU_ASSERT_STRING_EQUAL(shows("missed"), "0");
        CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T11:00:00.000Z");
        CU_ASSERT_STRING_EQUAL(shows("last"), "2026-11-23T04:00:00.000Z");
        down();
    }
}

static void a_clock_that_was_years_ahead_silences_nothing(void) {
    const int64_t years = 9 * 365 * 24 * H;
    for (int restart = 0; restart < 2; restart++) {
        up();
        apply(HOURLY "}");
        at(T0 + H);
        at(T0 + years);
        at(T0 + years + H); /* it runs in the wrong year */
        CU_ASSERT_EQUAL(rig.fired, 2);
        if (restart) {
            again(T0 + H + H / 2);
            apply(HOURLY "}");
        } else {
            at(T0 + H + H / 2);
        }
        CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T05:00:00.000Z");
        at(T0 + 2 * H);
        CU_ASSERT_EQUAL(rig.fired, 3);
        CU_ASSERT_STRING_EQUAL(shows("last"), "2026-11-23T05:00:00.000Z");
        at(T0 + 2 * H);
        CU_ASSERT_EQUAL(rig.fired, 3);
        down();
    }
}

static void a_run_that_is_refused_is_shown(void) {
    up();
    apply(HOURLY "}");
    at(T0 + H);
    CU_ASSERT_STRING_EQUAL(shows("last_state"), "succeeded");
    rig.refuse = 1;
    at(T0 + 2 * H);
    CU_ASSERT_STRING_EQUAL(shows("last_state"), "refused");
    CU_ASSERT_STRING_EQUAL(shows("last_job"), "");
    again(T0 + 2 * H + S);
    apply(HOURLY "}");
    CU_ASSERT_STRING_EQUAL(shows("last_state"), "refused");
    CU_ASSERT_STRING_EQUAL(shows("next"), "2026-11-23T06:00:00.000Z");
    down();
}

/* 02:30 comes twice in Berlin on 2027-10-31, at 00:30Z and 01:30Z. */
static void an_hour_that_comes_twice_runs_once(void) {
    static const char rule[] = "{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"cron\":\"30 2 * "
                               "* *\",\"zone\":\"Europe/Berlin\"}";
    const int64_t first = INT64_C(1824942600) * S;
    for (int restart = 0; restart < 2; restart++) {
        up();
        rig.now = first - H;
        apply(rule);
        CU_ASSERT_STRING_EQUAL(shows("next"), "2027-10-31T00:30:00.000Z");
        at(first);
        CU_ASSERT_EQUAL(rig.fired, 1);
        if (restart) {
            again(first + H - S);
            apply(rule);
        }
        at(first + H);
        at(first + H + S);
        CU_ASSERT_EQUAL(rig.fired, 1);
        CU_ASSERT_STRING_EQUAL(shows("next"), "2027-11-01T01:30:00.000Z");
        down();
    }
}

static void stop_when_fired(evutil_socket_t fd, short what, void *user) {
    int64_t *until = user;
    (void)fd;
    (void)what;
    if (rig.fired >= 2 || c138_now_monotonic_ns() > *until)
        event_base_loopbreak(rig.base);
}

static void the_timer_is_the_clocks(void) {
    int64_t began = c138_now_monotonic_ns(), until = began + 10 * S;
    struct c138_err err = {0};
    up();
    rig.schedule = schedule_free(rig.schedule);
    const struct schedule_env env = {
        .base = rig.base, .store = rig.store, .log = rig.log, .host_name = "host", .fire = on_fire};
    CU_ASSERT_EQUAL_FATAL(schedule_new(&env, &rig.schedule, &err), C138_OK);
    apply("{\"name\":\"a\",\"action\":\"x.y\",\"as\":\"o\",\"every\":\"1s\"}");
    struct event *look = event_new(rig.base, -1, EV_PERSIST, stop_when_fired, &until);
    (void)event_add(look, &(struct timeval){.tv_usec = 20000});
    (void)event_base_dispatch(rig.base);
    CU_ASSERT_EQUAL(rig.fired, 2);
    CU_ASSERT(c138_now_monotonic_ns() - began > S); /* armed again after the first */
    event_free(look);
    down();
}

const CU_TestInfo tests_schedule[] = {
    {"runs when it is time", runs_when_it_is_time},
    {"a restart neither forgets nor repeats", a_restart_neither_forgets_nor_repeats},
    {"a missed run is counted or made up for once", a_missed_run_is_counted_or_made_up_for_once},
    {"a clock set back repeats nothing", a_clock_set_back_repeats_nothing},
    {"overlap skips or queues", overlap_skips_or_queues},
    {"jitter is fixed for a host", jitter_is_fixed_for_a_host},
    {"zones and bad rules", zones_and_bad_rules},
    {"a queued run outlives the agent", a_queued_run_outlives_the_agent},
    {"what an agent that stops leaves is due at the next start",
     what_an_agent_that_stops_leaves_is_due_at_the_next_start},
    {"a rule changed while nobody looked", a_rule_changed_while_nobody_looked},
    {"what is switched off or gone is not missed", what_is_switched_off_or_gone_is_not_missed},
    {"a clock that was years ahead silences nothing",
     a_clock_that_was_years_ahead_silences_nothing},
    {"a run that is refused is shown", a_run_that_is_refused_is_shown},
    {"an hour that comes twice runs once", an_hour_that_comes_twice_runs_once},
    {"the timer is the clock's", the_timer_is_the_clocks},
    CU_TEST_INFO_NULL};
