#include <base/text.h>
#include <base/when.h>
#include <log/systemd.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int systemd_send(const char *path, const void *bytes, size_t length) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if ((*path != '/' && *path != '@') || n >= sizeof(to.sun_path))
        return -EINVAL;
    memcpy(to.sun_path, path, n);
    if (*path == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    ssize_t sent;
    do
        sent = sendto(fd, bytes, length, MSG_NOSIGNAL, (const struct sockaddr *)&to, size);
    while (sent < 0 && errno == EINTR);
    int result = sent < 0 ? -errno : 0;
    (void)close(fd);
    return result;
}

void systemd_journal_field(struct c138_buf *entry, const char *name, const char *value) {
    uint64_t length = strlen(value);
    c138_buf_adds(entry, name);
    if (!strchr(value, '\n')) {
        c138_buf_addf(entry, "=%s\n", value);
        return;
    }
    char little[8];
    for (size_t i = 0; i < sizeof(little); i++)
        little[i] = (char)(length >> (8 * i));
    c138_buf_adds(entry, "\n");
    c138_buf_add(entry, little, sizeof(little));
    c138_buf_addf(entry, "%s\n", value);
}

void systemd_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    if (path && *path)
        (void)systemd_send(path, state, strlen(state));
}

int64_t systemd_watchdog_ns(void) {
    const char *every = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    uint64_t us = 0, pid = 0;
    if (!every || c138_parse_uint(every, &us) < 0 || us > INT64_MAX / C138_NS_PER_US)
        return 0;
    if (whose && (c138_parse_uint(whose, &pid) < 0 || pid != (uint64_t)getpid()))
        return 0;
    return (int64_t)us * C138_NS_PER_US;
}
