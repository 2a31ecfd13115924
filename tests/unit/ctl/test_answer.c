#include "tests.h"

#include <base/mem.h>
#include <ctl/answer.h>
#include <string.h>

/* Feeds `text` in pieces of `step` bytes, then the end. */
static c138_status feed(struct answer *a, const char *text, size_t step, struct c138_err *err) {
    size_t length = strlen(text), used = 0;
    c138_status status = C138_OK;
    answer_init(a, 1000);
    for (size_t i = 0; i < length && status >= 0 && a->part != ANSWER_DONE; i += step)
        status = answer_feed(a, text + i, length - i < step ? length - i : step, &used, err);
    return status < 0 ? status : answer_eof(a, err);
}

static void test_good(void) {
    static const struct {
        const char *text, *body;
        int code, keep_alive;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", 200, 1},
        {"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nConnection: close\r\n\r\nabc", "abc", 200, 0},
        {"HTTP/1.1 202 \r\nTransfer-Encoding: "
         "chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nT: "
         "x\r\n\r\n",
         "abc0123456789", 202, 1},
        {"HTTP/1.0 404 Not Found\r\n\r\nrest", "rest", 404, 0},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "", 204, 1},
        {"HTTP/1.1 200 OK\nContent-Length: 1\n\nz", "z", 200, 1},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++)
        for (size_t step = 1; step < 200; step += 7) {
            struct answer a;
            struct c138_err err = {0};
            CU_ASSERT_EQUAL(feed(&a, cases[i].text, step, &err), C138_OK);
            CU_ASSERT_EQUAL(a.code, cases[i].code);
            CU_ASSERT_EQUAL(a.keep_alive, cases[i].keep_alive);
            CU_ASSERT_STRING_EQUAL(c138_buf_text(&a.body), cases[i].body);
            answer_deinit(&a);
        }
}

static void test_bad(void) {
    static const struct {
        const char *text, *key;
    } cases[] = {
        {"", "http.truncated"},
        {"SSH-2.0-OpenSSH\r\n", "http.protocol"},
        {"HTTP/2 200\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 20x OK\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         "http.protocol"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "http.truncated"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "http.too-large"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
         "http.protocol"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "http.protocol"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "http.truncated"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct answer a;
        struct c138_err err = {0};
        CU_ASSERT(feed(&a, cases[i].text, 5, &err) < 0);
        CU_ASSERT_STRING_EQUAL(err.key, cases[i].key);
        answer_deinit(&a);
    }
}

static void test_bounds(void) {
    struct c138_err err = {0};
    size_t used = 0;
    struct answer a;
    char header[64] = "X: ";
    memset(header + 3, 'x', 40);
    memcpy(header + 43, "\r\n", 3);
    answer_init(&a, 1000);
    c138_status status = answer_feed(&a, "HTTP/1.1 200 OK\r\n", 17, &used, &err);
    for (int i = 0; i < 1000 && status >= 0; i++)
        status = answer_feed(&a, header, strlen(header), &used, &err);
    CU_ASSERT_EQUAL(status, C138_E_LIMIT);
    answer_deinit(&a);
    answer_init(&a, 1000);
    status = answer_feed(&a, "HTTP/1.1 200 OK\r\n\r\n", 19, &used, &err);
    for (int i = 0; i < 100 && status >= 0; i++)
        status = answer_feed(&a, header, strlen(header), &used, &err);
    CU_ASSERT_EQUAL(status, C138_E_LIMIT);
    answer_deinit(&a);
    answer_init(&a, 1000);
    for (int i = 0;
         i < 1000 && (status = answer_feed(&a, "HTTP/1.1 100 C\r\n\r\n", 18, &used, &err)) >= 0;
         i++)
        ;
    CU_ASSERT(status < 0);
    answer_deinit(&a);
}

const CU_TestInfo tests_answer[] = {
    {"good answers, cut anywhere", test_good},
    {"bad answers", test_bad},
    {"bounds", test_bounds},
    CU_TEST_INFO_NULL,
};
