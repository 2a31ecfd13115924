/*
 * The client against a server that is a thread, which answers each connection with what the test
 * says.
 */
#include "tests.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <ctl/client.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct server {
    char folder[64], path[96];
    int fd;
    pthread_t thread;
    const char *const *answers; /* one a request; NULL: close without one; ends with END */
    int hang;                   /* after the last answer keep the connection open */
    char request[4096];         /* the last one */
    _Atomic int connections;
};

#define END ((const char *)1)

static void *serve(void *user) {
    struct server *s = user;
    size_t i = 0;
    while (s->answers[i] != END) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        s->connections++;
        for (;;) {
            ssize_t n = recv(fd, s->request, sizeof(s->request) - 1, 0);
            if (n <= 0)
                break;
            s->request[n] = '\0';
            const char *answer = s->answers[i++];
            if (answer)
                (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
            if (!answer || s->answers[i] == END)
                break;
        }
        if (s->answers[i] == END && s->hang) {
            char end;
            (void)recv(fd, &end, 1, 0);
        }
        close(fd);
    }
    return NULL;
}

static struct server *server_new(const char *const *answers, int hang) {
    struct server *s = c138_xcalloc(1, sizeof(*s));
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/c138-ctl-XXXXXX");
    if (!mkdtemp(s->folder))
        abort();
    (void)snprintf(s->path, sizeof(s->path), "%s/s", s->folder);
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", s->path);
    s->answers = answers;
    s->hang = hang;
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s->fd, 4) < 0)
        abort();
    (void)pthread_create(&s->thread, NULL, serve, s);
    return s;
}

static void server_free(struct server *s) {
    (void)shutdown(s->fd, SHUT_RDWR);
    close(s->fd);
    pthread_join(s->thread, NULL);
    (void)unlink(s->path);
    (void)rmdir(s->folder);
    free(s);
}

static struct client *dial(const char *path) {
    struct client *c = NULL;
    CU_ASSERT_EQUAL_FATAL(client_new(&(struct client_options){.socket = path}, &c, NULL), C138_OK);
    return c;
}

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":138}"

static void test_calls_share_a_connection(void) {
    static const char *const answers[] = {OK_JSON, OK_JSON, END};
    struct server *s = server_new(answers, 0);
    struct client *c = dial(s->path);
    struct c138_err err = {0};
    for (int i = 0; i < 2; i++) {
        C138_JSON struct c138_json *v = NULL;
        int code = 0;
        CU_ASSERT_EQUAL(client_call(c, "GET", "/x", NULL, C138_NS_PER_S, &code, &v, &err), C138_OK);
        CU_ASSERT_EQUAL(code, 200);
        CU_ASSERT_EQUAL(c138_json_get_int(v, "a", 0), 138);
    }
    client_free(c);
    CU_ASSERT_EQUAL(s->connections, 1);
    CU_ASSERT(c138_starts_with(s->request, "GET /x HTTP/1.1\r\nHost: localhost\r\n"));
    server_free(s);
}

static void test_a_kept_connection_that_was_closed(void) {
    static const char *const answers[] = {OK_JSON, NULL, OK_JSON, END};
    struct server *s = server_new(answers, 0);
    struct client *c = dial(s->path);
    struct c138_err err = {0};
    for (int i = 0; i < 2; i++) {
        C138_JSON struct c138_json *v = NULL;
        int code = 0;
        CU_ASSERT_EQUAL(client_call(c, "GET", "/x", NULL, C138_NS_PER_S, &code, &v, &err), C138_OK);
    }
    CU_ASSERT_EQUAL(s->connections, 2);
    client_free(c);
    server_free(s);
}

static void test_an_order_is_never_repeated(void) {
    static const char *const answers[] = {NULL, OK_JSON, END};
    struct server *s = server_new(answers, 0);
    struct client *c = dial(s->path);
    struct c138_err err = {0};
    C138_JSON struct c138_json *v = NULL;
    int code = 0;
    CU_ASSERT_EQUAL(client_call(c, "POST", "/x", "{}", C138_NS_PER_S, &code, &v, &err),
                    C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "http.truncated");
    CU_ASSERT_EQUAL(s->connections, 1);
    client_free(c);
    server_free(s);
}

static void test_wrong_peers(void) {
    static const struct {
        const char *answer, *key;
    } cases[] = {
        {"SSH-2.0-x\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "http.too-large"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "http.truncated"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        const char *const answers[] = {cases[i].answer, END};
        struct server *s = server_new(answers, 0);
        struct client *c = dial(s->path);
        struct c138_err err = {0};
        C138_JSON struct c138_json *v = NULL;
        int code = 0;
        CU_ASSERT(client_call(c, "GET", "/", NULL, C138_NS_PER_S, &code, &v, &err) < 0);
        CU_ASSERT_STRING_EQUAL(err.key, cases[i].key);
        client_free(c);
        server_free(s);
    }
}

static void test_silence_and_interrupt(void) {
    static const char *const answers[] = {"", END};
    struct server *s = server_new(answers, 1);
    struct client *c = dial(s->path);
    struct c138_err err = {0};
    C138_JSON struct c138_json *v = NULL;
    int code = 0;
    CU_ASSERT_EQUAL(client_call(c, "GET", "/", NULL, 50 * C138_NS_PER_MS, &code, &v, &err),
                    C138_E_TIMEOUT);
    client_free(c);
    server_free(s);
    s = server_new(answers, 1);
    c = dial(s->path);
    int interrupt = eventfd(1, EFD_CLOEXEC);
    client_set_interrupt(c, interrupt);
    CU_ASSERT_EQUAL(client_call(c, "GET", "/", NULL, C138_NS_PER_S, &code, &v, &err),
                    C138_E_CANCELLED);
    CU_ASSERT_STRING_EQUAL(err.key, "interrupted");
    client_free(c);
    close(interrupt);
    server_free(s);
}

static void fails_with(const struct client_options *options, const char *key, const char *word) {
    struct client *c = NULL;
    struct c138_err err = {0};
    C138_JSON struct c138_json *v = NULL;
    int code = 0;
    c138_status status = client_new(options, &c, &err);
    if (status >= 0)
        status = client_call(c, "GET", "/", NULL, C138_NS_PER_S, &code, &v, &err);
    CU_ASSERT(status < 0);
    if (key)
        CU_ASSERT_STRING_EQUAL(err.key, key);
    CU_ASSERT(strstr(err.text, word) != NULL);
    client_free(c);
}

static void test_nobody_there(void) {
    static const char *const answers[] = {OK_JSON, END};
    struct server *s = server_new(answers, 0);
    char gone[128];
    (void)snprintf(gone, sizeof(gone), "%s/none", s->folder);
    fails_with(&(struct client_options){.socket = gone}, "agent.missing", gone);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", gone);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    close(fd);
    fails_with(&(struct client_options){.socket = gone}, "agent.refused", "doctor");
    (void)unlink(gone);
    fails_with(&(struct client_options){.url = "http://127.0.0.1:1"}, "agent.unreachable",
               "api.listen");
    fails_with(&(struct client_options){.url = "ftp://x"}, "param.invalid", "--url");
    fails_with(&(struct client_options){.url = "http://h/path"}, "param.invalid", "--url");
    fails_with(&(struct client_options){.socket = gone, .token_file = gone}, NULL,
               "--token-file");
    server_free(s);
}

struct seen {
    char lines[256];
    int n;
};

static int on_line(void *user, const char *line, size_t length) {
    struct seen *seen = user;
    (void)length;
    (void)snprintf(seen->lines + strlen(seen->lines), sizeof(seen->lines) - strlen(seen->lines),
                   "%s|", line);
    return ++seen->n == 3;
}

static void test_stream(void) {
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                          "chunked\r\n\r\n4\r\na\nbc\r\n3\r\n\nd\n\r\n2\r\ne\n\r\n",
                                          END};
    struct server *s = server_new(answers, 1);
    struct client *c = dial(s->path);
    struct c138_err err = {0};
    struct seen seen = {0};
    int code = 0;
    CU_ASSERT_EQUAL(client_stream(c, "/e", "text/event-stream", "7", &code, on_line, &seen, &err),
                    C138_OK);
    CU_ASSERT_EQUAL(code, 200);
    CU_ASSERT_STRING_EQUAL(seen.lines, "a|bc|d|");
    CU_ASSERT(strstr(s->request, "Last-Event-ID: 7\r\n") != NULL);
    client_free(c);
    server_free(s);
}

static void test_escape(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    client_escape(&b, "a b/\xC3\xA4?&=~");
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "a%20b%2F%C3%A4%3F%26%3D~");
}

const CU_TestInfo tests_client[] = {
    {"calls share a connection", test_calls_share_a_connection},
    {"a kept connection that was closed", test_a_kept_connection_that_was_closed},
    {"an order is never repeated", test_an_order_is_never_repeated},
    {"wrong peers", test_wrong_peers},
    {"silence and interrupt", test_silence_and_interrupt},
    {"nobody there", test_nobody_there},
    {"stream", test_stream},
    {"escape", test_escape},
    CU_TEST_INFO_NULL,
};
