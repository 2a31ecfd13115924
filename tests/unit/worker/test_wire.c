#include "unit.h"

#include <string.h>
#include <worker/wire.h>

static struct wire_head good_head(void) {
    return (struct wire_head){.magic = WIRE_MAGIC, .type = WIRE_CALL, .length = 12};
}

static void test_check(void) {
    struct c138_err err;
    struct wire_head h = good_head();
    CU_ASSERT_EQUAL(wire_head_check(&h, &err), C138_OK);
    h.length = WIRE_MAX;
    CU_ASSERT_EQUAL(wire_head_check(&h, &err), C138_OK);
    h.length = WIRE_MAX + 1;
    CU_ASSERT_EQUAL(wire_head_check(&h, &err), C138_E_INVALID);
    h = good_head();
    h.magic = 0x21212121;
    CU_ASSERT_EQUAL(wire_head_check(&h, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0x21212121"));
    for (unsigned type = 0; type < 70000; type += 7) {
        h = good_head();
        h.type = (uint16_t)type;
        int known = h.type > 0 && h.type < WIRE_TYPE_END;
        CU_ASSERT_EQUAL(wire_head_check(&h, NULL) == C138_OK, known);
    }
}

static void test_msg(void) {
    struct wire_msg *m = wire_msg_new(WIRE_LOG, 7, -3, "text", 4);
    CU_ASSERT_EQUAL(wire_head_check(&m->head, NULL), C138_OK);
    CU_ASSERT_EQUAL(m->head.id, 7);
    CU_ASSERT_EQUAL(m->head.aux, -3);
    CU_ASSERT_EQUAL(m->head.length, 4);
    CU_ASSERT_STRING_EQUAL(m->payload, "text");
    CU_ASSERT_PTR_NULL(wire_msg_free(m));
    m = wire_msg_new(WIRE_BYE, 0, 0, NULL, 0);
    CU_ASSERT_STRING_EQUAL(m->payload, "");
    (void)wire_msg_free(m);
    CU_ASSERT_PTR_NULL(wire_msg_free(NULL));
    CU_ASSERT_EQUAL(sizeof(struct wire_head), 24);
}

const CU_TestInfo tests_wire[] = {{"head", test_check}, {"message", test_msg}, CU_TEST_INFO_NULL};
