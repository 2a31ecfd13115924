/* What the runtime does not take, and says why. */
#include "peer.h"
#include "unit.h"

#include <base/mem.h>
#include <string.h>

static void refused(enum peer_way way, const char *plugin, c138_status status, const char *key) {
    struct peer p;
    peer_start(&p, way, plugin, NULL);
    struct wire_msg *m = peer_await(&p, WIRE_REFUSE, 0);
    CU_ASSERT_FATAL(m != NULL);
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(c138_json_parse(m->payload, m->head.length, &v, NULL), C138_OK);
    CU_ASSERT_EQUAL(m->head.aux, status);
    if (key)
        CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "key", ""), key);
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_json_get_str(v, "message", ""), plugin));
    (void)wire_msg_free(m);
    CU_ASSERT_EQUAL(peer_vanish(&p), status);
}

static void both(const char *plugin, c138_status status, const char *key) {
    refused(PEER_SOCKET, plugin, status, key);
    refused(PEER_QUEUE, plugin, status, key);
}

static void test_faults(void) {
    both("wrong-major", C138_E_UNSUPPORTED, "plugin.contract");
    both("missing-entry", C138_E_INVALID, "plugin.entry");
    both("name-mismatch", C138_E_INVALID, "plugin.identity");
    both("lying-size", C138_E_INVALID, NULL);
    both("dangerous-without-dry-run", C138_E_INVALID, NULL);
}

static void test_worker_only(void) {
    refused(PEER_QUEUE, "secret-holder", C138_E_DENIED, "plugin.worker-only");
    struct peer p;
    CU_ASSERT(peer_up(&p, PEER_SOCKET, "secret-holder", "{}"));
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

/* A constructor of a refused plugin never ran, whatever else was read from its file. */
static void test_constructor(void) {
    (void)unlink(FAULT_CTOR_FILE);
    both("ctor", C138_E_UNSUPPORTED, "plugin.contract");
    CU_ASSERT(access(FAULT_CTOR_FILE, F_OK) != 0);
}

static void newer(enum peer_way way) {
    struct peer p;
    CU_ASSERT_FATAL(peer_up(&p, way, "newer-minor", "{}"));
    C138_JSON struct c138_json *r = NULL;
    CU_ASSERT_EQUAL(peer_call(&p, "region", "{}", &r), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "region", ""), "unknown: the agent is older");
    CU_ASSERT_EQUAL(c138_json_get_bool(r, "next_revision", 1), 0);
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

static void test_newer(void) {
    newer(PEER_SOCKET);
    newer(PEER_QUEUE);
}

static void old(enum peer_way way) {
    struct peer p;
    CU_ASSERT_FATAL(peer_up(&p, way, "old", "{}"));
    C138_JSON struct c138_json *r = NULL;
    CU_ASSERT_EQUAL(peer_call(&p, "ask", "{\"word\":\"old\"}", &r), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "word", ""), "old");
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

static void test_old(void) {
    old(PEER_SOCKET);
    old(PEER_QUEUE);
}

/* Frames that no agent sends end the instance. */
static void test_wrong_frames(void) {
    struct peer p;
    CU_ASSERT_FATAL(peer_up(&p, PEER_SOCKET, "good", "{}"));
    peer_send(&p, WIRE_HELLO, 0, 0, NULL, 0);
    CU_ASSERT_PTR_NULL(peer_await(&p, WIRE_BYE, 0));
    CU_ASSERT_EQUAL(peer_vanish(&p), C138_E_INVALID);
    CU_ASSERT_FATAL(peer_up(&p, PEER_SOCKET, "good", "{}"));
    peer_send_text(&p, WIRE_EVENT, 0, 0, "an event without its parts");
    CU_ASSERT_PTR_NULL(peer_await(&p, WIRE_BYE, 0));
    CU_ASSERT_EQUAL(peer_vanish(&p), C138_E_INVALID);
}

/* One instance after the other in one process, of two plugins whose descriptors have one number:
 * the dynamic linker must not take one for the other. */
static void test_descriptors_again(void) {
    static const char *const names[] = {"good", "old", "newer-minor", "flood", "good", "old"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        struct peer p;
        CU_ASSERT(peer_up(&p, PEER_QUEUE, names[i], "{}"));
        CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
    }
}

const CU_TestInfo tests_runtime_refuse[] = {{"fault plugins", test_faults},
                                            {"worker only", test_worker_only},
                                            {"no constructor runs", test_constructor},
                                            {"newer minor degrades", test_newer},
                                            {"old plugin works", test_old},
                                            {"wrong frames", test_wrong_frames},
                                            {"descriptors used again", test_descriptors_again},
                                            CU_TEST_INFO_NULL};
