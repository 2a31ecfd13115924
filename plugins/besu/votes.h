/*
 * plugins/besu/votes.h: who validates, by votes. What somebody wanted is on disk before the first
 * vote is cast, and stays there until it is settled: it took effect, the epoch ended (there the
 * network counts anew), or it was discarded. Until then a node that lost its votes (they are in its
 * memory only) gets them again; once it is settled, the votes are taken back from every node, as
 * they would count again later: Besu keeps them after they took effect.
 */
#ifndef BESU_VOTES_H
#define BESU_VOTES_H
#include "besu.h"

/* votewatch.c. All with the lock held. */
void besu_wishes_load(struct besu *b); /* from the store, at the start */
struct besu_wish *besu_wish_find(struct besu *b, const struct besu_address *validator);
/* Puts a wish on disk. C138_E_LIMIT: too many; C138_E_CONFLICT: the opposite is wanted already. */
c138_status besu_wish_add(struct besu *b, const struct besu_address *validator, int add,
                          const char *who, struct besu_wish **ret_wish, struct c138_err *err);
/* The votes are wanted no more: takes them back from each node as it answers. */
void besu_wish_end(struct besu *b, struct besu_wish *wish, enum besu_wish_state state);
/* After node i was looked at: settles what is settled, and gives the node what it lacks. */
void besu_wishes_tend(struct besu *b, uint32_t i);
/* The nodes were exchanged: their indexes mean others. */
void besu_wishes_nodes_changed(struct besu *b);
uint64_t besu_epoch_length(const struct besu *b);
/* A vote of node i counts: it answers, has the API, and is a validator. *ret_why (may be NULL) says
 * what is missing. */
int besu_is_voter(struct besu *b, uint32_t i, const char **ret_why);

/* Can the network live with it? `seen`: what is known of a validator that is to come. */
enum besu_seen { BESU_SEEN_UNKNOWN, BESU_SEEN_NOT, BESU_SEEN_BEHIND, BESU_SEEN_READY };
enum besu_seen besu_seen(const struct besu *b, const struct besu_address *validator,
                         uint64_t *ret_behind);
struct besu_quorum_state besu_vote_after(struct besu *b, const struct besu_address *validator,
                                         int add);

/* votes.c: the actions. */
c138_status besu_vote_run(void *self, c138_call *call);
c138_status besu_votes_run(void *self, c138_call *call);
extern const c138_action besu_vote_action, besu_votes_action; /* tables.c */
#endif
