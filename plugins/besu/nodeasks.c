/* What a node is asked beside the polls: its allowlists, and the votes that it holds. */
#include "node.h"

#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

/* --- Votes ----------------------------------------------------------------------------------- */

static const struct {
    uint32_t api;
    const char *votes, *propose, *discard;
} methods[] = {
    [BESU_CONSENSUS_QBFT] = {BESU_API_QBFT, "qbft_getPendingVotes", "qbft_proposeValidatorVote",
                             "qbft_discardValidatorVote"},
    [BESU_CONSENSUS_IBFT] = {BESU_API_IBFT, "ibft_getPendingVotes", "ibft_proposeValidatorVote",
                             "ibft_discardValidatorVote"},
    [BESU_CONSENSUS_CLIQUE] = {BESU_API_CLIQUE, "clique_proposals", "clique_propose",
                               "clique_discard"},
    [BESU_CONSENSUS_NONE] = {0},
};

int besu_node_can_vote(const struct besu_node *n) {
    return (n->apis & methods[n->consensus].api) != 0;
}

static c138_status no_api(const struct besu_node *n, struct c138_err *err) {
    static const char *const names[] = {"QBFT (IBFT, CLIQUE)", "QBFT", "IBFT", "CLIQUE",
                                        "QBFT (IBFT, CLIQUE)"};
    return c138_error(err, C138_E_UNSUPPORTED, "rpc.not-enabled",
                      "besu: node %s at %s cannot be asked for votes: add %s to its rpc-http-api "
                      "and restart it",
                      n->config.name, n->config.url, names[n->consensus]);
}

/* Besu refuses these methods too where a contract chooses the validators. */
static c138_status vote_failed(struct besu_node *n, c138_status status, struct c138_err *err) {
    if (!err || strcmp(err->key, "rpc.not-enabled") != 0 || !n->knows_apis)
        return status;
    n->probed = 0; /* or it was restarted without the API: the next look tells */
    return c138_error(err, C138_E_UNSUPPORTED, "vote.off",
                      "besu: node %s at %s has the API and yet takes no votes: its validators come "
                      "from a contract (validatorcontractaddress in the genesis), so change them "
                      "there; or it was just restarted without the API: look again",
                      n->config.name, n->config.url);
}

c138_status besu_node_votes(struct besu_node *n, struct c138_json **ret_votes,
                            struct c138_err *err) {
    struct c138_err mine = {0};
    struct c138_err *why = err ? err : &mine;
    if (!besu_node_can_vote(n))
        return no_api(n, err);
    c138_status status = besu_node_call(n, methods[n->consensus].votes, NULL, ret_votes, why);
    return status == C138_OK ? C138_OK : vote_failed(n, status, why);
}

int besu_vote_in(const struct c138_json *votes, const struct besu_address *validator) {
    for (struct c138_json_iter i = c138_json_iter(votes); c138_json_next(&i);) {
        struct besu_address a;
        if (besu_address_read(i.name, &a) == C138_OK && memcmp(&a, validator, sizeof(a)) == 0)
            return c138_json_as_bool(i.value, 0);
    }
    return -1;
}

c138_status besu_node_vote(struct besu_node *n, const struct besu_address *validator,
                           enum besu_ballot ballot, struct c138_err *err) {
    C138_JSON struct c138_json *said = NULL, *votes = NULL;
    struct c138_err mine = {0};
    struct c138_err *why = err ? err : &mine;
    char address[BESU_ADDRESS_TEXT];
    if (!besu_node_can_vote(n))
        return no_api(n, err);
    besu_address_write(validator, address);
    struct c138_json *params = c138_json_new_array();
    c138_json_append(params, c138_json_new_str(address));
    if (ballot != BESU_BALLOT_DISCARD)
        c138_json_append(params, c138_json_new_bool(ballot == BESU_BALLOT_ADD));
    c138_status status =
        besu_node_call(n,
                       ballot == BESU_BALLOT_DISCARD ? methods[n->consensus].discard
                                                     : methods[n->consensus].propose,
                       params, &said, why);
    if (status != C138_OK)
        return vote_failed(n, status, why);
    status = besu_node_votes(n, &votes, why);
    if (status != C138_OK)
        return status;
    int wanted = ballot == BESU_BALLOT_DISCARD ? -1 : ballot == BESU_BALLOT_ADD;
    if (besu_vote_in(votes, validator) == wanted)
        return C138_OK;
    return c138_error(err, C138_E_CONFLICT, "vote.unheld",
                      "besu: node %s at %s said yes, and does not show it among its votes",
                      n->config.name, n->config.url);
}

/* --- Allowlists ------------------------------------------------------------------------------ */

static void take_list(struct besu_node *n, enum besu_list_kind kind, c138_status status,
                      const struct c138_json *result, const struct c138_err *why) {
    struct besu_node_list *l = &n->lists[kind];
    besu_list_deinit(&l->list);
    l->error = (struct c138_err){0};
    if (status == C138_OK)
        status = besu_list_from_json(kind, result, &l->list, &l->error);
    else
        l->error = *why;
    if (status == C138_OK)
        l->state = BESU_LIST_ON;
    else if (status == C138_E_CONFLICT && strstr(l->error.text, "has not been enabled"))
        l->state = BESU_LIST_OFF;
    else if (status == C138_E_UNSUPPORTED)
        l->state = BESU_LIST_NO_API;
    else
        l->state = BESU_LIST_SILENT;
}

void besu_node_lists(struct besu_node *n) {
    static const char *const asked[] = {"perm_getAccountsAllowlist", "perm_getNodesAllowlist"};
    for (int kind = 0; kind < BESU_LISTS; kind++) {
        C138_JSON struct c138_json *result = NULL;
        struct c138_err why = {0};
        c138_status status = besu_node_call(n, asked[kind], NULL, &result, &why);
        take_list(n, kind, status, result, &why);
        if (n->lists[kind].state == BESU_LIST_SILENT && kind == 0) { /* one timeout is enough */
            take_list(n, BESU_LIST_NODES, status, NULL, &why);
            break;
        }
    }
    n->lists_ns = c138_now_monotonic_ns();
}
