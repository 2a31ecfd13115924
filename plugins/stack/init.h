/*
 * plugins/stack/init.h: a network of one host from nothing, as files that run: what stack init makes.
 *
 *   init.c        the action: what is asked for, and the order of things
 *   init_keys.c   keys, passwords and the token of the agent
 *   init_besu.c   genesis, each node's configuration and lists
 *   init_tessera.c   Tessera and its database
 *   init_compose.c   the compose file, monitoring, logrotate, and the agent's own configuration
 *
 * Everything is written into NAME.new and renamed to NAME at the end: there is a whole network or
 * none. No secret is in an answer, a log or an environment; each lies in a file of mode 0600.
 */
#ifndef STACK_INIT_H
#define STACK_INIT_H
#include "stack.h"

#include <wallet/nodekey.h>

#define INIT_VALIDATORS_MAX 16
#define INIT_NODES_MAX (INIT_VALIDATORS_MAX + 1)
#define INIT_ACCOUNTS_MAX 64

/* A node: the validators, then one for users. */
struct init_node {
    char name[24], ip[32];
    int validator;
    uint8_t public_key[64], address[20];
    char enode[NODEKEY_ENODE_MAX];
};
struct init {
    struct stack *s;
    c138_call *call;
    char *name, *folder, *final; /* final: where it is at the end */
    char *subnet;                /* "172.31.138" */
    char *besu, *tessera;        /* versions */
    uint64_t chain_id, period_s;
    int privacy;
    char *jdbc_driver; /* path here, of a jar */
    char *alert_url;   /* NULL */
    struct init_node nodes[INIT_NODES_MAX];
    size_t n_nodes, n_validators;
    char *accounts[INIT_ACCOUNTS_MAX + 1];
    size_t n_accounts;
    uint8_t marker[20]; /* who sends the markers of private transactions */
    char tessera_key[64];
    unsigned uid, gid; /* whose the files are, and as whom the containers run */
    size_t n_files;
};

/* Writes a file below the network's folder; folders are made. secret: 0600, else 0644. */
c138_status init_write(struct init *n, const char *path, int secret, const void *bytes,
                       size_t length, struct c138_err *err);
c138_status init_text(struct init *n, const char *path, int secret, const struct c138_buf *text,
                      struct c138_err *err);
c138_status init_mkdir(struct init *n, const char *path, struct c138_err *err);
/* The files of the last part: where addresses of services are. */
char *init_ip(const struct init *n, unsigned last);
#define INIT_IP_RPC 51u
#define INIT_IP_TESSERA 61u
#define INIT_IP_DATABASE 62u
#define INIT_IP_PROMETHEUS 63u
#define INIT_IP_ALERTMANAGER 64u
#define INIT_IP_GRAFANA 65u

c138_status init_keys(struct init *n, struct c138_err *err);
c138_status init_besu(struct init *n, struct c138_err *err);
c138_status init_tessera(struct init *n, struct c138_err *err);
c138_status init_compose(struct init *n, struct c138_err *err);

/* QBFT's first extraData (Besu's QbftExtraDataCodec, 25.5.0): RLP [vanity of 32 zero bytes,
 * [validators], no vote, round 0, no seals]. Validators in rising order. */
void init_extra_data(const uint8_t (*validators)[20], size_t count, struct c138_buf *out);
#endif
