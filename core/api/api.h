/*
 * api/api.h: HTTP + JSON on the Unix socket and on loopback TCP (libevent's evhttp). Loop thread.
 *
 *   POST /v1/actions/PLUGIN.ACTION   body: the parameters as one object (or text values with
 * ?text=1, as a command line gives them). ?wait=SECONDS               how long to wait for the end
 * (reads: until they end, default 30; others: 0) ?dry_run=1 ?durable=1 ?timeout=DURATION header
 * Idempotency-Key ?columns=1                  adds "columns": declarations of the results, for
 * tables 200 {"job","state","result"|"error"} ended; 202 the same without result: accepted, on
 * disk, Location: /v1/jobs/ID GET  /v1/actions                 all declarations; /v1/actions/NAME
 * one      GET /v1/openapi.json GET  /v1/jobs?state&action&since&limit   GET
 * /v1/jobs/ID?after=VERSION&wait=SECONDS&log_from=N   POST /v1/jobs/ID/cancel GET  /v1/approvals
 * POST /v1/approvals/ID/approve {"digest"}   POST /v1/approvals/ID/reject {"reason"} GET
 * /v1/events?topic&since&after&limit   with Accept: text/event-stream: live, from
 * `after`/Last-Event-ID on, heartbeat 15 s GET  /v1/status   GET /v1/plugins   POST /v1/reload GET
 * /metrics (viewer)   GET /v1/secrets {"key"}; POST /v1/secrets {"box"}: a secret that
 * one run may take, boxed for that key (crypto_box_seal, hex), by the {"reference"} of the answer; GET /v1/complete?action&field&prefix GET  /v1/version  (no role needed)
 *
 * Errors: {"error":{"key","message"}} with 400 invalid, 401 who are you, 403 denied, 404, 405, 409
 * conflict, 413, 429 busy/limit, 501 unsupported, 503 unavailable, 504 timeout, 507 store in
 * trouble, 500. Bodies to 1 MiB, heads to 16 KiB, idle 60 s, at most 256 connections; Host on TCP
 * must be localhost, 127.0.0.1 or [::1] (DNS rebinding); no CORS. TCP listens on loopback only.
 * Everything that acts is an action: cancel, approve, reload ... go through the same doors as
 * agent.job-cancel, agent.approve, ...
 */
#ifndef CORE_API_API_H
#define CORE_API_API_H
#include <bus/bus.h>
#include <jobs/jobs.h>
#include <loader/catalog.h>
#include <metrics/metrics.h>
#include <schedule/eventlog.h>

struct api;
struct api_env {
    struct event_base *base;
    struct log *log;
    struct bus *bus;
    struct jobs *jobs;
    struct catalog *catalog;
    struct metrics *metrics;
    struct eventlog *events;
    const char *host_name, *version;
    void *user;
    struct policy *(*policy)(void *user); /* as of now */
    /* What a person typed is boxed for this key (hex), and kept for one run of theirs. */
    void (*secret_key)(void *user, char ret_hex[67]);
    c138_status (*keep_secret)(void *user, const struct principal *who, const void *box,
                               size_t length, char ret_reference[64], struct c138_err *err);
};
c138_status api_new(const struct api_env *env, struct api **ret_api, struct c138_err *err);
struct api *api_free(struct api *a);
/* The Unix socket: made beside and renamed, so that there is never one without its mode. group
 * NULL: the process's. */
c138_status api_listen_unix(struct api *a, const char *path, const char *group, mode_t mode,
                            struct c138_err *err);
/* "127.0.0.1:9138", "[::1]:9138"; port 0: a free one, told through ret_port (may be NULL). Any
 * other address: C138_E_INVALID. */
c138_status api_listen_tcp(struct api *a, const char *address, uint16_t *ret_port,
                           struct c138_err *err);
/* Metrics only, no token, of one owner or all (NULL): for Prometheus. `address` may be any (the
 * operator chose it). Replaces the one that `owner` had; address NULL: closes it. */
c138_status api_listen_metrics(struct api *a, const char *owner, const char *address,
                               uint16_t *ret_port, struct c138_err *err);
void api_close_listeners(struct api *a); /* no new connections; those under way end */

/* The OpenAPI 3.1 document of everything in the catalog and the routes above. The caller owns it.
 */
struct c138_json *openapi_document(const struct catalog *c, const char *version);
/* JSON Schema (2020-12) of one field, as used in it. */
struct c138_json *openapi_schema(const struct decl_field *field);
#endif
