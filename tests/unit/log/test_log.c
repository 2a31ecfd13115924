#include "../unit.h"
#include <base/json.h>
#include <base/text.h>
#include <base/when.h>
#include <log/log.h>
#include <log/systemd.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Standard error into a file while a test writes lines. */
struct capture {
    int saved, fd;
    char *text;
};

static struct capture capture_begin(void) {
    char name[] = "/tmp/unit_log.XXXXXX";
    struct capture c = {.fd = mkstemp(name)};
    (void)unlink(name);
    (void)fcntl(c.fd, F_SETFL, O_APPEND);
    c.saved = dup(STDERR_FILENO);
    (void)dup2(c.fd, STDERR_FILENO);
    return c;
}

static void capture_end(struct capture *c) {
    (void)dup2(c->saved, STDERR_FILENO);
    (void)close(c->saved);
    struct stat st;
    if (fstat(c->fd, &st) < 0)
        st.st_size = 0;
    c->text = c138_xcalloc(1, (size_t)st.st_size + 1);
    if (pread(c->fd, c->text, (size_t)st.st_size, 0) != st.st_size)
        c->text[0] = '\0';
    (void)close(c->fd);
}

static size_t lines_in(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void text_form(void) {
    struct capture c = capture_begin();
    struct log *l = log_new(LOG_FORMAT_TEXT, C138_LOG_INFO);
    struct log_at at = {.plugin = "besu", .action = "besu.sync", .job = "01JDTEST"};
    log_line(l, C138_LOG_WARNING, &at, "node %s is %d blocks behind", "v1", 12);
    log_line(l, C138_LOG_INFO, &(struct log_at){.plugin = "besu"}, "started");
    log_line(l, C138_LOG_NOTICE, NULL, "ready");
    log_line(l, C138_LOG_DEBUG, NULL, "not shown");
    CU_ASSERT_EQUAL(log_count(l, C138_LOG_WARNING), 1);
    CU_ASSERT_EQUAL(log_count(l, C138_LOG_DEBUG), 0);
    log_set_level(l, C138_LOG_DEBUG);
    log_line(l, C138_LOG_DEBUG, NULL, "shown");
    log_free(l);
    capture_end(&c);
    char time[64] = "", rest[128] = "";
    CU_ASSERT_EQUAL(sscanf(c.text, "%63s %127[^\n]", time, rest), 2);
    int64_t ns = 0;
    CU_ASSERT_EQUAL(c138_time_parse(time, &ns), 0);
    CU_ASSERT_EQUAL(strlen(time), strlen("2026-11-23T03:00:00.123Z"));
    CU_ASSERT_STRING_EQUAL(rest, "warning besu besu.sync 01JDTEST: node v1 is 12 blocks behind");
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "Z info besu: started\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "Z notice: ready\n"));
    CU_ASSERT_PTR_NULL(strstr(c.text, "not shown"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "Z debug: shown\n"));
    free(c.text);
}

static void json_form(void) {
    struct capture c = capture_begin();
    struct log *l = log_new(LOG_FORMAT_JSON, C138_LOG_INFO);
    log_line(l, C138_LOG_ERROR, &(struct log_at){.plugin = "besu", .job = "01J"}, "a \"b\"");
    log_free(l);
    capture_end(&c);
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(c.text, strcspn(c.text, "\n"), &v, NULL), 0);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "level", ""), "error");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "plugin", ""), "besu");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "job", ""), "01J");
    CU_ASSERT_FALSE(c138_json_has(v, "action"));
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "message", ""), "a \"b\"");
    free(c.text);
}

static void from_outside(void) {
    struct capture c = capture_begin();
    struct log *l = log_new(LOG_FORMAT_TEXT, C138_LOG_INFO);
    log_text(l, C138_LOG_INFO, NULL,
             "a\033[31mred\nforged line\x7f \xc2\x9b"
             "2J \xff gr\xc3\xbc\xc3\x9f");
    char *longer = c138_xcalloc(1, 100001);
    memset(longer, 'x', 100000);
    log_text(l, C138_LOG_INFO, NULL, longer);
    log_line(l, C138_LOG_INFO, NULL, "%s", longer);
    free(longer);
    log_free(l);
    capture_end(&c);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "info: a[31mred forged line 2J ? gr\xc3\xbc\xc3\x9f\n"));
    CU_ASSERT_EQUAL(lines_in(c.text), 3);
    CU_ASSERT(strlen(c.text) < 40000);
    free(c.text);
}

static void scrubbing(void) {
    struct capture c = capture_begin();
    struct log *l = log_new(LOG_FORMAT_TEXT, C138_LOG_INFO);
    log_scrub_add(l, "hunter2");
    log_scrub_add(l, "hunter2-longer");
    log_scrub_add(l, "hunter2");
    log_scrub_add(l, "quo\"ted");
    log_line(l, C138_LOG_INFO, NULL, "1 hunter2 hunter2-longer {\"p\":\"quo\\\"ted\"}");
    log_scrub_remove(l, "hunter2");
    log_line(l, C138_LOG_INFO, NULL, "2 hunter2");
    C138_FREE char *s = log_scrubbed(l, "x hunter2 y");
    CU_ASSERT_STRING_EQUAL(s, "x *** y");
    log_scrub_remove(l, "hunter2");
    log_scrub_remove(l, "hunter2");
    log_line(l, C138_LOG_INFO, NULL, "3 hunter2");
    log_free(l);
    capture_end(&c);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "1 *** *** {\"p\":\"***\"}\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "2 ***\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "3 hunter2\n"));
    free(c.text);
}

static void repeats(void) {
    struct capture c = capture_begin();
    struct log *l = log_new(LOG_FORMAT_TEXT, C138_LOG_INFO);
    for (int i = 0; i < 100; i++)
        log_line(l, C138_LOG_INFO, NULL, "the same");
    log_line(l, C138_LOG_INFO, NULL, "another");
    CU_ASSERT_EQUAL(log_count(l, C138_LOG_INFO), 101);
    log_free(l);
    capture_end(&c);
    CU_ASSERT_EQUAL(lines_in(c.text), 22);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "the same \xe2\x80\xa6 repeated 80 times\n"));
    free(c.text);
}

static void *writer(void *user) {
    for (int i = 0; i < 200; i++)
        log_line(user, C138_LOG_INFO, NULL, "line %d of a writer, end", i);
    return NULL;
}

static void whole_lines_of_threads(void) {
    struct capture c = capture_begin();
    struct log *l = log_new(LOG_FORMAT_TEXT, C138_LOG_INFO);
    pthread_t t[4];
    for (size_t i = 0; i < C138_COUNT(t); i++)
        (void)pthread_create(&t[i], NULL, writer, l);
    for (size_t i = 0; i < C138_COUNT(t); i++)
        (void)pthread_join(t[i], NULL);
    log_free(l);
    capture_end(&c);
    size_t n = 0;
    for (const char *p = c.text; *p; n++) {
        size_t length = strcspn(p, "\n");
        CU_ASSERT(length > 30 && !strncmp(p + length - 5, ", end", 5));
        p += length + (p[length] == '\n');
    }
    CU_ASSERT_EQUAL(n, 800);
    free(c.text);
}

/* What libsystemd would do for us: datagrams to a socket of ours. */
static void datagrams(void) {
    char folder[] = "/tmp/unit_log.XXXXXX", got[256];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", folder);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    C138_BUF struct c138_buf entry = C138_BUF_NULL;
    systemd_journal_field(&entry, "PRIORITY", "3");
    systemd_journal_field(&entry, "MESSAGE", "two\nlines");
    CU_ASSERT_EQUAL(systemd_send(at.sun_path, c138_buf_text(&entry), entry.length), 0);
    static const char expected[] = "PRIORITY=3\nMESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n";
    CU_ASSERT_EQUAL_FATAL(recv(fd, got, sizeof(got), 0), (ssize_t)sizeof(expected) - 1);
    CU_ASSERT_EQUAL(memcmp(got, expected, sizeof(expected) - 1), 0);
    (void)setenv("NOTIFY_SOCKET", at.sun_path, 1);
    systemd_notify("READY=1");
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got), 0), 7);
    (void)unsetenv("NOTIFY_SOCKET");
    systemd_notify("READY=1");
    CU_ASSERT(recv(fd, got, sizeof(got), 0) < 0);
    (void)close(fd);
    (void)unlink(at.sun_path);
    CU_ASSERT_EQUAL(systemd_send(at.sun_path, "x", 1), -ENOENT);
    CU_ASSERT_EQUAL(systemd_send("relative", "x", 1), -EINVAL);
    (void)rmdir(folder);
    /* an abstract name */
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "@unit_log-%d", (int)getpid());
    char name[sizeof(at.sun_path)];
    (void)memcpy(name, at.sun_path, sizeof(name));
    at.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&at,
                               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                          0);
    CU_ASSERT_EQUAL(systemd_send(name, "WATCHDOG=1", 10), 0);
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got), 0), 10);
    (void)close(fd);
}

static void watchdog(void) {
    char pid[24];
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    CU_ASSERT_EQUAL(systemd_watchdog_ns(), 0);
    (void)setenv("WATCHDOG_USEC", "300000", 1);
    CU_ASSERT_EQUAL(systemd_watchdog_ns(), INT64_C(300000000));
    (void)setenv("WATCHDOG_PID", pid, 1);
    CU_ASSERT_EQUAL(systemd_watchdog_ns(), INT64_C(300000000));
    (void)setenv("WATCHDOG_PID", "1", 1); /* another process of the service */
    CU_ASSERT_EQUAL(systemd_watchdog_ns(), 0);
    (void)unsetenv("WATCHDOG_PID");
    (void)setenv("WATCHDOG_USEC", "soon", 1);
    CU_ASSERT_EQUAL(systemd_watchdog_ns(), 0);
    (void)unsetenv("WATCHDOG_USEC");
}

const CU_TestInfo tests_log[] = {
    {"text form, levels, counts", text_form},
    {"json form", json_form},
    {"control characters and length", from_outside},
    {"secrets", scrubbing},
    {"equal lines", repeats},
    {"lines of threads do not mix", whole_lines_of_threads},
    {"datagrams to systemd", datagrams},
    {"watchdog", watchdog},
    CU_TEST_INFO_NULL,
};
