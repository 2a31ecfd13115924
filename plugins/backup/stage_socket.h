/* The agent's end of chain138-stage (stage_main.c): one request, one answer, over a Unix socket. */
#ifndef BACKUP_STAGE_SOCKET_H
#define BACKUP_STAGE_SOCKET_H
#include <base/json.h>

#define STAGE_ANSWER_MAX 65536

/* op: "stage" or "clean". *ret (may be NULL) is the caller's: what stage.h tells of the copy. */
c138_status stage_socket_ask(const char *socket_path, const char *op, const char *name,
                             struct c138_json **ret, struct c138_err *err);
#endif
