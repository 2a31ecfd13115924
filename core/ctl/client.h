/*
 * ctl/client.h: HTTP/1.1 to the agent, over its Unix socket or TCP. One request at a time, one
 * thread; blocks.
 *
 * Why not libcurl: docs/decisions/ctl-own-http.md. Bounds: 16 KiB of head, 64 MiB of body, a
 * deadline for each request. Errors: C138_E_UNAVAILABLE with the keys agent.missing, agent.refused,
 * agent.denied (which group would help), agent.unreachable; C138_E_TIMEOUT; C138_E_CANCELLED key
 * "interrupted" (interrupt_fd became readable).
 */
#ifndef CORE_CTL_CLIENT_H
#define CORE_CTL_CLIENT_H
#include <ctl/answer.h>
#include <base/json.h>

struct client;

struct client_options {
    const char *socket;     /* used if url is NULL */
    const char *url;        /* "http://127.0.0.1:9138" */
    const char *token_file; /* one line; NULL: no token */
};
/* Reads the token; does not connect. */
c138_status client_new(const struct client_options *options, struct client **ret,
                       struct c138_err *err);
struct client *client_free(struct client *c);
/* While it is readable requests end with C138_E_CANCELLED. -1: none. Borrowed. */
void client_set_interrupt(struct client *c, int fd);
/* `json` NULL: no body. *ret_value: the parsed body, NULL if it is empty; *ret_code: 200. A body
 * that is not JSON is C138_E_INVALID. */
c138_status client_call(struct client *c, const char *method, const char *path, const char *json,
                        int64_t timeout_ns, int *ret_code, struct c138_json **ret_value,
                        struct c138_err *err);
/* GET, and the body as text. */
c138_status client_text(struct client *c, const char *path, int64_t timeout_ns, int *ret_code,
                        struct c138_buf *out, struct c138_err *err);
/* A live stream: each line of the body (without its end) until it ends, fn says stop (not 0), or an
 * interrupt. *ret_code other than 200: the body is an error, handed to fn as lines all the same. */
c138_status client_stream(struct client *c, const char *path, const char *accept,
                          const char *last_event_id, int *ret_code,
                          int (*fn)(void *user, const char *line, size_t length), void *user,
                          struct c138_err *err);
/* Adds `text` so that it can stand in a path or a query. */
void client_escape(struct c138_buf *b, const char *text);
#endif
