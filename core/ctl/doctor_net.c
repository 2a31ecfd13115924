/*
 * What doctor asks the network: are the agent's ports free, or its own; does anything listen where
 * plugins are to go.
 */
#include "config.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <ctl/doctor_internal.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 2000

/* --- Ports that the agent listens on
 * -------------------------------------------------------------------------------- */

/* Bound and never listened on, with SO_REUSEADDR: an agent that starts in this moment is not
 * disturbed. */
static int try_bind(const struct config_listen *l) {
    C138_CLOSE int fd = socket(l->address.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return errno;
    return bind(fd, &l->address.sa, l->length) < 0 ? errno : 0;
}

/* Every door of an agent answers a path that it does not know with an error document. */
static int agent_has_it(const struct config_listen *l) {
    C138_JSON struct c138_json *answer = NULL;
    C138_FREE char *url = NULL;
    struct client *client = NULL;
    int code = 0;
    if (l->any)
        url = c138_xasprintf("http://%s:%u",
                             l->address.sa.sa_family == AF_INET6 ? "[::1]" : "127.0.0.1", l->port);
    else
        url = c138_xasprintf("http://%s", l->text);
    if (client_new(&(struct client_options){.url = url}, &client, NULL) < 0)
        return 0;
    c138_status status =
        client_call(client, "GET", "/v1/doctor", NULL, 2 * C138_NS_PER_S, &code, &answer, NULL);
    client_free(client);
    return status >= 0 && code >= 400 && c138_json_path(answer, "error.key");
}

/* The first port that any user may listen on. */
static unsigned first_free_for_all(void) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    uint64_t first = 0;
    if (c138_file_read("/proc/sys/net/ipv4/ip_unprivileged_port_start", 64, &text, NULL) < 0)
        return 1024;
    C138_FREE char *number =
        c138_xstrndup(c138_buf_text(&text), strspn(c138_buf_text(&text), "0123456789"));
    return c138_parse_uint(number, &first) < 0 ? 1024 : (unsigned)first;
}

static void note_taken(struct exam *x, const char *where, const struct config_listen *l) {
    int ours = agent_has_it(l);
    if (ours && x->holder != HOLDER_NOBODY) {
        doctor_note(x, DOCTOR_OK, "port", "", "%s: the agent listens on %s", where, l->text);
        return;
    }
    if (x->holder != HOLDER_NOBODY && !x->client)
        return; /* an agent that hangs answers nobody; that is said already */
    C138_FREE char *mend = c138_xasprintf("ss -ltnp 'sport = :%u' shows what has it: stop that, or "
                                          "set another port there",
                                          l->port);
    doctor_note(x, DOCTOR_ERROR, "port", mend, "%s: %s is taken by another %s", where, l->text,
                ours ? "agent" : "program");
}

static void note_free(struct exam *x, const char *where, const struct config_listen *l,
                      int reloads) {
    if (x->client)
        doctor_note(x, DOCTOR_ERROR, "port",
                    reloads ? "systemctl reload chain138d; its log says what stands in the way"
                            : "systemctl restart chain138d: this setting is read at the start only",
                    "%s: the agent runs, but does not listen on %s", where, l->text);
    else if (x->owner && x->has_owner && l->port < first_free_for_all())
        doctor_note(x, DOCTOR_ERROR, "port",
                    "set a port from 1024 on, or give the unit "
                    "AmbientCapabilities=CAP_NET_BIND_SERVICE",
                    "%s: only root may listen on %s, and the agent runs as uid %u", where, l->text,
                    (unsigned)x->owner);
    else
        doctor_note(x, DOCTOR_OK, "port", "", "%s: %s is free", where, l->text);
}

static void look_at_port(struct exam *x, const char *setting, int reloads) {
    const char *address = config_str(x->config, setting);
    struct config_listen l;
    if (!address || !*address || config_listen_read(address, &l) < 0 || !l.port)
        return;
    C138_FREE char *where = c138_xasprintf("%s (%s)", setting, config_where(x->config, setting));
    int e = try_bind(&l);
    if (e == EADDRINUSE)
        note_taken(x, where, &l);
    else if (e == EACCES && x->client)
        note_taken(x, where, &l);
    else if (e == EADDRNOTAVAIL || e == EAFNOSUPPORT)
        doctor_note(x, DOCTOR_ERROR, "port",
                    "ip address shows the addresses of this host: set one of them",
                    "%s: %s is no address of this host", where, l.text);
    else if (e == EACCES && !(x->has_owner && x->owner))
        return; /* the agent runs as root: it may, and whether it is free only root can see */
    else if (e && e != EACCES)
        doctor_note(x, DOCTOR_ERROR, "port", "set another address there", "%s: %s: %s", where,
                    l.text, strerror(e));
    else
        note_free(x, where, &l, reloads);
}

void doctor_ports(struct exam *x) {
    size_t count = 0;
    const struct plugin_config *plugins = config_plugins(x->config, &count);
    look_at_port(x, "api.listen", 0);
    look_at_port(x, "metrics.listen", 1);
    for (size_t i = 0; i < count; i++) {
        C138_FREE char *setting = c138_xasprintf("plugins.%s.metrics_listen", plugins[i].name);
        if (plugins[i].enabled)
            look_at_port(x, setting, 1);
    }
}

/* --- Endpoints
 * ------------------------------------------------------------------------------------------------------------
 */

static int try_one(const struct addrinfo *a) {
    C138_CLOSE int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int e = ETIMEDOUT;
    socklen_t size = sizeof(e);
    if (poll(&p, 1, CONNECT_MS) > 0)
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size);
    return e;
}

/* NULL: somebody listens there, at one of its addresses at least; else why not. */
static const char *try_connect(const char *host, const char *port) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(host, port, &hints, &found), e = ECONNREFUSED;
    if (failed)
        return gai_strerror(failed);
    for (const struct addrinfo *a = found; a && e; a = a->ai_next)
        e = try_one(a);
    freeaddrinfo(found);
    return e ? strerror(e) : NULL;
}

static void try_url(struct exam *x, const char *where, const char *url) {
    char host[256] = "", port[8];
    const char *at = strstr(url, "://") + 3;
    size_t n = strcspn(at, "/?#");
    const char *user = memchr(at, '@', n);
    if (user) {
        n -= (size_t)(user + 1 - at);
        at = user + 1;
    }
    int bracket = *at == '[';
    size_t name = strcspn(at + bracket, bracket ? "]" : ":/?#");
    if (!name || name >= sizeof(host))
        return;
    memcpy(host, at + bracket, name);
    const char *rest = at + name + 2 * bracket;
    size_t digits = *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
    (void)snprintf(port, sizeof(port), "%.*s", (int)(digits ? digits : 3),
                   digits                           ? rest + 1
                   : c138_starts_with(url, "https") ? "443"
                                                    : "80");
    const char *why = try_connect(host, port);
    if (why)
        doctor_note(x, DOCTOR_ERROR, "endpoint",
                    "start what should listen there, or mend the address in the config",
                    "%s: %s port %s: %s", where, host, port, why);
    else
        doctor_note(x, DOCTOR_OK, "endpoint", "", "%s: %s port %s is open", where, host, port);
}

static void walk_urls(struct exam *x, const char *where, const struct c138_json *v) {
    const char *text = c138_json_as_str(v, NULL);
    if (text && (c138_starts_with(text, "http://") || c138_starts_with(text, "https://")))
        try_url(x, where, text);
    for (size_t i = 0; c138_json_type(v) == C138_JSON_ARRAY && i < c138_json_count(v); i++) {
        C138_FREE char *deeper = c138_xasprintf("%s.%zu", where, i);
        walk_urls(x, deeper, c138_json_at(v, i));
    }
    for (struct c138_json_iter i = c138_json_iter(v); c138_json_next(&i);) {
        C138_FREE char *deeper = c138_xasprintf("%s.%s", where, i.name);
        walk_urls(x, deeper, i.value);
    }
}

void doctor_endpoints(struct exam *x) {
    size_t count = 0;
    const struct plugin_config *plugins = config_plugins(x->config, &count);
    for (size_t i = 0; i < count; i++) {
        C138_JSON struct c138_json *settings = NULL;
        C138_FREE char *where = c138_xasprintf("plugins.%s", plugins[i].name);
        const char *text = plugins[i].settings_json;
        if (plugins[i].enabled && text && c138_json_parse(text, strlen(text), &settings, NULL) >= 0)
            walk_urls(x, where, settings);
    }
}
