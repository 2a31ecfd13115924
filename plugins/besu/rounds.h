/*
 * plugins/besu/rounds.h: when the rounds of a halted BFT chain meet. Pure; any thread.
 *
 * How QBFT and IBFT 2.0 of Besu behave (seen on 25.5.0 and 26.8.0): the timer of round r runs for
 * timeout * 2^r; when it ends, the validator enters round r + 1 and says so to the others. A block
 * needs a quorum of validators in the same round at the same time, and the proposer of that round
 * among them. A validator that was restarted begins at round 0, so that it runs after the others;
 * since each round lasts as long as all before it together, it reaches them only after about as
 * long as the halt lasted.
 */
#ifndef BESU_ROUNDS_H
#define BESU_ROUNDS_H
#include "extradata.h"

#define BESU_ROUND_MAX 24 /* 2^24 times the timeout are months */

struct besu_runner {
    int takes_part;     /* 0: it is down, or silent */
    uint32_t round;     /* where it is, ... */
    int64_t entered_ns; /* ... since when (UTC); in the future: it will be started */
};

struct besu_meeting {
    int possible;
    uint32_t round;
    int64_t at_ns; /* UTC */
};

/*
 * `runners`: one for each validator, in the order of their addresses. `first_proposer`: index of
 * the proposer of round 0 at this height, -1 if it is not known (then any may propose).
 */
struct besu_meeting besu_rounds_meet(const struct besu_runner *runners, uint32_t count,
                                     uint32_t quorum, int first_proposer, int64_t timeout_ns,
                                     int64_t now_ns);
/* When `runner` enters `round`; INT64_MAX if it is past it. */
int64_t besu_round_entry(const struct besu_runner *runner, uint32_t round, int64_t timeout_ns);
#endif
