/*
 * plugins/besu/contract.h: the permission contracts (ConsenSys permissioning-smart-contracts,
 * contract version 3000000): an ingress at a fixed address names the contract with the rules, and
 * that has the list. Besu enforces them to 25.5; from 25.6 on no version does (and none can be told
 * to), but they can be read and written all the same. Blocks for the rpc timeout a call; the lock
 * is held.
 */
#ifndef BESU_CONTRACT_H
#define BESU_CONTRACT_H
#include "besu.h"

enum besu_contract_state {
    BESU_CONTRACT_NONE,    /* no code at the ingress address, or no rules registered there */
    BESU_CONTRACT_FOREIGN, /* something is there that does not answer as these contracts do */
    BESU_CONTRACT_READ,
    BESU_CONTRACT_UNKNOWN, /* no node answered */
};
struct besu_contract {
    enum besu_contract_state state;
    enum besu_list_kind kind;
    char ingress[BESU_ADDRESS_TEXT], rules[BESU_ADDRESS_TEXT]; /* "": not there */
    uint64_t version;
    int read_only;
    int cut; /* it has more entries than were read */
    struct besu_list list;
    char text[300];
};
void besu_contract_read(struct besu *b, enum besu_list_kind kind, struct besu_contract *ret);
void besu_contract_deinit(struct besu_contract *c);
/* Watched nodes whose version can enforce it: Besu to 25.5. Whether they do is in their config. */
uint32_t besu_contract_enforcers(const struct besu *b);
/* "besu/v25.5.0/..." to 25.5. */
int besu_version_enforces(const char *client_version);
/* Is the item on its list now? 1, 0, -1: no answer. */
int besu_contract_has(struct besu *b, const struct besu_contract *c, const char *item);
/* The parameters of chain.send that change it, as that action validates them. The caller frees. */
char *besu_contract_send(const struct besu_contract *c, const char *key, int allow,
                         const char *item);
#endif
