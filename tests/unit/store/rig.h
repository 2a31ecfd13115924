/*
 * A store in a folder of its own.
 */
#ifndef UNIT_STORE_RIG_H
#define UNIT_STORE_RIG_H
#include <store/store.h>

struct rig {
    char folder[64];
    char *db;
    struct event_base *base;
    struct store *store;
};
void rig_up(struct rig *r);
c138_status rig_open(struct rig *r, struct c138_err *err);
void rig_close(struct rig *r);
void rig_down(struct rig *r);
/* The first column of the first row, -1 if there is none. */
int64_t rig_number(struct rig *r, const char *sql);
#endif
