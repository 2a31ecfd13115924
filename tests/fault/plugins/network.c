/* Tries to reach somebody; tells what came of it. */
#include "small.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

C138_PLUGIN_NOTE("network", "1.0.0", C138_PLUGIN_NO_NETWORK);

static void try_socket(c138_call *c, const char *key, int family, int type) {
    int fd = socket(family, type, 0);
    report_try(c, key, fd);
    if (fd >= 0)
        (void)close(fd);
}

static void try_connect(c138_call *c) {
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/private"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    report_try(c, "unix_connect", connect(fd, (struct sockaddr *)&a, sizeof a));
    a.sun_path[0] = '\0';
    report_try(c, "unix_bind", bind(fd, (struct sockaddr *)&a, sizeof a));
    if (fd >= 0)
        (void)close(fd);
}

static c138_status run(void *self, c138_call *c) {
    (void)self;
    try_socket(c, "inet", AF_INET, SOCK_STREAM);
    try_socket(c, "inet6", AF_INET6, SOCK_STREAM);
    try_socket(c, "udp", AF_INET, SOCK_DGRAM);
    try_socket(c, "netlink", AF_NETLINK, SOCK_RAW);
    try_connect(c);
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("network", SMALL_ACTION("try", run))
