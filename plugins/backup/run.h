/* What the actions share. */
#ifndef BACKUP_RUN_H
#define BACKUP_RUN_H
#include "backup.h"

/* The items that a call names, or all that are enabled; `ret` has room for BACKUP_ITEMS_MAX. */
c138_status run_items(const struct backup *b, c138_call *call, const struct item_config **ret,
                      size_t *ret_count, struct c138_err *err);
/* A parameter's text; NULL if it is absent or empty. */
const char *run_text(c138_call *call, const char *name);
/* Remembers a failure, and publishes it. */
void run_failed(struct backup *b, c138_call *call, const char *target, const char *action,
                const struct c138_err *err);
#endif
