#include "../unit.h"

#include <agent/prompts.h>
#include <base/mem.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static c138_status put(struct prompts *p, const char *who, const char *text, int64_t now_ns,
                       char handle[PROMPTS_HANDLE], struct c138_err *err) {
    size_t length = strlen(text) + crypto_box_SEALBYTES;
    C138_FREE uint8_t *box = c138_xmalloc(length);
    CU_ASSERT_EQUAL(crypto_box_seal(box, (const uint8_t *)text, strlen(text), prompts_key(p)), 0);
    return prompts_put(p, who, box, length, now_ns, handle, err);
}

static void taken_once_by_its_owner(void) {
    struct prompts *p = prompts_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    char one[PROMPTS_HANDLE], two[PROMPTS_HANDLE];
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL_FATAL(put(p, "unix:alice@h", "correct horse", 1, one, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(put(p, "unix:alice@h", "battery", 1, two, &err), C138_OK);
    CU_ASSERT_STRING_NOT_EQUAL(one, two);
    CU_ASSERT_EQUAL(strlen(one), PROMPTS_HANDLE - 1);
    CU_ASSERT_EQUAL(prompts_take(p, "unix:bob@h", one, 2, &out, &err), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(prompts_take(p, "", one, 2, &out, &err), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(prompts_take(p, "unix:alice@h", "", 2, &out, &err), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(out.length, 0);
    CU_ASSERT_EQUAL(prompts_take(p, "unix:alice@h", one, 2, &out, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "correct horse");
    CU_ASSERT_EQUAL(prompts_take(p, "unix:alice@h", one, 2, &out, &err), C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.key, "secret.prompt-gone");
    prompts_free(p);
    CU_ASSERT_PTR_NULL(prompts_free(NULL));
}

static void old_ones_go(void) {
    struct prompts *p = prompts_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    char handle[PROMPTS_HANDLE];
    CU_ASSERT_EQUAL(put(p, "a", "x", 100, handle, &err), C138_OK);
    CU_ASSERT_EQUAL(prompts_take(p, "a", handle, 100 + PROMPTS_TTL_NS, &out, &err),
                    C138_E_NOTFOUND);
    for (int i = 0; i < PROMPTS_MAX; i++) {
        char who[8];
        (void)snprintf(who, sizeof(who), "a%d", i / PROMPTS_OWN_MAX);
        CU_ASSERT_EQUAL(put(p, who, "x", 100, handle, &err), C138_OK);
        if (i == PROMPTS_OWN_MAX - 1) /* nobody takes the room of others */
            CU_ASSERT_EQUAL(put(p, "a0", "x", 100, handle, &err), C138_E_BUSY);
    }
    CU_ASSERT_EQUAL(put(p, "b", "x", 100, handle, &err), C138_E_BUSY);
    CU_ASSERT_EQUAL(put(p, "b", "x", 100 + PROMPTS_TTL_NS, handle, &err), C138_OK);
    prompts_free(p);
}

static void boxes_are_checked(void) {
    struct prompts *p = prompts_new(), *other = prompts_new();
    static uint8_t box[PROMPTS_SECRET_MAX + crypto_box_SEALBYTES + 1];
    struct c138_err err = {0};
    char handle[PROMPTS_HANDLE];
    CU_ASSERT_EQUAL(prompts_put(p, "a", box, 0, 1, handle, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(prompts_put(p, "a", box, crypto_box_SEALBYTES, 1, handle, &err),
                    C138_E_INVALID);
    CU_ASSERT_EQUAL(prompts_put(p, "a", box, sizeof(box), 1, handle, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(prompts_put(p, "a", box, 100, 1, handle, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "secret.box");
    CU_ASSERT_EQUAL(crypto_box_seal(box, (const uint8_t *)"x", 1, prompts_key(other)), 0);
    CU_ASSERT_EQUAL(prompts_put(p, "a", box, 1 + crypto_box_SEALBYTES, 1, handle, &err),
                    C138_E_INVALID);
    prompts_free(p);
    prompts_free(other);
}

const CU_TestInfo tests_prompts[] = {{"taken once by its owner", taken_once_by_its_owner},
                                     {"old ones go", old_ones_go},
                                     {"boxes are checked", boxes_are_checked},
                                     CU_TEST_INFO_NULL};
