#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/logtail.h>

#include <base/mem.h>
#include <base/when.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void feed(struct besu_log_state *s, const char *text) {
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        besu_log_line(s, p, n);
        p += n + (p[n] == '\n');
    }
}

static struct besu_log_state *recorded(const char *version, const char *file) {
    C138_FREE char *text = recorded_text(version, file);
    struct besu_log_state *s = c138_xcalloc(1, sizeof(*s));
    feed(s, text);
    return s;
}

static const struct besu_log_round *local(const struct besu_log_state *s) {
    for (uint32_t i = 0; i < s->n_rounds; i++)
        if (s->rounds[i].is_local)
            return &s->rounds[i];
    return NULL;
}

static void test_times(void) {
    int64_t want = 0;
    c138_time_parse("2026-11-23T09:22:37.619Z", &want);
    const char *lines[] = {"2026-11-23 09:22:37.619+00:00 | main | INFO | A | b",
                           "2026-11-23 09:22:37.619+0000 | main | INFO | A | b",
                           "2026-11-23 10:22:37.619+01:00 | main | INFO | A | b",
                           "2026-11-23 04:22:37.619-0500 | main | INFO | A | b"};
    for (size_t i = 0; i < C138_COUNT(lines); i++)
        CU_ASSERT_EQUAL(besu_log_time(lines[i], strlen(lines[i])), want);
    const char *none[] = {"", "\tat org.hyperledger.besu", "Setting logging level to INFO",
                          "2026-11-23", "2026-13-99 99:99:99.999+00:00 | x"};
    for (size_t i = 0; i < C138_COUNT(none); i++)
        CU_ASSERT_EQUAL(besu_log_time(none[i], strlen(none[i])), 0);
}

/* Two of four down: the two that are left go through the rounds together. */
static void test_quorum_lost(void) {
    for (const char *const *v = recorded_versions; *v; v++)
        for (int node = 1; node <= 2; node++) {
            char file[64];
            snprintf(file, sizeof(file), "log-quorum-lost-node%d.txt", node);
            struct besu_log_state *s = recorded(*v, file);
            CU_ASSERT_EQUAL(s->quorum, 3);
            CU_ASSERT_TRUE(s->has_timer);
            CU_ASSERT_EQUAL(s->timeout_ns, 2 * C138_NS_PER_S);
            CU_ASSERT_EQUAL(s->timer_ends_ns - s->timer_set_ns,
                            s->timeout_ns * (INT64_C(1) << s->timer_round));
            CU_ASSERT_EQUAL(s->n_rounds, 2);
            CU_ASSERT_PTR_NOT_NULL_FATAL(local(s));
            CU_ASSERT_EQUAL(local(s)->round, s->timer_round);
            for (uint32_t i = 0; i < s->n_rounds; i++) /* they are in step to 0.1 s */
                CU_ASSERT_TRUE(llabs(s->rounds[i].since_ns - s->timer_set_ns) <
                               100 * C138_NS_PER_MS);
            free(s);
        }
}

/* The third one came back: after the block the rounds are forgotten. */
static void test_recovery(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        struct besu_log_state *s = recorded(*v, "log-recovery-node1.txt");
        CU_ASSERT_TRUE(s->block > 190);
        CU_ASSERT_EQUAL(s->n_rounds, 0);
        CU_ASSERT_FALSE(s->has_timer);
        CU_ASSERT_EQUAL(s->timeout_ns, 2 * C138_NS_PER_S);
        free(s);
    }
}

static void test_lines(void) {
    struct besu_log_state *s = c138_xcalloc(1, sizeof(*s));
#define T "2026-11-23 08:09:51.069+00:00 | BftProcessorExecutor-QBFT-0 | INFO  | "
    feed(s, T "QbftBesuControllerBuilder | Imported empty block #1,649 / 0 tx / 0 pending\n");
    CU_ASSERT_EQUAL(s->block, 1649);
    feed(s, T "QbftBesuControllerBuilder | Produced block       #1,234,567 / 2 tx / 0 pending\n");
    CU_ASSERT_EQUAL(s->block, 1234567);
    feed(
        s,
        "\x1b[37m2026-11-23 08:10:00.000+0000\x1b[m | a | \x1b[32mINFO \x1b[m | RoundTimer | Moved "
        "to round 10 which will expire in 2,048 seconds\n");
    CU_ASSERT_EQUAL(s->timer_round, 10);
    CU_ASSERT_EQUAL(s->timeout_ns, 2 * C138_NS_PER_S);
    feed(s,
         T "EventMultiplexer | State machine threw exception while processing event \\{...\\}\n");
    CU_ASSERT_EQUAL(s->encoding_errors, 1);
    feed(s, T "Besu | Starting Besu\n");
    CU_ASSERT_FALSE(s->has_timer);
    CU_ASSERT_TRUE(s->started_ns > 0);
    /* What is not meant is not taken. */
    struct besu_log_state before = *s;
    feed(s, T "X | Moved to round 3 which will expire in 8 seconds\n" T
              "RoundTimer | Moved to round 99 which will expire in 8 seconds\n" T
              "RoundTimer | Moved to round which will expire\n" T
              "RoundChangeManager | Address: 0x12 Round: 3\n" T
              "PersistBlockTask | Block 9,999,999 (0x) is already imported\n"
              "Imported #5\n\n|||||\n | | | | \n");
    before.last_ns = s->last_ns;
    CU_ASSERT_EQUAL(memcmp(&before, s, sizeof(before)), 0);
    free(s);
}

static void write_file(const char *path, const char *mode, const char *text) {
    FILE *f = fopen(path, mode);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

#define BLOCK(n) T "QbftBesuControllerBuilder | Imported empty block #" n " / 0 tx\n"

static void test_file(void) {
    char path[] = "/tmp/logtail-XXXXXX", moved[64];
    struct c138_err err = {0};
    close(mkstemp(path));
    struct besu_logtail *t = besu_logtail_new(path);
    const struct besu_log_state *s = besu_logtail_state(t);
    write_file(path, "w", BLOCK("1") "2026-11-23 08:09:51.069+00:00 | B | INFO | Qbft | Imp");
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_OK);
    CU_ASSERT_EQUAL(s->block, 1);
    write_file(path, "a", "orted empty block #2 / 0\n"); /* a line in two parts */
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_OK);
    CU_ASSERT_EQUAL(s->block, 2);
    write_file(path, "w", BLOCK("3")); /* truncated, as by copytruncate */
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_OK);
    CU_ASSERT_EQUAL(s->block, 3);
    snprintf(moved, sizeof(moved), "%s.1", path); /* rotated, with a last line in the old one */
    write_file(path, "a", BLOCK("4"));
    rename(path, moved);
    write_file(path, "w", BLOCK("5"));
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_OK);
    CU_ASSERT_EQUAL(s->block, 5);
    FILE *f = fopen(path, "a"); /* a line without end, longer than any buffer */
    for (int i = 0; i < 100000; i++)
        fputs("xxxxxxxxxx", f);
    fputs("\n" BLOCK("6"), f);
    fclose(f);
    while (besu_logtail_poll(t, &err) == C138_OK && s->block != 6)
        ;
    CU_ASSERT_EQUAL(s->block, 6);
    unlink(moved);
    unlink(path);
    besu_logtail_free(t);
    t = besu_logtail_new(path);
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.key, "log.unreadable");
    besu_logtail_free(t);
    t = besu_logtail_new("/tmp");
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_E_DENIED);
    besu_logtail_free(t);
    CU_ASSERT_PTR_NULL(besu_logtail_free(NULL));
}

/* A big log is begun near its end. */
static void test_backlog(void) {
    char path[] = "/tmp/logtail-XXXXXX";
    struct c138_err err = {0};
    close(mkstemp(path));
    FILE *f = fopen(path, "w");
    for (int i = 1; i <= 30000; i++)
        fprintf(f, T "PersistBlockTask | Imported #%d / 0 tx\n", i);
    fclose(f);
    struct besu_logtail *t = besu_logtail_new(path);
    CU_ASSERT_EQUAL(besu_logtail_poll(t, &err), C138_OK);
    CU_ASSERT_EQUAL(besu_logtail_state(t)->block, 30000);
    besu_logtail_free(t);
    unlink(path);
}

const CU_TestInfo tests_logtail[] = {{"logtail time stamps", test_times},
                                     {"logtail quorum lost, recorded", test_quorum_lost},
                                     {"logtail recovery, recorded", test_recovery},
                                     {"logtail lines", test_lines},
                                     {"logtail follows a file", test_file},
                                     {"logtail begins near the end", test_backlog},
                                     CU_TEST_INFO_NULL};
