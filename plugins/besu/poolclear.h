/* plugins/besu/poolclear.h: besu.txpool-clear, a guided plan where no call exists. */
#ifndef BESU_POOLCLEAR_H
#define BESU_POOLCLEAR_H
#include "besu.h"
#include "pool.h"

c138_status besu_txpool_clear_run(void *self, c138_call *call);
extern const c138_action besu_txpool_clear_action; /* tables.c */
#endif
