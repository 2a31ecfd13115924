#include "rig.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <plugins/keys/ledger.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>

#define T0 INT64_C(1764000000000000000)
#define MINUTE (60 * C138_NS_PER_S)

static c138_status add(struct ledger *l, const char *rule, uint8_t n, int64_t at) {
    const uint8_t hash[32] = {n};
    ledger_stage(
        l,
        &(struct ledger_entry){
            .key = "k", .rule = rule, .chain_id = 138, .to = "", .value = "0", .hash = hash},
        at);
    return ledger_flush(l, NULL);
}

static struct ledger *open_at(const char *path, int64_t now_ns) {
    struct ledger *l = NULL;
    struct c138_err err = {0};
    if (ledger_open(path, now_ns, &l, &err) < 0)
        printf("  %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    return l;
}

static void rates_over_a_restart(void) {
    struct folder f = folder_new();
    C138_FREE char *path = folder_file(&f, "signed.log");
    struct ledger *l = open_at(path, T0);
    const uint8_t two[32] = {2}, nine[32] = {9};
    CU_ASSERT_EQUAL(add(l, "a", 1, T0), C138_OK);
    CU_ASSERT_EQUAL(add(l, "a", 2, T0 + 30 * MINUTE), C138_OK);
    CU_ASSERT_EQUAL(add(l, "b", 3, T0 + 30 * MINUTE), C138_OK);
    for (int again = 0; again < 2; again++) {
        int64_t now = T0 + 31 * MINUTE;
        CU_ASSERT_EQUAL(ledger_used(l, "k", "a", now), 2);
        CU_ASSERT_EQUAL(ledger_used(l, "k", "b", now), 1);
        CU_ASSERT_EQUAL(ledger_used(l, "other", "a", now), 0);
        CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0 + 60 * MINUTE), 1);
        CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0 - 600 * MINUTE), 2); /* a clock set back */
        CU_ASSERT(ledger_has(l, "k", two) && !ledger_has(l, "other", two) &&
                  !ledger_has(l, "k", nine));
        ledger_close(l);
        l = open_at(path, now);
    }
    ledger_close(l);
    l = open_at(path, T0 + 24 * 60 * MINUTE);
    CU_ASSERT_EQUAL(ledger_count(l), 2); /* the first is older than a day */
    ledger_close(l);
    folder_free(&f);
}

/* What a crash leaves at the end is cut; what anybody else wrote is not passed over. */
static void damage(void) {
    struct folder f = folder_new();
    C138_FREE char *path = folder_file(&f, "signed.log");
    struct ledger *l = open_at(path, T0);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(add(l, "a", 1, T0), C138_OK);
    ledger_close(l);
    CU_ASSERT_EQUAL(c138_file_read(path, 4096, &text, NULL), C138_OK);
    size_t whole = text.length;
    c138_buf_adds(&text, "{\"time\":\"20");
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, text.data, text.length, NULL), C138_OK);
    l = open_at(path, T0);
    CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0), 1);
    CU_ASSERT_EQUAL(add(l, "a", 2, T0), C138_OK);
    ledger_close(l);
    l = open_at(path, T0);
    CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0), 2);
    ledger_close(l);
    text.data[whole / 2] = '\n';
    text.length = whole;
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, text.data, text.length, NULL), C138_OK);
    l = NULL;
    CU_ASSERT_EQUAL(ledger_open(path, T0, &l, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NULL(l);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 1"));
    folder_free(&f);
}

/* A full disk: nothing counts, and the file is as before. */
static void full_disk(void) {
    struct folder f = folder_new();
    C138_FREE char *path = folder_file(&f, "signed.log");
    struct ledger *l = open_at(path, T0);
    struct rlimit old, small;
    CU_ASSERT_EQUAL(add(l, "a", 1, T0), C138_OK);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 200; /* a part of the next line fits */
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    c138_status status = add(l, "a", 2, T0);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, before);
    CU_ASSERT(status < 0);
    CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0), 1);
    CU_ASSERT_EQUAL(add(l, "a", 3, T0), C138_OK);
    ledger_close(l);
    l = open_at(path, T0);
    CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0), 2);
    ledger_close(l);
    folder_free(&f);
}

/* A long file is begun anew, and loses nothing that counts. */
static void begun_anew(void) {
    struct folder f = folder_new();
    C138_FREE char *path = folder_file(&f, "signed.log"), *old = folder_file(&f, "signed.log.1");
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct ledger *l = open_at(path, T0);
    CU_ASSERT_EQUAL(add(l, "old", 1, T0 - 48 * 60 * MINUTE), C138_OK);
    ledger_close(l);
    CU_ASSERT_EQUAL(c138_file_read(path, 4096, &text, NULL), C138_OK);
    C138_FREE char *line = c138_xstrdup(c138_buf_text(&text));
    while (text.length <= LEDGER_FILE_MAX)
        c138_buf_adds(&text, line);
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, text.data, text.length, NULL), C138_OK);
    l = open_at(path, T0);
    CU_ASSERT_EQUAL(add(l, "a", 2, T0), C138_OK); /* the one that finds the file full */
    CU_ASSERT_EQUAL(add(l, "a", 3, T0), C138_OK);
    ledger_close(l);
    CU_ASSERT_EQUAL(c138_file_read(path, 4096, &text, NULL), C138_OK); /* it is short */
    CU_ASSERT_EQUAL(c138_file_read(old, 2 * LEDGER_FILE_MAX, &text, NULL), C138_OK);
    l = open_at(path, T0);
    CU_ASSERT_EQUAL(ledger_used(l, "k", "a", T0), 2);
    ledger_close(l);
    folder_free(&f);
}

const CU_TestInfo tests_ledger[] = {{"rates over a restart", rates_over_a_restart},
                                    {"damage", damage},
                                    {"a full disk", full_disk},
                                    {"begun anew", begun_anew},
                                    CU_TEST_INFO_NULL};
