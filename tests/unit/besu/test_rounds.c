#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/logtail.h>
#include <plugins/besu/rounds.h>

#include <base/mem.h>
#include <base/when.h>
#include <stdlib.h>
#include <string.h>

#define S C138_NS_PER_S

static void test_entry(void) {
    struct besu_runner r = {.takes_part = 1, .round = 2, .entered_ns = 100 * S};
    CU_ASSERT_EQUAL(besu_round_entry(&r, 1, 2 * S), INT64_MAX);
    CU_ASSERT_EQUAL(besu_round_entry(&r, 2, 2 * S), 100 * S);
    CU_ASSERT_EQUAL(besu_round_entry(&r, 3, 2 * S), 108 * S);
    CU_ASSERT_EQUAL(besu_round_entry(&r, 5, 2 * S), 156 * S);
    CU_ASSERT_EQUAL(besu_round_entry(&r, 25, INT64_MAX / 2), INT64_MAX);
    r.takes_part = 0;
    CU_ASSERT_EQUAL(besu_round_entry(&r, 3, 2 * S), INT64_MAX);
}

static void test_meet(void) {
    struct besu_runner r[4] = {{.takes_part = 1}, {.takes_part = 1}, {.takes_part = 1}, {0}};
    /* All at once: round 0, unless the one that is down has the turn. */
    struct besu_meeting m = besu_rounds_meet(r, 4, 3, 0, 2 * S, 0);
    CU_ASSERT_TRUE(m.possible && m.round == 0 && m.at_ns == 0);
    m = besu_rounds_meet(r, 4, 3, 3, 2 * S, 0);
    CU_ASSERT_TRUE(m.possible && m.round == 1 && m.at_ns == 2 * S);
    /* Two are not enough, ever. */
    r[2].takes_part = 0;
    CU_ASSERT_FALSE(besu_rounds_meet(r, 4, 3, 0, 2 * S, 0).possible);
    /* A chance that passed without a block does not count. */
    r[2].takes_part = 1;
    m = besu_rounds_meet(r, 4, 3, 0, 2 * S, 1 * S);
    CU_ASSERT_TRUE(m.possible && m.round == 1 && m.at_ns == 2 * S);
    CU_ASSERT_FALSE(besu_rounds_meet(r, 0, 0, -1, 2 * S, 0).possible);
}

/* The lines of a recorded log up to a moment. */
static void read_until(struct besu_log_state *s, const char *version, const char *file,
                       int64_t until_ns) {
    C138_FREE char *text = recorded_text(version, file);
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        if (besu_log_time(p, n) > until_ns)
            return;
        besu_log_line(s, p, n);
        p += n + (p[n] == '\n');
    }
}

/* Validators, and whose turn round 0 is, by the last block before the outage. */
static int last_block(const char *version, struct besu_validators *set) {
    C138_JSON struct c138_json *entries = recorded_json(version, "consensus_states.json");
    const struct c138_json *block =
        c138_json_path(recorded_case(entries, "two of four validators down for 12 s: quorum lost"),
                       "response.node1.latest block");
    uint8_t extra[1024];
    size_t length = 0;
    struct besu_extra e;
    struct besu_address miner;
    CU_ASSERT_EQUAL_FATAL(besu_hex(c138_json_get_str(block, "extraData", ""), extra, 1024, &length),
                          C138_OK);
    CU_ASSERT_EQUAL_FATAL(besu_extra_read(extra, length, &e, set), C138_OK);
    CU_ASSERT_EQUAL_FATAL(besu_address_read(c138_json_get_str(block, "miner", ""), &miner),
                          C138_OK);
    besu_validators_sort(set);
    return (besu_validators_find(set, &miner) + 1) % 4;
}

/*
 * What really happened on both versions: two of four were down, then the third was started again.
 * From the first round change that was heard of it, the next block can be foretold, and came as
 * foretold.
 */
static void test_recorded_recovery(void) {
    const struct {
        const char *version, *heard, *block;
    } cases[] = {{"besu-25.5.0", "2026-11-23T07:37:16.700Z", "2026-11-23T07:39:20.696Z"},
                 {"besu-26.8.0", "2026-11-23T09:21:37.700Z", "2026-11-23T09:23:41.778Z"}};
    for (size_t k = 0; k < C138_COUNT(cases); k++) {
        struct besu_log_state *s = c138_xcalloc(1, sizeof(*s));
        struct besu_validators set;
        struct besu_runner runners[4] = {{0}};
        int64_t heard = 0, block = 0;
        c138_time_parse(cases[k].heard, &heard);
        c138_time_parse(cases[k].block, &block);
        int first = last_block(cases[k].version, &set);
        read_until(s, cases[k].version, "log-quorum-lost-node1.txt", heard);
        read_until(s, cases[k].version, "log-recovery-node1.txt", heard);
        CU_ASSERT_EQUAL_FATAL(s->n_rounds, 3);
        for (uint32_t i = 0; i < 3; i++)
            runners[besu_validators_find(&set, &s->rounds[i].address)] = (struct besu_runner){
                .takes_part = 1, .round = s->rounds[i].round, .entered_ns = s->rounds[i].since_ns};
        struct besu_meeting m = besu_rounds_meet(runners, 4, 3, first, s->timeout_ns, heard);
        CU_ASSERT_TRUE(m.possible);
        CU_ASSERT_EQUAL(m.round, 6);
        CU_ASSERT_TRUE(llabs(m.at_ns - block) < S / 2);
        free(s);
    }
}

const CU_TestInfo tests_rounds[] = {{"rounds entry", test_entry},
                                    {"rounds meet", test_meet},
                                    {"rounds of a recorded recovery", test_recorded_recovery},
                                    CU_TEST_INFO_NULL};
