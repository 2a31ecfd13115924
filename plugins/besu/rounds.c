#include "rounds.h"

#include <stdint.h>

int64_t besu_round_entry(const struct besu_runner *runner, uint32_t round, int64_t timeout_ns) {
    if (!runner->takes_part || round < runner->round)
        return INT64_MAX;
    if (round > BESU_ROUND_MAX + 1)
        return INT64_MAX;
    /* timeout * (2^round' + ... + 2^(round - 1)) after it entered round' */
    int64_t units = (INT64_C(1) << round) - (INT64_C(1) << runner->round);
    if (units > 0 && timeout_ns > INT64_MAX / 4 / units)
        return INT64_MAX;
    return runner->entered_ns + timeout_ns * units;
}

/* How many are in `round` at `time_ns`, and whether the one who proposes is. */
static uint32_t present(const struct besu_runner *runners, uint32_t count, uint32_t round,
                        int64_t time_ns, int64_t timeout_ns, int proposer, int *ret_proposer) {
    uint32_t n = 0;
    *ret_proposer = proposer < 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t enter = besu_round_entry(&runners[i], round, timeout_ns);
        int64_t leave = besu_round_entry(&runners[i], round + 1, timeout_ns);
        if (enter > time_ns || leave <= time_ns)
            continue;
        n++;
        if ((int)i == proposer)
            *ret_proposer = 1;
    }
    return n;
}

struct besu_meeting besu_rounds_meet(const struct besu_runner *runners, uint32_t count,
                                     uint32_t quorum, int first_proposer, int64_t timeout_ns,
                                     int64_t now_ns) {
    struct besu_meeting best = {0};
    for (uint32_t round = 0; round <= BESU_ROUND_MAX; round++) {
        int proposer = first_proposer < 0
                           ? -1
                           : (int)(((uint32_t)first_proposer + round) % (count ? count : 1));
        /* They are complete at the moment when the last one comes in. */
        for (uint32_t i = 0; i < count; i++) {
            int64_t at = besu_round_entry(&runners[i], round, timeout_ns);
            int there;
            if (at == INT64_MAX || at < now_ns || (best.possible && at >= best.at_ns))
                continue;
            if (present(runners, count, round, at, timeout_ns, proposer, &there) < quorum || !there)
                continue;
            best = (struct besu_meeting){.possible = 1, .round = round, .at_ns = at};
        }
    }
    return best;
}
