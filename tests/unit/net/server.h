/*
 * tests/unit/net/server.h: an HTTP server on a free loopback port that answers exactly the bytes it
 * is told to, wrong ones too. One thread, one connection at a time.
 */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H
#include <stddef.h>

struct server;

/* Called for each request (head and body in `request`) on the server's thread: writes what it likes
 * to `fd`. Not 0: close the connection. */
typedef int (*server_answer_fn)(void *user, int fd, const char *request);

struct server *server_start(server_answer_fn answer, void *user);
struct server *server_stop(struct server *s);   /* returns NULL */
const char *server_url(const struct server *s); /* "http://127.0.0.1:PORT/" */
/* Writes all of it; 0, or -1 when the client went away. */
int server_write(int fd, const void *bytes, size_t length);
/* A whole answer with Content-Length. */
int server_reply(int fd, const char *status, const char *type, const char *body);
#endif
