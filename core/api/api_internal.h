/*
 * api/api_internal.h: what the files of this room share. Loop thread.
 *
 * A door is a listener with an evhttp of its own: so a request knows by which door it came. A conn
 * is an accepted connection, known from accept() on. An api_req is one request from its arrival to
 * its one answer; whoever keeps it over a turn of the loop sets on_gone, and must not touch it
 * after that was called.
 */
#ifndef CORE_API_INTERNAL_H
#define CORE_API_INTERNAL_H
#include <api/api.h>
#include <policy/policy.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sys/queue.h>

#define API_BODY_MAX (1u << 20)
#define API_HEAD_MAX (16u << 10)
#define API_IDLE_S 60
#define API_WAIT_MAX_S 300
#define API_WAIT_READ_S 30

enum door_kind { DOOR_UNIX, DOOR_TCP, DOOR_METRICS };

struct conn {
    LIST_ENTRY(conn) entry;
    struct door *door;
    struct bufferevent *bev; /* we hold a reference, to see when evhttp let go of it */
    int64_t partial_since;   /* monotonic: bytes of a request that is not complete; 0: none */
};

struct door {
    LIST_ENTRY(door) entry;
    struct api *api;
    enum door_kind kind;
    struct evhttp *http;
    struct evhttp_bound_socket *bound;
    char *path;  /* Unix: the socket's; its identity on disk, so that only our own is removed */
    char *owner; /* metrics: of one owner, NULL: all */
    dev_t dev;
    ino_t ino;
    unsigned open, limit;
    int paused;
    LIST_HEAD(, conn) conns;
};

struct api_req {
    LIST_ENTRY(api_req) entry;
    struct api *api;
    struct door *door;
    struct evhttp_request *http;
    struct principal who;
    const char *path; /* decoded nowhere: names in paths are plain */
    struct evkeyvalq query;
    int chunked;
    void (*on_gone)(struct api_req *r, void *user); /* the client left; r is freed after it */
    void *user;
};

struct api {
    struct api_env env;
    struct event *sweep;
    LIST_HEAD(, door) doors;
    LIST_HEAD(, api_req) reqs;
    uint64_t requests;
};

/* api.c. Each answer ends the request: r is gone after it. `body` is taken over. */
void api_reply(struct api_req *r, int code, struct c138_json *body);
void api_reply_text(struct api_req *r, int code, const char *type, const char *text, size_t length);
void api_reply_error(struct api_req *r, c138_status status, const struct c138_err *err);
void api_reply_code(struct api_req *r, int code, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void api_header(struct api_req *r, const char *name, const char *value);
/* A stream: start, then chunks, until api_req_end(). */
void api_stream(struct api_req *r, const char *type);
void api_chunk(struct api_req *r, const char *text, size_t length);
size_t api_backlog(const struct api_req *r); /* bytes not yet taken by the client */
void api_req_end(struct api_req *r);
const char *api_query(const struct api_req *r, const char *name); /* NULL: absent or empty */
/* An unsigned number of the query. C138_E_INVALID names it. Absent: fallback. */
c138_status api_query_uint(const struct api_req *r, const char *name, uint64_t fallback,
                           uint64_t max, uint64_t *ret, struct c138_err *err);
int api_query_flag(const struct api_req *r, const char *name); /* "1", "true" */
/* The body as one JSON object; an empty body is NULL. */
c138_status api_body(struct api_req *r, struct c138_json **ret, struct c138_err *err);
int api_code(c138_status status, const char *key); /* HTTP's number for a class */

/* api_routes.c */
void api_route(struct api_req *r);

/* api_actions.c */
void api_actions_list(struct api_req *r);
void api_actions_one(struct api_req *r, const char *name);
void api_actions_post(struct api_req *r, const char *name);
/* Runs an action for a convenience: `params` (taken over) as text; the answer is the result alone.
 */
void api_actions_bare(struct api_req *r, const char *name, struct c138_json *params);
/* The same, but the end goes to `done`, which answers: result NULL on failure. */
typedef void (*api_result_fn)(struct api_req *r, const struct c138_json *result,
                              const struct c138_err *err, void *user);
void api_actions_run(struct api_req *r, const char *name, struct c138_json *params, uint64_t wait_s,
                     api_result_fn done, void *user);
void api_job_get(struct api_req *r, const char *id);

/* api_events.c */
void api_events_get(struct api_req *r);

/* api_complete.c */
void api_complete_get(struct api_req *r);
#endif
