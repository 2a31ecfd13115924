/*
 * GET /v1/events: a page of the log, or a live stream (Server-Sent Events).
 *
 * A stream has numbers that a reader can come back with (Last-Event-ID): so kept events are always
 * sent from the log, and a live one only says that there is more to read. Events that are not kept
 * are sent as they pass, without a number. A reader that does not keep up loses those (counted,
 * told), and never a kept one.
 */
#include "config.h"

#include <api/api_internal.h>
#include <base/text.h>
#include <base/when.h>
#include <chain138/plugin.h>

#include <event2/event.h>
#include <inttypes.h>
#include <string.h>

#define HEARTBEAT_S 15
#define PAGE 200
#define BACKLOG_MAX (512u << 10)
#define LOOK_FIRST_MS 10
#define LOOK_LAST_MS 1000

struct stream {
    struct api_req *r;
    struct bus_sink *sink;
    struct event *heartbeat;
    struct event *look; /* at the log, soon */
    char *topic;
    uint64_t last; /* number of the newest event that was sent */
    uint64_t due;  /* kept events that passed and were not yet read */
    uint64_t lost;
    unsigned look_ms;
};

static struct timeval in_ms(unsigned ms) {
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

static void stream_free(struct stream *s) {
    bus_unsubscribe(s->r->api->env.bus, s->sink);
    event_free(s->heartbeat);
    event_free(s->look);
    free(s->topic);
    free(s);
}

static void on_stream_gone(struct api_req *r, void *user) {
    (void)r;
    stream_free(user);
}

static void send_event(struct stream *s, uint64_t n, const struct c138_json *event) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    C138_FREE char *json = c138_json_dump(event);
    if (n)
        c138_buf_addf(&out, "id: %" PRIu64 "\n", n);
    c138_buf_addf(&out, "event: %s\ndata: ", c138_json_get_str(event, "topic", "event"));
    c138_buf_adds(&out, json);
    c138_buf_adds(&out, "\n\n");
    api_chunk(s->r, c138_buf_text(&out), out.length);
}

static void look_soon(struct stream *s, unsigned ms) {
    const struct timeval soon = in_ms(ms);
    s->look_ms = ms;
    event_add(s->look, &soon);
}

/* Sends what the log has beyond the last one; comes back while there is more, or while something is
 * due. */
static void look(struct stream *s) {
    if (api_backlog(s->r) > BACKLOG_MAX)
        return; /* the heartbeat looks again */
    eventlog_settle(s->r->api->env.events);
    const struct eventlog_filter filter = {.topic = s->topic, .after = s->last, .limit = PAGE};
    C138_JSON struct c138_json *page = eventlog_read(s->r->api->env.events, &filter);
    const struct c138_json *events = c138_json_get(page, "events");
    size_t count = c138_json_count(events);
    for (size_t i = 0; i < count; i++) {
        const struct c138_json *event = c138_json_at(events, i);
        s->last = c138_json_get_uint(event, "n", s->last);
        send_event(s, s->last, event);
    }
    s->due = s->due > count ? s->due - count : 0;
    if (count == PAGE)
        look_soon(s, 1);
    else if (s->due && s->look_ms * 2 <= LOOK_LAST_MS)
        look_soon(s, s->look_ms * 2);
    else
        s->due = 0; /* the log did not take it (it says why in its own counters) */
}

static void on_look(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    look(user);
}

static void on_heartbeat(evutil_socket_t fd, short what, void *user) {
    struct stream *s = user;
    char text[96];
    (void)fd;
    (void)what;
    if (s->lost)
        (void)snprintf(text, sizeof(text), ": %" PRIu64 " events were not kept and are lost\n\n",
                       s->lost);
    else
        (void)snprintf(text, sizeof(text), ":\n\n");
    s->lost = 0;
    api_chunk(s->r, text, strlen(text));
    look(s);
}

static void on_event(void *user, const struct bus_event *event) {
    struct stream *s = user;
    if (event->flags & C138_EVENT_KEEP) {
        s->due++;
        if (!event_pending(s->look, EV_TIMEOUT, NULL))
            look_soon(s, LOOK_FIRST_MS);
        return;
    }
    if (api_backlog(s->r) > BACKLOG_MAX) {
        s->lost++;
        return;
    }
    C138_JSON struct c138_json *json = eventlog_event_json(event, 0);
    send_event(s, 0, json);
}

static uint64_t newest_number(struct api *a) {
    const struct eventlog_filter filter = {.limit = 1, .newest = 1};
    C138_JSON struct c138_json *page = eventlog_read(a->env.events, &filter);
    return c138_json_get_uint(c138_json_at(c138_json_get(page, "events"), 0), "n", 0);
}

static void stream_new(struct api_req *r, const char *topic, uint64_t after) {
    struct stream *s = c138_xcalloc(1, sizeof(*s));
    const char *const patterns[] = {topic ? topic : "*", NULL};
    s->r = r;
    s->topic = c138_xstrdup(topic);
    s->last = after;
    s->look = event_new(r->api->env.base, -1, 0, on_look, s);
    s->heartbeat = event_new(r->api->env.base, -1, EV_PERSIST, on_heartbeat, s);
    if (!s->look || !s->heartbeat)
        abort();
    s->sink = bus_subscribe(r->api->env.bus, patterns, 0, on_event, s);
    r->on_gone = on_stream_gone;
    r->user = s;
    event_add(s->heartbeat, &(struct timeval){.tv_sec = HEARTBEAT_S});
    api_stream(r, "text/event-stream");
    api_chunk(r, ":\n\n", 3); /* so that the client has the head at once */
    look_soon(s, 1);
}

static c138_status since_of(const struct api_req *r, int64_t *ret_ns, struct c138_err *err) {
    const char *text = api_query(r, "since");
    int64_t ns = 0;
    *ret_ns = 0;
    if (!text)
        return C138_OK;
    if (c138_duration_parse(text, &ns) >= 0)
        *ret_ns = c138_now_utc_ns() - ns;
    else if (c138_time_parse(text, ret_ns) < 0)
        return c138_error(err, C138_E_INVALID, "query.invalid",
                          "query parameter since is \"%.60s\": expected a duration such as 1h, or "
                          "a time such as 2026-11-23T03:00:00Z",
                          text);
    return C138_OK;
}

/* The number before the first event at or after `since_ns`. */
static uint64_t number_before(struct api *a, int64_t since_ns) {
    const struct eventlog_filter filter = {.since_ns = since_ns, .limit = 1};
    C138_JSON struct c138_json *page = eventlog_read(a->env.events, &filter);
    uint64_t n = c138_json_get_uint(c138_json_at(c138_json_get(page, "events"), 0), "n", 0);
    return n ? n - 1 : newest_number(a);
}

static int wants_stream(const struct api_req *r) {
    const char *accept = evhttp_find_header(evhttp_request_get_input_headers(r->http), "Accept");
    return accept && strstr(accept, "text/event-stream");
}

static void live(struct api_req *r, const char *topic, uint64_t after, int64_t since_ns) {
    const char *last =
        evhttp_find_header(evhttp_request_get_input_headers(r->http), "Last-Event-ID");
    uint64_t from = after;
    if (last && c138_parse_uint(last, &from) < 0)
        from = 0;
    if (!from)
        from = since_ns ? number_before(r->api, since_ns) : newest_number(r->api);
    stream_new(r, topic, from);
}

void api_events_get(struct api_req *r) {
    const char *topic = api_query(r, "topic");
    uint64_t after = 0, limit = 100;
    int64_t since_ns = 0;
    struct c138_err err = {0};
    c138_status status = api_query_uint(r, "after", 0, INT64_MAX, &after, &err);
    if (status >= 0)
        status = api_query_uint(r, "limit", 100, 10000, &limit, &err);
    if (status >= 0)
        status = since_of(r, &since_ns, &err);
    if (status >= 0 && topic && strlen(topic) > 128)
        status = c138_error(&err, C138_E_INVALID, "query.invalid",
                            "query parameter topic: at most 128 bytes");
    if (status < 0) {
        api_reply_error(r, status, &err);
        return;
    }
    if (wants_stream(r)) {
        live(r, topic, after, since_ns);
        return;
    }
    const struct eventlog_filter filter = {.topic = topic,
                                           .since_ns = since_ns,
                                           .after = after,
                                           .limit = limit ? limit : 1,
                                           .newest = !after};
    api_reply(r, 200, eventlog_read(r->api->env.events, &filter));
}
