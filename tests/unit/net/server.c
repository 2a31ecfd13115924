#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_REQUEST_MAX 65536

struct server {
    int listener, wake;
    pthread_t thread;
    server_answer_fn answer;
    void *user;
    char url[64];
    char request[SERVER_REQUEST_MAX];
};

int server_write(int fd, const void *bytes, size_t length) {
    for (const char *p = bytes; length > 0;) {
        ssize_t n = send(fd, p, length, MSG_NOSIGNAL);
        if (n <= 0)
            return -1;
        p += n;
        length -= (size_t)n;
    }
    return 0;
}

int server_reply(int fd, const char *status, const char *type, const char *body) {
    char head[512];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, type,
                     strlen(body));
    return server_write(fd, head, (size_t)n) || server_write(fd, body, strlen(body));
}

/* Waits until `fd` can be read; 0 when the server is to stop. */
static int server_wait(const struct server *s, int fd) {
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = s->wake, .events = POLLIN}};
    return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

/* One whole request into s->request; 0 at the end of the connection. */
static int server_read(struct server *s, int fd) {
    size_t have = 0;
    for (;;) {
        if (!server_wait(s, fd))
            return 0;
        ssize_t n = recv(fd, s->request + have, sizeof(s->request) - 1 - have, 0);
        if (n <= 0)
            return 0;
        have += (size_t)n;
        s->request[have] = '\0';
        char *end = strstr(s->request, "\r\n\r\n");
        if (!end)
            continue;
        const char *length = strcasestr(s->request, "\r\ncontent-length:");
        size_t body = length ? (size_t)atol(length + 17) : 0;
        if (have >= (size_t)(end + 4 - s->request) + body)
            return 1;
    }
}

static void *server_main(void *arg) {
    struct server *s = arg;
    while (server_wait(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            continue;
        while (server_read(s, fd) && s->answer(s->user, fd, s->request) == 0)
            ;
        close(fd);
    }
    return NULL;
}

struct server *server_start(server_answer_fn answer, void *user) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct server *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->answer = answer;
    s->user = user;
    s->wake = eventfd(0, EFD_CLOEXEC);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&address, size) || listen(s->listener, 8) ||
        getsockname(s->listener, (struct sockaddr *)&address, &size))
        abort();
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
    if (pthread_create(&s->thread, NULL, server_main, s))
        abort();
    return s;
}

struct server *server_stop(struct server *s) {
    eventfd_write(s->wake, 1);
    pthread_join(s->thread, NULL);
    close(s->listener);
    close(s->wake);
    free(s);
    return NULL;
}

const char *server_url(const struct server *s) {
    return s->url;
}
