#include "fake.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <log/log.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* --- Jobs ----------------------------------------------------------------------------------------
 */

struct job {
    LIST_ENTRY(job) entry;
    char id[32];
    const struct decl_action *action;
    struct c138_json *params, *result;
    char who[POLICY_PRINCIPAL_MAX];
    enum job_state state;
    uint64_t version;
    uint32_t permille;
    struct job_request request;
};

struct job_wait {
    LIST_ENTRY(job_wait) entry;
    struct jobs *jobs;
    char id[32];
    uint64_t version;
    struct event *timer;
    void (*fn)(void *user, struct job *job);
    void *user;
};

struct jobs {
    struct fake *f;
    LIST_HEAD(, job) list;
    LIST_HEAD(, job_wait) waits;
    unsigned n;
};

struct policy {
    struct fake *f;
};

static void changed(struct jobs *j, struct job *job) {
    struct job_wait *next;
    job->version++;
    for (struct job_wait *w = LIST_FIRST(&j->waits); w; w = next) {
        next = LIST_NEXT(w, entry);
        if (strcmp(w->id, job->id) != 0 || job->version <= w->version)
            continue;
        void (*fn)(void *, struct job *) = w->fn;
        void *user = w->user;
        jobs_wait_stop(w);
        fn(user, job);
        next = LIST_FIRST(&j->waits);
    }
}

const char *job_state_name(enum job_state state) {
    static const char *const names[] = {
        "",       "planning",  "awaiting-approval", "queued",   "running", "succeeded",
        "failed", "cancelled", "interrupted",       "rejected", "expired"};
    return names[state];
}

int job_state_final(enum job_state state) {
    return state >= JOB_SUCCEEDED;
}

enum job_state job_state(const struct job *job) {
    return job->state;
}

uint64_t job_version(const struct job *job) {
    return job->version;
}

const char *job_id(const struct job *job) {
    return job->id;
}

const struct decl_action *job_action(const struct job *job) {
    return job->action;
}

struct job *jobs_find(struct jobs *j, const char *id) {
    struct job *job;
    LIST_FOREACH(job, &j->list, entry)
    if (!strcmp(job->id, id))
        return job;
    return NULL;
}

struct c138_json *job_json(struct jobs *j, struct job *job, int with_log, uint64_t log_from) {
    struct c138_json *v = c138_json_new_object();
    (void)j;
    c138_json_set_str(v, "id", job->id);
    c138_json_set_str(v, "action", job->action->full_name);
    c138_json_set_str(v, "state", job_state_name(job->state));
    c138_json_set_uint(v, "version", job->version);
    if (job->state == JOB_SUCCEEDED)
        c138_json_set(v, "result", c138_json_ref(job->result));
    else if (job_state_final(job->state))
        c138_json_set(v, "error", c138_json_ref(job->result));
    if (job->state == JOB_AWAITING_APPROVAL) {
        c138_json_set(v, "plan", c138_json_copy(job->params));
        c138_json_set_str(v, "digest", "d1");
        c138_json_set_str(v, "expires", "2030-01-01T00:00:00.000Z");
    }
    if (with_log && log_from == 0) {
        struct c138_json *log = c138_json_new_array(), *line = c138_json_new_object();
        c138_json_set_uint(line, "n", 0);
        c138_json_set_str(line, "text", "a line");
        c138_json_append(log, line);
        c138_json_set(v, "log", log);
    }
    return v;
}

static void finish(struct jobs *j, struct job *job, enum job_state state,
                   struct c138_json *result) {
    job->result = result;
    job->state = state;
    changed(j, job);
}

static struct c138_json *json_of(const char *text) {
    struct c138_json *v = NULL;
    if (c138_json_parse(text, strlen(text), &v, NULL) < 0)
        abort();
    return v;
}

static void run(struct jobs *j, struct job *job) {
    const char *name = job->action->full_name;
    job->state = JOB_RUNNING;
    changed(j, job);
    if (!strcmp(name, "t.echo") || c138_starts_with(name, "agent."))
        finish(j, job, JOB_SUCCEEDED, c138_json_copy(job->params));
    else if (!strcmp(name, "t.hush"))
        finish(j, job, JOB_SUCCEEDED, json_of("{\"password\":\"hunter2\",\"open\":\"yes\"}"));
    else if (!strcmp(name, "t.rows"))
        finish(j, job, JOB_SUCCEEDED,
               json_of("{\"nodes\":[{\"name\":\"alpha\",\"n\":1},{\"name\":\"beta\"},{\"name\":"
                       "\"alpine\"}],\"others\":[{\"name\":\"gamma\"}]}"));
    else if (!strcmp(name, "t.fail"))
        finish(j, job, JOB_FAILED,
               json_of("{\"key\":\"node.unreachable\",\"status\":\"unavailable\",\"message\":\"no "
                       "node\"}"));
}

static void on_commit(evutil_socket_t fd, short what, void *user) {
    struct job *job = user;
    struct jobs *j = ((struct fake *)job->request.who)->jobs; /* see submit */
    struct c138_err err = {0};
    (void)fd;
    (void)what;
    if (!strcmp(job->action->full_name, "t.lost")) {
        (void)c138_error(&err, C138_E_INTERNAL, "store.full", "database or disk is full");
        job->request.on_accepted(job->request.user, NULL, C138_E_INTERNAL, &err);
        return;
    }
    job->state = job->action->effect == C138_EFFECT_DANGEROUS ? JOB_AWAITING_APPROVAL : JOB_QUEUED;
    job->version++;
    job->request.on_accepted(job->request.user, job, C138_OK, NULL);
    if (job->state == JOB_QUEUED)
        run(j, job);
}

c138_status jobs_submit(struct jobs *j, const struct job_request *request, struct c138_err *err) {
    struct fake *f = j->f;
    c138_status status =
        policy_check(request->who, request->action->role, request->action->full_name, err);
    if (status < 0) {
        f->denials++;
        return status;
    }
    if (!strcmp(request->action->full_name, "t.full"))
        return c138_error(err, C138_E_BUSY, "jobs.full", "the queue is full");
    struct job *job = c138_xcalloc(1, sizeof(*job));
    C138_FREE char *params = c138_json_dump(request->params);
    (void)snprintf(job->id, sizeof(job->id), "01J%u", ++j->n);
    job->action = request->action;
    job->params = c138_json_copy(request->params);
    job->request = *request;
    job->request.who = (const struct principal *)(const void *)f; /* the caller's is gone by then */
    (void)snprintf(f->last_action, sizeof(f->last_action), "%s", request->action->full_name);
    (void)snprintf(f->last_params, sizeof(f->last_params), "%s", params);
    (void)snprintf(f->last_key, sizeof(f->last_key), "%s",
                   request->idempotency_key ? request->idempotency_key : "");
    (void)snprintf(f->last_source, sizeof(f->last_source), "%s", request->source);
    f->last_dry_run = request->dry_run;
    f->last_durable = request->durable;
    f->last_timeout_ns = request->timeout_ns;
    LIST_INSERT_HEAD(&j->list, job, entry);
    event_base_once(f->base, -1, EV_TIMEOUT, on_commit, job, NULL);
    return C138_OK;
}

static void on_wait_over(evutil_socket_t fd, short what, void *user) {
    struct job_wait *w = user;
    void (*fn)(void *, struct job *) = w->fn;
    void *fn_user = w->user;
    struct job *job = jobs_find(w->jobs, w->id);
    (void)fd;
    (void)what;
    jobs_wait_stop(w);
    fn(fn_user, job);
}

struct job_wait *jobs_wait(struct jobs *j, const char *id, uint64_t version, int64_t until_ns,
                           void (*fn)(void *user, struct job *job), void *user) {
    struct job_wait *w = c138_xcalloc(1, sizeof(*w));
    int64_t left = until_ns - c138_now_monotonic_ns();
    left = left > 0 ? left : 0;
    w->jobs = j;
    w->version = version;
    w->fn = fn;
    w->user = user;
    (void)snprintf(w->id, sizeof(w->id), "%s", id);
    w->timer = evtimer_new(j->f->base, on_wait_over, w);
    event_add(w->timer, &(struct timeval){.tv_sec = left / C138_NS_PER_S,
                                          .tv_usec = left % C138_NS_PER_S / 1000});
    LIST_INSERT_HEAD(&j->waits, w, entry);
    return w;
}

void jobs_wait_stop(struct job_wait *w) {
    LIST_REMOVE(w, entry);
    event_free(w->timer);
    free(w);
}

static struct job *newest_running(struct fake *f) {
    struct job *job;
    LIST_FOREACH(job, &f->jobs->list, entry)
    if (job->state == JOB_RUNNING)
        return job;
    return NULL;
}

void fake_finish(struct fake *f, const char *result_json) {
    finish(f->jobs, newest_running(f), JOB_SUCCEEDED, json_of(result_json));
}

void fake_progress(struct fake *f, uint32_t permille) {
    struct job *job = newest_running(f);
    job->permille = permille;
    changed(f->jobs, job);
}

unsigned fake_waits(const struct fake *f) {
    unsigned n = 0;
    const struct job_wait *w;
    LIST_FOREACH(w, &f->jobs->waits, entry)
    n++;
    return n;
}

/* --- Policy ---------------------------------------------------------------------------------- */

c138_status policy_peer(const struct policy *p, uid_t uid, gid_t gid, struct principal *ret) {
    (void)gid;
    (void)snprintf(ret->name, sizeof(ret->name), "unix:%u@fake", (unsigned)uid);
    ret->role = p->f->role;
    return C138_OK;
}

c138_status policy_token(struct policy *p, const char *token, struct principal *ret,
                         struct c138_err *err) {
    if (strcmp(token, p->f->token) != 0)
        return c138_error(err, C138_E_DENIED, NULL, "this token is not known");
    (void)snprintf(ret->name, sizeof(ret->name), "token:t@fake");
    ret->role = p->f->role;
    return C138_OK;
}

c138_status policy_check(const struct principal *who, uint32_t least_role, const char *action,
                         struct c138_err *err) {
    return who->role >= least_role ? C138_OK
                                   : c138_error(err, C138_E_DENIED, "policy.denied",
                                                "%s may not do %s", who->name, action);
}

/* --- Bus and log ----------------------------------------------------------------------------- */

struct bus_sink {
    LIST_ENTRY(bus_sink) entry;
    char pattern[64];
    bus_sink_fn fn;
    void *user;
};

struct bus {
    LIST_HEAD(, bus_sink) sinks;
};

struct eventlog {
    int numbers[2000];
    char topics[2000][32];
    uint64_t n;
};

struct bus_sink *bus_subscribe(struct bus *b, const char *const *patterns, int any_thread,
                               bus_sink_fn fn, void *user) {
    struct bus_sink *s = c138_xcalloc(1, sizeof(*s));
    (void)any_thread;
    (void)snprintf(s->pattern, sizeof(s->pattern), "%s", patterns[0]);
    s->fn = fn;
    s->user = user;
    LIST_INSERT_HEAD(&b->sinks, s, entry);
    return s;
}

struct bus_sink *bus_unsubscribe(struct bus *b, struct bus_sink *sink) {
    (void)b;
    LIST_REMOVE(sink, entry);
    free(sink);
    return NULL;
}

unsigned fake_sinks(const struct fake *f) {
    unsigned n = 0;
    const struct bus_sink *s;
    LIST_FOREACH(s, &f->bus->sinks, entry)
    n++;
    return n;
}

static struct c138_json *event_json(uint64_t n, const char *topic, int number) {
    struct c138_json *v = c138_json_new_object(), *data = c138_json_new_object();
    if (n)
        c138_json_set_uint(v, "n", n);
    c138_json_set_str(v, "topic", topic);
    c138_json_set_int(data, "number", number);
    c138_json_set(v, "data", data);
    return v;
}

void eventlog_settle(struct eventlog *e) {
    (void)e;
}

struct c138_json *eventlog_event_json(const struct bus_event *event, uint64_t n) {
    return event_json(n, event->topic, atoi(event->json + strlen("{\"number\":")));
}

struct c138_json *eventlog_read(struct eventlog *e, const struct eventlog_filter *filter) {
    struct c138_json *v = c138_json_new_object(), *list = c138_json_new_array();
    uint64_t first = filter->newest && e->n > filter->limit ? e->n - filter->limit : filter->after;
    for (uint64_t i = first; i < e->n && c138_json_count(list) < filter->limit; i++)
        if (!filter->topic || c138_topic_match(filter->topic, e->topics[i]))
            c138_json_append(list, event_json(i + 1, e->topics[i], e->numbers[i]));
    c138_json_set(v, "events", list);
    return v;
}

void fake_event(struct fake *f, const char *topic, int keep, int number) {
    char json[64];
    struct bus_sink *next;
    (void)snprintf(json, sizeof(json), "{\"number\":%d}", number);
    const struct bus_event event = {.topic = topic,
                                    .source = "t",
                                    .json = json,
                                    .json_length = strlen(json),
                                    .flags = keep ? C138_EVENT_KEEP : 0};
    if (keep && f->events->n < C138_COUNT(f->events->numbers)) {
        f->events->numbers[f->events->n] = number;
        (void)snprintf(f->events->topics[f->events->n++], 32, "%s", topic);
    }
    for (struct bus_sink *s = LIST_FIRST(&f->bus->sinks); s; s = next) {
        next = LIST_NEXT(s, entry);
        if (c138_topic_match(s->pattern, topic))
            s->fn(s->user, &event);
    }
}

/* --- Metrics --------------------------------------------------------------------------------- */

void metrics_write(struct metrics *m, const char *owner, struct c138_buf *out) {
    (void)m;
    c138_buf_addf(out, "# of %s\nup 1\n", owner ? owner : "all");
}

/* --- The whole ------------------------------------------------------------------------------- */

static const char document_t[] =
    "{\"name\":\"t\",\"version\":\"1.0\",\"summary\":\"Test\",\"license\":\"MIT\",\"abi\":[1,0],"
    "\"flags\":[],"
    "\"settings\":[{\"name\":\"interval\",\"type\":\"duration\",\"summary\":\"How "
    "often\",\"default\":\"5s\"}],"
    "\"events\":[{\"topic\":\"t.kept\",\"summary\":\"Kept\",\"severity\":\"info\",\"keep\":true,"
    "\"fields\":[]}],"
    "\"subscribes\":[],\"metrics\":[{\"name\":\"chain138_t_things_total\",\"type\":\"counter\","
    "\"help\":\"Things\","
    "\"labels\":[\"kind\"]}],\"actions\":["
    "{\"name\":\"echo\",\"summary\":\"Gives "
    "back\",\"effect\":\"read\",\"role\":\"viewer\",\"timeout_ns\":30000000000,"
    "\"params\":["
    "{\"name\":\"text\",\"type\":\"string\",\"summary\":\"A "
    "text\",\"max\":\"100\",\"positional\":true},"
    "{\"name\":\"n\",\"type\":\"uint\",\"summary\":\"A "
    "number\",\"unit\":\"blocks\",\"min\":\"1\",\"max\":\"10\"},"
    "{\"name\":\"to\",\"type\":\"address\",\"summary\":\"An address\"},"
    "{\"name\":\"kind\",\"type\":\"enum\",\"summary\":\"A kind\",\"choices\":[\"red\",\"green\"]},"
    "{\"name\":\"node\",\"type\":\"string\",\"summary\":\"A "
    "node\",\"complete\":\"t.rows#nodes.name\"},"
    "{\"name\":\"any\",\"type\":\"string\",\"summary\":\"A node\",\"complete\":\"t.rows#name\"},"
    "{\"name\":\"flag\",\"type\":\"bool\",\"summary\":\"A flag\"},"
    "{\"name\":\"file\",\"type\":\"path\",\"summary\":\"A file\",\"complete\":\"file\"},"
    "{\"name\":\"list\",\"type\":\"list\",\"summary\":\"Texts\",\"fields\":[{\"name\":\"item\","
    "\"type\":\"string\","
    "\"summary\":\"One\"}]},"
    "{\"name\":\"size\",\"type\":\"size\",\"summary\":\"A size\",\"default\":\"1MiB\"}],"
    "\"results\":[{\"name\":\"text\",\"type\":\"string\",\"summary\":\"The text\"}]},"
    "{\"name\":\"slow\",\"summary\":\"Waits\",\"effect\":\"write\",\"role\":\"operator\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[],\"results\":[]},"
    "{\"name\":\"fail\",\"summary\":\"Fails\",\"effect\":\"read\",\"role\":\"viewer\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[],\"results\":[]},"
    "{\"name\":\"hush\",\"summary\":\"Secret\",\"effect\":\"read\",\"role\":\"viewer\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[],\"results\":[{\"name\":\"password\",\"type\":\"string\",\"summary\":\"It\","
    "\"sensitive\":true}]},"
    "{\"name\":\"rows\",\"summary\":\"Rows\",\"effect\":\"read\",\"role\":\"viewer\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[],\"results\":[]},"
    "{\"name\":\"danger\",\"summary\":\"Danger\",\"effect\":\"dangerous\",\"role\":\"custodian\","
    "\"dry_run\":true,"
    "\"timeout_ns\":30000000000,\"params\":[],\"results\":[]},"
    "{\"name\":\"full\",\"summary\":\"Busy\",\"effect\":\"write\",\"role\":\"operator\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[],\"results\":[]},"
    "{\"name\":\"lost\",\"summary\":\"Lost\",\"effect\":\"write\",\"role\":\"operator\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[],\"results\":[]},"
    "{\"name\":\"custodian\",\"summary\":\"High\",\"effect\":\"write\",\"role\":\"custodian\","
    "\"timeout_ns\":30000000000,\"params\":[{\"name\":\"n\",\"type\":\"uint\",\"summary\":\"A "
    "number\"}],"
    "\"results\":[]}]}";
static const char document_agent[] =
    "{\"name\":\"agent\",\"version\":\"1.0\",\"summary\":\"Agent\",\"license\":\"MIT\",\"abi\":[1,"
    "0],\"flags\":[],"
    "\"settings\":[],\"events\":[],\"subscribes\":[],\"metrics\":[],\"actions\":["
    "{\"name\":\"jobs\",\"summary\":\"Jobs\",\"effect\":\"read\",\"role\":\"viewer\",\"timeout_"
    "ns\":30000000000,"
    "\"params\":[{\"name\":\"state\",\"type\":\"string\",\"summary\":\"State\"},"
    "{\"name\":\"limit\",\"type\":\"uint\",\"summary\":\"Limit\",\"default\":\"50\"}],\"results\":["
    "]},"
    "{\"name\":\"approve\",\"summary\":\"Approve\",\"effect\":\"write\",\"role\":\"custodian\","
    "\"timeout_ns\":30000000000,\"params\":[{\"name\":\"id\",\"type\":\"string\",\"summary\":"
    "\"Job\",\"required\":true},"
    "{\"name\":\"digest\",\"type\":\"string\",\"summary\":\"Digest\",\"required\":true}],"
    "\"results\":[]}]}";

static void declare(struct fake *f, const char *text) {
    C138_JSON struct c138_json *document = json_of(text);
    struct decl_plugin *plugin = NULL;
    struct c138_err err = {0};
    if (decl_plugin_new(document, &plugin, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    catalog_put(f->catalog, plugin);
}

static struct policy *policy_now(void *user) {
    static struct policy policy;
    policy.f = user;
    return &policy;
}

struct fake *fake_new(void) {
    struct fake *f = c138_xcalloc(1, sizeof(*f));
    struct c138_err err = {0};
    f->base = event_base_new();
    f->log = log_new(LOG_FORMAT_TEXT, C138_LOG_ERROR);
    f->catalog = catalog_new();
    f->jobs = c138_xcalloc(1, sizeof(*f->jobs));
    f->jobs->f = f;
    f->bus = c138_xcalloc(1, sizeof(*f->bus));
    f->events = c138_xcalloc(1, sizeof(*f->events));
    f->role = C138_ROLE_CUSTODIAN;
    (void)snprintf(f->token, sizeof(f->token), "sesame");
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/c138-api-XXXXXX");
    declare(f, document_t);
    declare(f, document_agent);
    const struct api_env env = {.base = f->base,
                                .log = f->log,
                                .bus = f->bus,
                                .jobs = f->jobs,
                                .catalog = f->catalog,
                                .metrics = f->metrics,
                                .events = f->events,
                                .host_name = "fake",
                                .version = "9.9",
                                .user = f,
                                .policy = policy_now};
    if (!mkdtemp(f->folder) || api_new(&env, &f->api, &err) < 0)
        abort();
    (void)snprintf(f->socket, sizeof(f->socket), "%s/s", f->folder);
    if (api_listen_unix(f->api, f->socket, NULL, 0660, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return f;
}

void fake_tcp(struct fake *f) {
    struct c138_err err = {0};
    if (api_listen_tcp(f->api, "127.0.0.1:0", &f->port, &err) < 0)
        abort();
}

void fake_free(struct fake *f) {
    api_free(f->api);
    while (!LIST_EMPTY(&f->jobs->waits))
        jobs_wait_stop(LIST_FIRST(&f->jobs->waits));
    for (struct job *job; (job = LIST_FIRST(&f->jobs->list)) != NULL;) {
        LIST_REMOVE(job, entry);
        c138_json_unref(job->params);
        c138_json_unref(job->result);
        free(job);
    }
    free(f->jobs);
    free(f->bus);
    free(f->events);
    catalog_free(f->catalog);
    log_free(f->log);
    event_base_free(f->base);
    (void)unlink(f->socket);
    (void)rmdir(f->folder);
    free(f);
}

void fake_turn(struct fake *f) {
    event_base_loop(f->base, EVLOOP_NONBLOCK);
}

/* --- Client ---------------------------------------------------------------------------------- */

int fake_dial(struct fake *f) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", f->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int fake_dial_tcp(struct fake *f) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(f->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void fake_send(struct fake *f, int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        fake_turn(f);
        if (n < 0 && errno != EAGAIN)
            return;
        bytes += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

int fake_read(struct fake *f, int fd, const char *until, struct c138_buf *out) {
    int64_t end = c138_now_monotonic_ns() + 5 * C138_NS_PER_S;
    char bytes[4096];
    while (c138_now_monotonic_ns() < end) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        fake_turn(f);
        if (poll(&wait, 1, 1) <= 0)
            continue;
        ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n <= 0)
            return 0;
        c138_buf_add(out, bytes, (size_t)n);
        if (until && strstr(c138_buf_text(out), until))
            return 1;
    }
    return -1;
}

int fake_ask(struct fake *f, const char *method, const char *path, const char *headers,
             const char *body, struct c138_buf *out) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    int fd = headers && strstr(headers, "Host:") ? fake_dial_tcp(f) : fake_dial(f);
    c138_buf_reset(out);
    c138_buf_addf(&text, "%s %s HTTP/1.1\r\nConnection: close\r\n%s%s", method, path,
                  headers ? headers : "", headers && strstr(headers, "Host:") ? "" : "Host: x\r\n");
    if (body)
        c138_buf_addf(&text, "Content-Length: %zu\r\n", strlen(body));
    c138_buf_addf(&text, "\r\n%s", body ? body : "");
    fake_send(f, fd, c138_buf_text(&text), text.length);
    (void)fake_read(f, fd, NULL, out);
    close(fd);
    return out->length > 12 ? atoi(c138_buf_text(out) + 9) : 0;
}

int fake_json(struct fake *f, const char *method, const char *path, const char *body,
              struct c138_json **ret) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    int code = fake_ask(f, method, path, NULL, body, &out);
    const char *start = strstr(c138_buf_text(&out), "\r\n\r\n");
    *ret = NULL;
    if (start)
        (void)c138_json_parse(start + 4, strcspn(start + 4, "\n"), ret, NULL);
    return code;
}
