/*
 * plugins/chain/journal.h: what this plugin has signed and what became of it, on disk before a byte
 * of it reaches a node. From it alone the plugin knows after a crash what is under way: the same
 * signed bytes are sent again, never new ones, and a nonce is taken only by what stands here.
 *
 * An intent is one change that somebody asked for, under an id of his. It holds one nonce and one or
 * more attempts, of which at most one is ever mined: the transaction itself, the same with a higher
 * price, or an empty one that takes its place.
 *
 *   {"t":"sign","id",...,"nonce","kind","hash","raw"}   an attempt; the first makes the intent
 *   {"t":"mined","id","hash","block","block_hash","status"}, {"t":"unmined","id"}
 *   {"t":"end","id","outcome","text"}, {"t":"reopen","id"}: a reorg took back what had ended
 *   {"t":"base","from","nonce"}: the account was adopted: the nonces below are settled, whoever used
 *     them, and what had ended above belongs to another chain
 *   {"t":"settled","from","nonce"}: the same number, kept when the file is begun anew
 *
 * Not locked: the plugin's lock is held around every call.
 */
#ifndef CHAIN_JOURNAL_H
#define CHAIN_JOURNAL_H
#include <base/err.h>
#include <base/json.h>

#define JOURNAL_ID_MAX 128
#define JOURNAL_FILE_MAX (32u << 20)
#define JOURNAL_KEEP_NS (INT64_C(30) * 86400 * 1000000000) /* an id that ended is known so long */

enum attempt_kind { ATTEMPT_SEND, ATTEMPT_SPEED_UP, ATTEMPT_CANCEL };
const char *attempt_kind_name(enum attempt_kind kind);

struct attempt {
    enum attempt_kind kind;
    uint8_t hash[32];
    char *raw; /* 0x text */
};

enum outcome {
    OUTCOME_OPEN,
    OUTCOME_SUCCEEDED,
    OUTCOME_REVERTED,  /* mined, and undone by the chain */
    OUTCOME_UNMET,     /* mined, and what was expected did not come true */
    OUTCOME_CANCELLED, /* the empty one was mined in its place */
    OUTCOME_OVERTAKEN, /* its nonce was used by a transaction that is not in this journal */
    OUTCOME_DROPPED    /* no node took it, and none ever will: the nonce is free again */
};
const char *outcome_name(enum outcome outcome);

struct intent {
    char *id, *key;      /* the key: its name in the keys plugin */
    char *request;       /* what was asked, as a digest: an id stands for one request */
    char *call, *expect; /* the call, for people; what shall be true afterwards, JSON or "" */
    char *who;           /* principal */
    uint8_t from[20];
    uint64_t nonce;
    int64_t time_ns, ended_ns; /* UTC */
    uint32_t confirmations;
    struct attempt *attempts;
    size_t n_attempts;

    int is_past; /* it ended, and its account was adopted since at a lower nonce */
    enum outcome outcome;
    char *text; /* why it ended so; NULL */
    /* Where it is mined: */
    int is_mined;
    size_t mined; /* index of the attempt */
    uint64_t block;
    uint8_t block_hash[32];
    int status; /* 1 or 0, as the receipt has it */

    /* Not on disk: what was seen since this process runs. */
    int untouched;                  /* signed by this process, and no node can have it */
    int is_deep;                    /* ended so deep in the chain that it is not watched any more */
    int overtaken;                  /* times in a row that its nonce was used without it */
    int64_t sent_ns;                /* monotonic: handed to a node last */
    uint64_t end_head;              /* head when it ended */
    char refusal[256];              /* of the last time, "" if it was taken */
    const struct c138_refusal *why; /* NULL: none */
};

struct journal;
/* C138_E_INVALID names the line that is none: the journal is not guessed at. */
c138_status journal_open(const char *path, int64_t now_ns, struct journal **ret_journal,
                         struct c138_err *err);
struct journal *journal_close(struct journal *j); /* returns NULL */
size_t journal_count(const struct journal *j);
struct intent *journal_at(const struct journal *j, size_t index); /* in the order they came */
struct intent *journal_find(const struct journal *j, const char *id);
struct intent *journal_by_hash(const struct journal *j, const uint8_t hash[32]);
/* The attempt of an intent that has this hash; n_attempts: none. */
size_t intent_attempt(const struct intent *i, const uint8_t hash[32]);

/* --- Writing. Records gather until journal_flush(); nothing of them is to be acted upon before. - */

struct journal_sign {
    const char *id, *key, *request, *call, *expect, *who;
    const uint8_t *from, *hash;
    uint64_t nonce;
    uint32_t confirmations;
    enum attempt_kind kind;
    const char *raw;
};
/* An attempt of a new intent, or of the one with this id (then key to confirmations are its own). */
void journal_put_sign(struct journal *j, const struct journal_sign *s, int64_t now_ns);
void journal_put_mined(struct journal *j, struct intent *i, size_t attempt, uint64_t block,
                       const uint8_t block_hash[32], int status);
void journal_put_unmined(struct journal *j, struct intent *i);
void journal_put_end(struct journal *j, struct intent *i, enum outcome outcome, const char *text,
                     int64_t now_ns);
void journal_put_reopen(struct journal *j, struct intent *i);
void journal_put_base(struct journal *j, const uint8_t from[20], uint64_t nonce);
/* On disk, and in memory, when it returns C138_OK. Else neither: C138_E_LIMIT on a full disk. */
c138_status journal_flush(struct journal *j, int64_t now_ns, struct c138_err *err);

/* --- Accounts -------------------------------------------------------------------------------- */

/* The first nonce that is not settled by this journal; 0 where it knows nothing of the account
 * (*ret_known). */
uint64_t journal_base(const struct journal *j, const uint8_t from[20], int *ret_known);
/* The lowest nonce from `first` on that no intent of the account holds. One that was mined holds its
 * nonce, too: a reorg may take it back, and it is sent again. */
uint64_t journal_free_nonce(const struct journal *j, const uint8_t from[20], uint64_t first);
/* One above the highest nonce that is held; 0: none is. */
uint64_t journal_held_end(const struct journal *j, const uint8_t from[20]);
/* Of each account that the journal knows. */
size_t journal_accounts(const struct journal *j);
const uint8_t *journal_account(const struct journal *j, size_t index);
#endif
