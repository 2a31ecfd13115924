/*
 * unit/api/fake.h: an API in front of jobs, policy, bus and event log that do what a test tells
 * them, and a client made of raw bytes. One thread: the client turns the loop while it waits.
 *
 * Actions: t.echo (read; ends at once, its parameters are its result), t.slow (write; ends by
 * fake_finish), t.fail (read), t.danger (dangerous; awaits approval), t.hush (read with a sensitive
 * result), t.rows (read, rows for completion), t.full (write; refused as busy), t.lost (write; the
 * store fails), t.custodian (write, for custodians), agent.jobs and agent.approve as conveniences
 * use them.
 */
#ifndef UNIT_API_FAKE_H
#define UNIT_API_FAKE_H
#include <api/api.h>
#include <base/buf.h>

struct fake {
    struct event_base *base;
    struct api *api;
    struct log *log;
    struct bus *bus;
    struct jobs *jobs;
    struct catalog *catalog;
    struct metrics *metrics;
    struct eventlog *events;
    char folder[64];
    char socket[96];
    uint16_t port; /* 0 until fake_tcp */
    uint32_t role; /* of everybody on the socket */
    char token[64];
    /* What the last submit asked for. */
    char last_action[64], last_params[512], last_key[136], last_source[16];
    int last_dry_run, last_durable;
    int64_t last_timeout_ns;
    unsigned denials;
};

struct fake *fake_new(void);
void fake_free(struct fake *f);
void fake_tcp(struct fake *f);
void fake_turn(struct fake *f); /* the loop, without waiting */
/* Ends the newest job that runs. */
void fake_finish(struct fake *f, const char *result_json);
void fake_progress(struct fake *f, uint32_t permille);
/* An event on the bus; kept ones are in the log at once. */
void fake_event(struct fake *f, const char *topic, int keep, int number);
unsigned fake_sinks(const struct fake *f);
unsigned fake_waits(const struct fake *f);

/* --- Client --- */
int fake_dial(struct fake *f);     /* the Unix socket */
int fake_dial_tcp(struct fake *f); /* the TCP port */
void fake_send(struct fake *f, int fd, const char *bytes, size_t length);
/* Reads until `until` is in it, the other side closes, or 5 s. 0: closed; 1: found; -1: time. */
int fake_read(struct fake *f, int fd, const char *until, struct c138_buf *out);
/* A whole exchange on a connection of its own, "Connection: close"; gives the HTTP number. */
int fake_ask(struct fake *f, const char *method, const char *path, const char *headers,
             const char *body, struct c138_buf *out);
/* The same, and the body as JSON. */
int fake_json(struct fake *f, const char *method, const char *path, const char *body,
              struct c138_json **ret);
#endif
