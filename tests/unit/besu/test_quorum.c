#include "../unit.h"
#include <plugins/besu/quorum.h>

#include <string.h>

/* n: quorum and how many may fail, as Besu's BftHelpers has them. */
static void test_bft(void) {
    static const uint32_t rows[][3] = {{1, 1, 0}, {2, 2, 0}, {3, 2, 0},  {4, 3, 1},    {5, 4, 1},
                                       {6, 4, 1}, {7, 5, 2}, {10, 7, 3}, {100, 67, 33}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct besu_quorum_state q = besu_quorum_state(BESU_CONSENSUS_QBFT, rows[i][0], rows[i][0]);
        CU_ASSERT_EQUAL(q.quorum, rows[i][1]);
        CU_ASSERT_EQUAL(q.faults, rows[i][2]);
        CU_ASSERT_EQUAL(q.margin, (int)(rows[i][0] - rows[i][1]));
        CU_ASSERT_EQUAL(besu_votes_needed(rows[i][0]), rows[i][0] / 2 + 1);
    }
}

static void test_clique(void) {
    struct besu_quorum_state q = besu_quorum_state(BESU_CONSENSUS_CLIQUE, 5, 4);
    CU_ASSERT_EQUAL(q.quorum, 3);
    CU_ASSERT_EQUAL(q.faults, 2);
    CU_ASSERT_EQUAL(q.margin, 1);
}

static void test_after(void) {
    struct besu_quorum_state four = besu_quorum_state(BESU_CONSENSUS_QBFT, 4, 4),
                             three = besu_quorum_state(BESU_CONSENSUS_QBFT, 4, 3);
    struct besu_quorum_state q = besu_quorum_after(&four, 1, 1);
    CU_ASSERT(q.validators == 5 && q.quorum == 4 && q.present == 5 && q.margin == 1);
    q = besu_quorum_after(&four, 1, 0); /* one that is not there */
    CU_ASSERT(q.present == 4 && q.margin == 0);
    q = besu_quorum_after(&three, 1, 0);
    CU_ASSERT_EQUAL(q.margin, -1);
    q = besu_quorum_after(&three, 0, 0); /* the missing one goes */
    CU_ASSERT(q.validators == 3 && q.present == 3 && q.margin == 1);
    q = besu_quorum_after(&three, 0, 1); /* one that is there goes, one is missing */
    CU_ASSERT(q.present == 2 && q.margin == 0);
    struct besu_quorum_state one = besu_quorum_state(BESU_CONSENSUS_QBFT, 1, 1);
    q = besu_quorum_after(&one, 0, 1);
    CU_ASSERT(q.validators == 0 && q.present == 0);
    q = besu_quorum_after(&q, 0, 1);
    CU_ASSERT_EQUAL(q.validators, 0);
}

static void test_text(void) {
    struct besu_quorum_state q = besu_quorum_state(BESU_CONSENSUS_QBFT, 5, 3);
    char text[200], little[20];
    besu_quorum_text(&q, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "5 validators, 4 needed = ceil(2*5/3), 1 may fail by design; "
                                 "3 there: 1 too few, no block can be made");
    besu_quorum_text(&q, little, sizeof(little));
    CU_ASSERT_EQUAL(strlen(little), sizeof(little) - 1);
    q = besu_quorum_state(BESU_CONSENSUS_CLIQUE, 1, 1);
    besu_quorum_text(&q, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 validator, 1 needed = floor(1/2) + 1"));
}

const CU_TestInfo tests_quorum[] = {{"quorum and faults of BFT", test_bft},
                                    {"quorum of clique", test_clique},
                                    {"one more, one less", test_after},
                                    {"arithmetic as text", test_text},
                                    CU_TEST_INFO_NULL};
