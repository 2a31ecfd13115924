#include "../unit.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <fcntl.h>
#include <plugins/chain/journal.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define T0 INT64_C(1764000000000000000)

static const uint8_t ann[20] = {1}, bob[20] = {2};

struct place {
    char folder[32];
    char *path;
};

static struct place place_new(void) {
    struct place p = {.folder = "/tmp/c138-journal-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.folder));
    p.path = c138_path_join(p.folder, "journal.log");
    return p;
}

static void place_free(struct place *p) {
    C138_FREE char *old = c138_xasprintf("%s.1", p->path);
    (void)unlink(old);
    (void)unlink(p->path);
    (void)rmdir(p->folder);
    free(p->path);
}

static struct journal *open_it(const struct place *p) {
    struct journal *j = NULL;
    struct c138_err err = {0};
    if (journal_open(p->path, T0, &j, &err) < 0)
        printf("  %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    return j;
}

static struct intent *sign(struct journal *j, const uint8_t from[20], const char *id,
                           uint64_t nonce, enum attempt_kind kind) {
    uint8_t hash[32] = {(uint8_t)nonce, (uint8_t)kind, from[0], 9};
    journal_put_sign(j,
                     &(struct journal_sign){.id = id,
                                            .key = "k",
                                            .request = "r",
                                            .call = "f()",
                                            .expect = "",
                                            .who = "unix:ann",
                                            .from = from,
                                            .hash = hash,
                                            .nonce = nonce,
                                            .confirmations = 2,
                                            .kind = kind,
                                            .raw = "0x02c0"},
                     T0);
    CU_ASSERT_EQUAL(journal_flush(j, T0, NULL), C138_OK);
    return journal_find(j, id);
}

static void end(struct journal *j, struct intent *i, enum outcome outcome, int mined) {
    const uint8_t block_hash[32] = {7};
    if (mined)
        journal_put_mined(j, i, i->n_attempts - 1, 5, block_hash, 1);
    journal_put_end(j, i, outcome, "so it is", T0);
    CU_ASSERT_EQUAL(journal_flush(j, T0, NULL), C138_OK);
}

/* The same before and after a restart. */
static void what_is_known_over_a_restart(void) {
    struct place p = place_new();
    struct journal *j = open_it(&p);
    int known = 1;
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 0);
    CU_ASSERT_EQUAL(known, 0);
    journal_put_base(j, ann, 7);
    (void)sign(j, ann, "one", 7, ATTEMPT_SEND);
    (void)sign(j, ann, "two", 8, ATTEMPT_SEND);
    (void)sign(j, ann, "two", 8, ATTEMPT_CANCEL);
    (void)sign(j, ann, "four", 10, ATTEMPT_SEND);
    (void)sign(j, bob, "his", 0, ATTEMPT_SEND);
    end(j, journal_find(j, "one"), OUTCOME_SUCCEEDED, 1);
    /* what is mined holds its nonce, should a reorg take it back */
    CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 7), 9);
    for (int again = 0; again < 2; again++) {
        const struct intent *two = journal_find(j, "two");
        CU_ASSERT_EQUAL(journal_count(j), 4);
        CU_ASSERT_EQUAL(journal_base(j, ann, &known), 8);
        CU_ASSERT_EQUAL(known, 1);
        CU_ASSERT_EQUAL(journal_held_end(j, ann), 11);
        CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 8), 9); /* the hole first */
        CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 10), 11);
        CU_ASSERT_EQUAL(journal_held_end(j, bob), 1);
        CU_ASSERT_EQUAL(journal_accounts(j), 2);
        CU_ASSERT_PTR_NULL(journal_find(j, "nobody"));
        CU_ASSERT(two && two->n_attempts == 2 && two->attempts[1].kind == ATTEMPT_CANCEL &&
                  two->nonce == 8 && two->confirmations == 2 && two->outcome == OUTCOME_OPEN);
        CU_ASSERT_PTR_EQUAL(journal_by_hash(j, two->attempts[0].hash), two);
        CU_ASSERT_EQUAL(journal_find(j, "one")->outcome, OUTCOME_SUCCEEDED);
        CU_ASSERT_STRING_EQUAL(journal_find(j, "one")->text, "so it is");
        (void)journal_close(j);
        j = open_it(&p);
    }
    (void)journal_close(j);
    place_free(&p);
}

/* What a reorg takes back holds its nonce again; what nobody took gives it back. */
static void nonces_are_given_back(void) {
    struct place p = place_new();
    struct journal *j = open_it(&p);
    int known = 0;
    journal_put_base(j, ann, 3);
    struct intent *i = sign(j, ann, "one", 3, ATTEMPT_SEND);
    end(j, i, OUTCOME_SUCCEEDED, 1);
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 4);
    journal_put_reopen(j, i);
    CU_ASSERT_EQUAL(journal_flush(j, T0, NULL), C138_OK);
    CU_ASSERT(i->outcome == OUTCOME_OPEN && !i->is_mined);
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 3);
    CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 3), 4);
    end(j, i, OUTCOME_DROPPED, 0);
    CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 3), 3);
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 3);
    end(j, sign(j, ann, "two", 3, ATTEMPT_SEND), OUTCOME_OVERTAKEN, 0);
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 3); /* somebody else's: not settled by us */
    CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 3),
                    4); /* and not ours to give, should it come back */
    (void)journal_close(j);
    place_free(&p);
}

/* A chain that was begun anew: what had ended on the old one is in nobody's way. */
static void adopted(void) {
    struct place p = place_new();
    struct journal *j = open_it(&p);
    for (unsigned n = 0; n < 3; n++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "%u", n);
        end(j, sign(j, ann, id, n, ATTEMPT_SEND), OUTCOME_SUCCEEDED, 1);
    }
    CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 0), 3);
    journal_put_base(j, ann, 0);
    CU_ASSERT_EQUAL(journal_flush(j, T0, NULL), C138_OK);
    for (int again = 0; again < 2; again++) {
        CU_ASSERT_EQUAL(journal_free_nonce(j, ann, 0), 0);
        (void)journal_close(j);
        j = open_it(&p);
    }
    (void)journal_close(j);
    place_free(&p);
}

static void a_full_disk_changes_nothing(void) {
    struct place p = place_new();
    struct journal *j = open_it(&p);
    struct c138_err err = {0};
    struct rlimit before, small;
    (void)sign(j, ann, "one", 1, ATTEMPT_SEND);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    struct stat st;
    CU_ASSERT_EQUAL(stat(p.path, &st), 0);
    small.rlim_cur = (rlim_t)st.st_size + 100; /* half of the next line */
    (void)setrlimit(RLIMIT_FSIZE, &small);
    journal_put_sign(j,
                     &(struct journal_sign){.id = "two",
                                            .key = "k",
                                            .request = "r",
                                            .call = "",
                                            .expect = "",
                                            .who = "w",
                                            .from = ann,
                                            .hash = (uint8_t[32]){8},
                                            .nonce = 2,
                                            .kind = ATTEMPT_SEND,
                                            .raw = "0x02c0"},
                     T0);
    CU_ASSERT_EQUAL(journal_flush(j, T0, &err), C138_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.key, "chain.journal");
    (void)setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_PTR_NULL(journal_find(j, "two"));
    (void)sign(j, ann, "three", 2, ATTEMPT_SEND); /* what failed is not written later */
    (void)journal_close(j);
    j = open_it(&p);
    CU_ASSERT_PTR_NULL(journal_find(j, "two"));
    CU_ASSERT_EQUAL(journal_count(j), 2);
    (void)journal_close(j);
    place_free(&p);
}

static void what_is_no_record_is_not_guessed_at(void) {
    static const char *const wrong[] = {
        "{}",
        "{\"t\":\"end\",\"id\":\"nobody\",\"outcome\":\"succeeded\"}",
        "{\"t\":\"sign\",\"id\":\"x\"}",
        "{\"t\":\"base\",\"from\":\"0x01\",\"nonce\":1}",
        "{\"t\":\"mined\",\"id\":\"one\"}",
        "{\"t\":\"end\",\"id\":\"one\",\"outcome\":\"fine\"}",
        "{\"t\":\"other\",\"id\":\"one\"}",
        "no JSON"};
    for (size_t n = 0; n < C138_COUNT(wrong); n++) {
        struct place p = place_new();
        struct journal *j = open_it(&p);
        struct c138_err err = {0};
        (void)sign(j, ann, "one", 1, ATTEMPT_SEND);
        (void)journal_close(j);
        int fd = open(p.path, O_WRONLY | O_APPEND);
        CU_ASSERT_TRUE(write(fd, wrong[n], strlen(wrong[n])) > 0 && write(fd, "\n", 1) == 1);
        (void)close(fd);
        CU_ASSERT_EQUAL(journal_open(p.path, T0, &j, &err), C138_E_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 2"));
        place_free(&p);
    }
}

/* A long journal is begun anew: what is open stays, and what ended lately. */
static void begun_anew(void) {
    struct place p = place_new();
    struct journal *j = open_it(&p);
    int known = 0;
    int64_t later = T0 + JOURNAL_KEEP_NS + C138_NS_PER_S;
    (void)sign(j, ann, "open", 900, ATTEMPT_SEND);
    C138_FREE char *raw = c138_xcalloc(1, 200002);
    memset(raw, 'a', 200000);
    for (unsigned n = 0; n < 170; n++) { /* the file is full at about the 167th */
        char id[16];
        (void)snprintf(id, sizeof(id), "old-%u", n);
        journal_put_sign(j,
                         &(struct journal_sign){.id = id,
                                                .key = "k",
                                                .request = "r",
                                                .call = "",
                                                .expect = "",
                                                .who = "w",
                                                .from = ann,
                                                .hash = (uint8_t[32]){(uint8_t)n, 1},
                                                .nonce = n,
                                                .kind = ATTEMPT_SEND,
                                                .raw = raw},
                         T0);
        CU_ASSERT_EQUAL(journal_flush(j, n < 160 ? T0 : later, NULL), C138_OK);
        if (n < 160)
            end(j, journal_find(j, id), OUTCOME_SUCCEEDED, 1);
    }
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 160);
    (void)journal_close(j);
    j = open_it(&p);
    CU_ASSERT_EQUAL(journal_count(j), 11);
    CU_ASSERT_PTR_NOT_NULL(journal_find(j, "open"));
    CU_ASSERT_PTR_NOT_NULL(journal_find(j, "old-160"));
    CU_ASSERT_EQUAL(journal_base(j, ann, &known), 160); /* what was forgotten stays settled */
    (void)journal_close(j);
    place_free(&p);
}

const CU_TestInfo tests_journal[] = {
    {"known over a restart", what_is_known_over_a_restart},
    {"nonces are given back", nonces_are_given_back},
    {"adopted", adopted},
    {"a full disk", a_full_disk_changes_nothing},
    {"no record", what_is_no_record_is_not_guessed_at},
    {"begun anew", begun_anew},
    CU_TEST_INFO_NULL,
};
