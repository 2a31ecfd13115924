#include "../unit.h"
#include <base/mem.h>
#include <metrics/metrics.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define L(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct metrics *m;

/* The whole text; lives until the next call. */
static const char *text(const char *owner) {
    static struct c138_buf out;
    c138_buf_reset(&out);
    metrics_write(m, owner, &out);
    return c138_buf_text(&out);
}

static int has(const char *line) {
    return strstr(text(NULL), line) != NULL;
}

static c138_status apply(const char *owner, const char *json, struct c138_err *err) {
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(json, strlen(json), &v, NULL), C138_OK);
    return metrics_apply(m, owner, v, err);
}

static void up(void) {
    m = metrics_new();
    CU_ASSERT_EQUAL(metrics_declare(m, "besu", "chain138_besu_head", C138_METRIC_GAUGE,
                                    "Height of the head", L("node")),
                    C138_OK);
    CU_ASSERT_EQUAL(metrics_declare(m, "besu", "chain138_besu_blocks_total", C138_METRIC_COUNTER,
                                    "Blocks seen", NULL),
                    C138_OK);
    CU_ASSERT_EQUAL(metrics_declare(m, "agent", "chain138_agent_jobs", C138_METRIC_GAUGE, "Jobs",
                                    L("state", "action")),
                    C138_OK);
}

static void down(void) {
    m = metrics_free(m);
}

static void written_as_prometheus_reads_it(void) {
    up();
    CU_ASSERT_STRING_EQUAL(text(NULL), ""); /* a family without series says nothing */
    metrics_set(m, "chain138_besu_head", L("node-2"), 5);
    metrics_set(m, "chain138_besu_head", L("node-1"), 4);
    metrics_add(m, "chain138_besu_blocks_total", NULL, 1);
    metrics_add(m, "chain138_besu_blocks_total", NULL, 2);
    metrics_set(m, "chain138_agent_jobs", L("running", "besu.sync"), 1.5);
    CU_ASSERT_STRING_EQUAL(text(NULL),
                           "# HELP chain138_agent_jobs Jobs\n"
                           "# TYPE chain138_agent_jobs gauge\n"
                           "chain138_agent_jobs{state=\"running\",action=\"besu.sync\"} 1.5\n"
                           "# HELP chain138_besu_blocks_total Blocks seen\n"
                           "# TYPE chain138_besu_blocks_total counter\n"
                           "chain138_besu_blocks_total 3\n"
                           "# HELP chain138_besu_head Height of the head\n"
                           "# TYPE chain138_besu_head gauge\n"
                           "chain138_besu_head{node=\"node-1\"} 4\n"
                           "chain138_besu_head{node=\"node-2\"} 5\n");
    CU_ASSERT_PTR_NULL(strstr(text("besu"), "agent_jobs"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text("besu"), "besu_head"));
    CU_ASSERT_STRING_EQUAL(text("nobody"), "");
    down();
}

static void numbers_keep_their_value(void) {
    static const struct {
        double value;
        const char *text;
    } all[] = {{0, " 0\n"},
               {-1, " -1\n"},
               {12345678901234, " 12345678901234\n"},
               {0.1, " 0.1\n"},
               {1e300, " 1e+300\n"},
               {INFINITY, " +Inf\n"},
               {-INFINITY, " -Inf\n"},
               {NAN, " NaN\n"}};
    up();
    for (size_t i = 0; i < C138_COUNT(all); i++) {
        metrics_set(m, "chain138_besu_head", L("n"), all[i].value);
        CU_ASSERT_PTR_NOT_NULL(strstr(text(NULL), all[i].text));
    }
    down();
}

static void texts_cannot_break_out(void) {
    up();
    metrics_set(m, "chain138_besu_head", L("a\"b\\c\nd"), 1);
    CU_ASSERT(has("chain138_besu_head{node=\"a\\\"b\\\\c\\nd\"} 1\n"));
    metrics_declare(m, "besu", "chain138_besu_odd", C138_METRIC_GAUGE, "Two\nlines and \\", NULL);
    metrics_set(m, "chain138_besu_odd", NULL, 1);
    CU_ASSERT(has("# HELP chain138_besu_odd Two\\nlines and \\\\\n"));
    down();
}

static void declared_once_by_one(void) {
    up();
    metrics_set(m, "chain138_besu_head", L("n"), 1);
    CU_ASSERT_EQUAL(
        metrics_declare(m, "other", "chain138_besu_head", C138_METRIC_GAUGE, "Mine", L("node")),
        C138_E_CONFLICT);
    CU_ASSERT_EQUAL(metrics_declare(m, "besu", "chain138_besu_head", C138_METRIC_GAUGE,
                                    "Height of the head", L("node")),
                    C138_OK);
    CU_ASSERT(has("chain138_besu_head{node=\"n\"} 1\n")); /* it stays */
    /* An upgraded plugin counts otherwise: old series would be of another form. */
    CU_ASSERT_EQUAL(metrics_declare(m, "besu", "chain138_besu_head", C138_METRIC_GAUGE, "Height",
                                    L("node", "client")),
                    C138_OK);
    CU_ASSERT(!has("chain138_besu_head{node=\"n\"} 1\n"));
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_besu_head", L("n"), 1), C138_E_INVALID);
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_besu_head", L("n", "b"), 1), C138_OK);
    down();
}

static void wrong_ones_are_refused(void) {
    up();
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_unknown", NULL, 1), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(metrics_add(m, "chain138_unknown", NULL, 1), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_besu_head", NULL, 1), C138_E_INVALID);
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_besu_head", L("a", "b"), 1), C138_E_INVALID);
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_besu_blocks_total", L("a"), 1), C138_E_INVALID);
    metrics_remove(m, "chain138_unknown", NULL);
    metrics_remove(m, "chain138_besu_head", L("never"));
    CU_ASSERT_STRING_EQUAL(text(NULL), "");
    down();
}

static void series_go(void) {
    up();
    metrics_set(m, "chain138_besu_head", L("a"), 1);
    metrics_set(m, "chain138_besu_head", L("b"), 2);
    metrics_set(m, "chain138_besu_head", L("c"), 3);
    metrics_set(m, "chain138_agent_jobs", L("x", "y"), 1);
    metrics_remove(m, "chain138_besu_head", L("b"));
    CU_ASSERT(has("{node=\"a\"} 1\n"));
    CU_ASSERT(!has("{node=\"b\"}"));
    CU_ASSERT(has("{node=\"c\"} 3\n"));
    metrics_remove_owner(m, "besu");
    CU_ASSERT(!has("besu_head"));
    CU_ASSERT(has("agent_jobs"));
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_besu_head", L("a"), 9), C138_OK);
    CU_ASSERT(has("{node=\"a\"} 9\n"));
    down();
}

static void a_plugin_changes_what_is_its_own(void) {
    struct c138_err err = {0};
    up();
    CU_ASSERT_EQUAL(apply("besu",
                          "[[\"chain138_besu_head\",[\"n\"],7],"
                          "[\"chain138_besu_blocks_total\",[],2]]",
                          &err),
                    C138_OK);
    CU_ASSERT(has("{node=\"n\"} 7\n"));
    CU_ASSERT(has("blocks_total 2\n"));
    CU_ASSERT_EQUAL(apply("besu", "[[\"chain138_besu_head\",[\"n\"],null]]", &err), C138_OK);
    CU_ASSERT(!has("besu_head"));
    CU_ASSERT_EQUAL(apply("besu", "[[\"chain138_agent_jobs\",[\"x\",\"y\"],1]]", &err),
                    C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "chain138_agent_jobs"));
    CU_ASSERT(!has("agent_jobs"));
    CU_ASSERT(apply("besu", "[[\"chain138_besu_head\",[\"a\",\"b\"],1]]", &err) < 0);
    CU_ASSERT(apply("besu", "[[\"chain138_none\",[],1]]", &err) < 0);
    down();
}

/* Whatever a hostile worker sends as metrics. */
static void nonsense_of_a_plugin(void) {
    static const char *const all[] = {"{}",
                                      "[1]",
                                      "[[]]",
                                      "[[1,2,3]]",
                                      "[null]",
                                      "[[\"chain138_besu_head\"]]",
                                      "[[\"chain138_besu_head\",{},1]]",
                                      "[[\"chain138_besu_head\",[\"n\"],\"text\"]]",
                                      "[[\"chain138_besu_head\",[\"n\"],{}]]",
                                      "[[\"chain138_besu_head\",[[1]],1]]",
                                      "\"x\""};
    up();
    for (size_t i = 0; i < C138_COUNT(all); i++) {
        struct c138_err err = {0};
        if (apply("besu", all[i], &err) < 0)
            CU_ASSERT(err.text[0] != '\0');
        (void)text(NULL);
    }
    down();
}

static void a_plugin_has_a_bound(void) {
    char json[96];
    struct c138_err err = {0};
    c138_status status = C138_OK;
    unsigned n = 0;
    up();
    for (; n < 5000 && status >= 0; n++) {
        (void)snprintf(json, sizeof(json), "[[\"chain138_besu_head\",[\"n%u\"],1]]", n);
        status = apply("besu", json, &err);
    }
    CU_ASSERT_EQUAL(status, C138_E_LIMIT);
    CU_ASSERT_EQUAL(n, 2001);
    /* What is there can still change, and others are not concerned. */
    CU_ASSERT_EQUAL(apply("besu", "[[\"chain138_besu_head\",[\"n5\"],77]]", &err), C138_OK);
    CU_ASSERT(has("{node=\"n5\"} 77\n"));
    CU_ASSERT_EQUAL(metrics_set(m, "chain138_agent_jobs", L("x", "y"), 1), C138_OK);
    CU_ASSERT_EQUAL(apply("besu", "[[\"chain138_besu_head\",[\"n5\"],null]]", &err), C138_OK);
    CU_ASSERT_EQUAL(apply("besu", "[[\"chain138_besu_head\",[\"new\"],1]]", &err), C138_OK);
    down();
}

static void count_up(void *user, struct metrics *all) {
    (void)metrics_set(all, "chain138_besu_head", L("collected"), ++*(int *)user);
}

static void collectors_come_first(void) {
    int n = 0;
    up();
    metrics_collector(m, count_up, &n);
    CU_ASSERT(has("{node=\"collected\"} 1\n"));
    CU_ASSERT(has("{node=\"collected\"} 2\n"));
    down();
}

/* Prometheus' own judge, where it is installed. */
static void promtool_agrees(void) {
    int fds[2], status = -1;
    if (access("/usr/bin/promtool", X_OK) != 0) {
        printf("promtool is not installed: left out\n");
        return;
    }
    up();
    metrics_set(m, "chain138_besu_head", L("a\"b\\c\nd"), NAN);
    metrics_add(m, "chain138_besu_blocks_total", NULL, 1e20);
    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(fds[0], 0);
        (void)close(fds[1]);
        (void)execl("/usr/bin/promtool", "promtool", "check", "metrics", (char *)NULL);
        _exit(127);
    }
    (void)close(fds[0]);
    const char *all = text(NULL);
    CU_ASSERT_EQUAL(write(fds[1], all, strlen(all)), (ssize_t)strlen(all));
    (void)close(fds[1]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    down();
}

const CU_TestInfo tests_metrics[] = {
    {"written as Prometheus reads it", written_as_prometheus_reads_it},
    {"numbers keep their value", numbers_keep_their_value},
    {"texts cannot break out", texts_cannot_break_out},
    {"declared once, by one", declared_once_by_one},
    {"wrong ones are refused", wrong_ones_are_refused},
    {"series go", series_go},
    {"a plugin changes what is its own", a_plugin_changes_what_is_its_own},
    {"nonsense of a plugin", nonsense_of_a_plugin},
    {"a plugin has a bound", a_plugin_has_a_bound},
    {"collectors come first", collectors_come_first},
    {"promtool agrees", promtool_agrees},
    CU_TEST_INFO_NULL,
};
