#include "../unit.h"
#include <base/mem.h>
#include <plugins/stack/docker_parse.h>
#include <math.h>
#include <string.h>

/* Lines that came, as "o TEXT" or "e TEXT", one a line. */
static int take(void *user, const struct log_line *line) {
    struct c138_buf *out = user;
    c138_buf_addf(out, "%c %s\n", line->is_error ? 'e' : 'o', line->text);
    return strcmp(line->text, "enough") == 0;
}

static void frame(struct c138_buf *b, int stream, const char *text) {
    size_t n = strlen(text);
    const char head[8] = {(char)stream, 0, 0, 0, 0, (char)(n >> 16), (char)(n >> 8), (char)n};
    c138_buf_add(b, head, 8);
    c138_buf_add(b, text, n);
}

#define AT "2026-11-29T10:00:00.123456789Z "

static c138_status read_log(const struct c138_buf *b, int tty, struct c138_buf *out,
                            struct c138_err *err) {
    return docker_log_read(c138_buf_text(b), b->length, tty, "s", "i", take, out, err);
}

static void frames_are_no_lines(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL, out = C138_BUF_NULL;
    frame(&b, 1, AT "one\n" AT "two\n" AT "thr");
    frame(&b, 2, AT "bad\r\n");
    frame(&b, 1, "ee\n");
    frame(&b, 1, AT "last without an end");
    CU_ASSERT_EQUAL(read_log(&b, 0, &out, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out),
                           "o one\no two\ne bad\no three\no last without an end\n");
}

static void a_terminal_has_no_frames(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL, out = C138_BUF_NULL;
    c138_buf_adds(&b, AT "one\r\n" AT "\xff two\nno time here\n" AT "enough\n" AT "more\n");
    CU_ASSERT_EQUAL(read_log(&b, 1, &out, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "o one\no \xef\xbf\xbd two\no enough\n");
}

static void what_is_not_framed_is_refused(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL, out = C138_BUF_NULL;
    struct c138_err err = {0};
    c138_buf_adds(&b, AT "a proxy that takes the frames away\n");
    CU_ASSERT_EQUAL(read_log(&b, 0, &out, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "engine.log");
    /* A frame that says more than there is: what is there counts. */
    c138_buf_reset(&b);
    frame(&b, 1, AT "cut off");
    b.data[7] = 120;
    CU_ASSERT_EQUAL(read_log(&b, 0, &out, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "o cut off\n");
}

static void long_lines_are_cut(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL, out = C138_BUF_NULL;
    c138_buf_adds(&b, AT);
    for (int i = 0; i < 40000; i++)
        c138_buf_addc(&b, 'x');
    c138_buf_adds(&b, "\n" AT "next\n");
    CU_ASSERT_EQUAL(read_log(&b, 1, &out, NULL), C138_OK);
    CU_ASSERT(out.length < LOG_LINE_MAX + 20);
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_buf_text(&out), "\no next\n"));
}

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &v, NULL), C138_OK);
    return v;
}

static void rows(void) {
    SVC_LIST list = {0};
    struct svc *row = svc_list_add(&list);
    C138_JSON struct c138_json *c = json(
        "{\"Id\":\"00ff\",\"Names\":[\"/p_web_1\"],\"Image\":\"x:1\",\"ImageID\":\"sha256:ab\","
        "\"State\":\"exited\",\"Status\":\"Exited (137) 1 second ago\","
        "\"Labels\":{\"com.docker.compose.service\":\"web\"}}");
    C138_JSON struct c138_json *i =
        json("{\"RestartCount\":3,\"Config\":{\"Image\":\"x:1\"},\"State\":{\"Status\":\"exited\","
             "\"ExitCode\":137,\"OOMKilled\":true,\"StartedAt\":\"2026-11-29T10:00:00Z\"}}");
    C138_JSON struct c138_json *up =
        json("{\"State\":{\"Status\":\"running\",\"StartedAt\":\"2026-11-29T10:00:00Z\","
             "\"Health\":{\"Status\":\"starting\"}}}");
    C138_JSON struct c138_json *bad = json("{\"Id\":\"../x\",\"Names\":[]}");
    CU_ASSERT_EQUAL(docker_row_read(c, row, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(row->service, "web");
    CU_ASSERT_STRING_EQUAL(row->instance, "p_web_1");
    docker_inspect_read(i, row);
    CU_ASSERT_EQUAL(row->state, SVC_FAILED);
    CU_ASSERT_EQUAL(row->restarts, 3);
    CU_ASSERT_EQUAL(row->exit_code, 137);
    CU_ASSERT_TRUE(row->oom);
    CU_ASSERT_EQUAL(row->started_ns, 0);
    docker_inspect_read(up, row);
    CU_ASSERT_EQUAL(row->state, SVC_STARTING);
    CU_ASSERT_EQUAL(row->started_ns, INT64_C(1795946400000000000));
    /* An id goes into an URL: nothing but hex. */
    CU_ASSERT_EQUAL(docker_row_read(bad, row, NULL), C138_E_INVALID);
}

static void lists_have_a_bound(void) {
    SVC_LIST list = {0};
    for (int i = 0; i < ROWS_MAX; i++)
        svc_set(&svc_list_add(&list)->service, i == 7 ? "b" : "a");
    CU_ASSERT_PTR_NULL(svc_list_add(&list));
    list.rows[3].state = SVC_RESTARTING;
    CU_ASSERT_PTR_EQUAL(svc_worst(&list, "a"), &list.rows[0]); /* unknown is worse */
    CU_ASSERT_PTR_EQUAL(svc_worst(&list, "b"), &list.rows[7]);
    CU_ASSERT_PTR_NULL(svc_worst(&list, "c"));
}

#define STATS(total, system, memory)                                                               \
    "{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":" #total "},\"system_cpu_usage\":" #system     \
    ",\"online_cpus\":2},\"memory_stats\":{\"usage\":5000,\"limit\":9000,\"stats\":{" memory "}}}"

static void stats(void) {
    C138_JSON struct c138_json *a = json(STATS(100, 1000, "\"inactive_file\":1000"));
    C138_JSON struct c138_json *b = json(STATS(200, 1400, "\"inactive_file\":1000"));
    C138_JSON struct c138_json *v1 =
        json(STATS(200, 1400, "\"total_inactive_file\":2000,\"inactive_file\":1"));
    C138_JSON struct c138_json *more = json(STATS(200, 1400, "\"inactive_file\":6000"));
    struct svc_stats s = {0};
    docker_stats_read(a, b, &s);
    CU_ASSERT_TRUE(s.known);
    CU_ASSERT_DOUBLE_EQUAL(s.cpu_percent, 50.0, 0.01);
    CU_ASSERT_EQUAL(s.memory_bytes, 4000);
    CU_ASSERT_EQUAL(s.memory_limit_bytes, 9000);
    docker_stats_read(a, v1, &s);
    CU_ASSERT_EQUAL(s.memory_bytes, 3000);
    docker_stats_read(a, more, &s); /* more cache than use: none, not 2^64 */
    CU_ASSERT_EQUAL(s.memory_bytes, 0);
    s = (struct svc_stats){0};
    docker_stats_read(NULL, NULL, &s);
    CU_ASSERT_FALSE(s.known);
}

static void events(void) {
    struct svc_event e;
    C138_JSON struct c138_json *die = json(
        "{\"Type\":\"container\",\"Action\":\"die\",\"timeNano\":17,\"Actor\":{\"Attributes\":{"
        "\"com.docker.compose.service\":\"web\",\"exitCode\":\"137\",\"name\":\"p_web_1\"}}}");
    C138_JSON struct c138_json *health = json(
        "{\"Type\":\"container\",\"Action\":\"health_status: unhealthy\",\"Actor\":{\"Attributes\":"
        "{\"com.docker.compose.service\":\"web\"}}}");
    C138_JSON struct c138_json *exec = json(
        "{\"Type\":\"container\",\"Action\":\"exec_create: x\",\"Actor\":{\"Attributes\":{\"com."
        "docker.compose.service\":\"web\"}}}");
    C138_JSON struct c138_json *other = json("{\"Type\":\"network\",\"Action\":\"die\"}");
    CU_ASSERT_TRUE(docker_event_read(die, &e));
    CU_ASSERT_STRING_EQUAL(e.what, "die");
    CU_ASSERT_EQUAL(e.exit_code, 137);
    CU_ASSERT_EQUAL(e.time_ns, 17);
    CU_ASSERT_TRUE(docker_event_read(health, &e));
    CU_ASSERT_STRING_EQUAL(e.what, "unhealthy");
    CU_ASSERT_FALSE(docker_event_read(exec, &e));
    CU_ASSERT_FALSE(docker_event_read(other, &e));
}

static void versions_are_negotiated(void) {
    CU_ASSERT_EQUAL(docker_api_read("1.41"), DOCKER_API(1, 41));
    CU_ASSERT_EQUAL(docker_api_read("1.x"), 0);
    CU_ASSERT_EQUAL(docker_api_read(NULL), 0);
    CU_ASSERT_EQUAL(docker_api_choose(docker_api_read("1.12"), docker_api_read("1.41")),
                    DOCKER_API(1, 41));
    /* A server of tomorrow, whose least is below what we speak; one whose least is above; an old one. */
    CU_ASSERT_EQUAL(docker_api_choose(DOCKER_API(1, 44), DOCKER_API(1, 99)), DOCKER_API(1, 51));
    CU_ASSERT_EQUAL(docker_api_choose(DOCKER_API(1, 60), DOCKER_API(1, 99)), 0);
    CU_ASSERT_EQUAL(docker_api_choose(0, DOCKER_API(1, 20)), 0);
}

static void pins(void) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_json *env = json("{\"BESU_X\":\"tr\\\"ue\"}");
    const struct pin all[] = {
        {.service = (char *)(uintptr_t) "a", .image = (char *)(uintptr_t) "x@sha256:1", .env = env},
        {.service = (char *)(uintptr_t) "b", .image = (char *)(uintptr_t) "y"}};
    compose_pins_text(all, 2, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        c138_buf_text(&out), "  a:\n    image: \"x@sha256:1\"\n    environment:\n      BESU_X: "
                             "\"tr\\\"ue\"\n  b:\n    image: \"y\"\n"));
    c138_json_unref(env);
}

const CU_TestInfo tests_docker[] = {
    {"frames are no lines", frames_are_no_lines},
    {"a terminal has no frames", a_terminal_has_no_frames},
    {"what is not framed is refused", what_is_not_framed_is_refused},
    {"long lines are cut", long_lines_are_cut},
    {"rows", rows},
    {"lists have a bound", lists_have_a_bound},
    {"stats", stats},
    {"events", events},
    {"versions are negotiated", versions_are_negotiated},
    {"pins", pins},
    CU_TEST_INFO_NULL};
