#include "rig.h"

#include <plugins/backup/drill.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct server {
    int listener;
    const char *answer;
    char request[512];
    pthread_t thread;
};

/* Takes one request, gives the answer in two pieces, and hangs up. */
static void *serve(void *user) {
    struct server *s = user;
    int fd = accept(s->listener, NULL, NULL);
    ssize_t n = read(fd, s->request, sizeof(s->request) - 1);
    s->request[n > 0 ? n : 0] = '\0';
    size_t length = strlen(s->answer), half = length / 2;
    (void)!write(fd, s->answer, half);
    (void)!write(fd, s->answer + half, length - half);
    (void)close(fd);
    return NULL;
}

static struct c138_json *ask(const char *answer, char request[512]) {
    struct folder f = folder_new();
    char *path = folder_at(&f, "ipc");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct server s = {.listener = socket(AF_UNIX, SOCK_STREAM, 0), .answer = answer};
    (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    CU_ASSERT_FATAL(bind(s.listener, (struct sockaddr *)&a, sizeof(a)) == 0 &&
                    listen(s.listener, 1) == 0);
    CU_ASSERT_FATAL(pthread_create(&s.thread, NULL, serve, &s) == 0);
    struct c138_json *block = drill_ipc_block(path, "latest");
    (void)pthread_join(s.thread, NULL);
    (void)close(s.listener);
    if (request)
        memcpy(request, s.request, sizeof(s.request));
    free(path);
    folder_free(&f);
    return block;
}

/* As Besu 25.5.0 and 26.8.0 answered, shortened. */
static void a_block(void) {
    char request[512];
    C138_JSON struct c138_json *block =
        ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"number\":\"0x1f\",\"hash\":\"0x2f2a\","
            "\"uncles\":[],\"transactions\":[]}}\n",
            request);
    CU_ASSERT_STRING_EQUAL(request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\","
                                    "\"params\":[\"latest\",false]}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    CU_ASSERT_EQUAL(c138_json_get_uint(block, "number", 0), 31);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(block, "hash", ""), "0x2f2a");
}

static void no_block(void) {
    static const char *const answers[] = {
        "",
        "\n",
        "{\"result\":{\"number\":\"0x1\",\"hash\":\"0x1\"}}", /* cut off before its newline */
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}\n",
        "{\"result\":{\"number\":\"31\",\"hash\":\"0x1\"}}\n",
        "{\"result\":{\"number\":\"0x1\",\"hash\":7}}\n",
        "{\"result\":[]}\n",
        "[]\n",
        "{\n"};
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < C138_COUNT(answers); i++) {
        C138_JSON struct c138_json *block = ask(answers[i], NULL);
        CU_ASSERT_PTR_NULL(block);
    }
}

static void nobody_there(void) {
    struct folder f = folder_new();
    char *path = folder_at(&f, "ipc"), lengthy[200];
    CU_ASSERT_PTR_NULL(drill_ipc_block(path, "latest"));
    memset(lengthy, 'x', sizeof(lengthy) - 1);
    lengthy[0] = '/';
    lengthy[sizeof(lengthy) - 1] = '\0';
    CU_ASSERT_TRUE(drill_ipc_path_fits(path));
    CU_ASSERT_FALSE(drill_ipc_path_fits(lengthy));
    CU_ASSERT_PTR_NULL(drill_ipc_block(lengthy, "latest"));
    free(path);
    folder_free(&f);
}

const CU_TestInfo tests_drill_ipc[] = {{"a block", a_block},
                                       {"no block", no_block},
                                       {"nobody there", nobody_there},
                                       CU_TEST_INFO_NULL};
