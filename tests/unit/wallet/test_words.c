#include "rig.h"

#include <wallet/words.h>

#include <string.h>

/* The lists are the published ones, word for word. */
static void check_list(const struct words *w, const char *sha256) {
    C138_BUF struct c138_buf all = C138_BUF_NULL;
    char hex[65];
    for (int i = 0; i < 1 << w->bits; i++) {
        c138_buf_adds(&all, w->list[i]);
        c138_buf_addc(&all, '\n');
        CU_ASSERT_EQUAL(words_find(w, w->list[i], strlen(w->list[i])), i);
    }
    c138_sha256_hex(all.data, all.length, hex);
    CU_ASSERT_STRING_EQUAL(hex, sha256);
}

static void lists(void) {
    check_list(&words_bip39_english,
               "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
    check_list(&words_slip39, "bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3");
}

static void finds(void) {
    CU_ASSERT_EQUAL(words_find(&words_bip39_english, "ZOO", 3), 2047);
    CU_ASSERT_EQUAL(words_find(&words_bip39_english, "zoos", 4), -1);
    CU_ASSERT_EQUAL(words_find(&words_bip39_english, "zo", 2), -1);
    CU_ASSERT_EQUAL(words_find(&words_bip39_english, "", 0), -1);
}

static void walks(void) {
    const char text[] = " \tone\r\ntwo  three", *p = text, *end = text + sizeof(text) - 1;
    size_t n = 0;
    CU_ASSERT_EQUAL(strncmp(words_next(&p, end, &n), "one", 3), 0);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(strncmp(words_next(&p, end, &n), "two", 3), 0);
    CU_ASSERT_EQUAL(strncmp(words_next(&p, end - 1, &n), "thre", 4), 0);
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT_PTR_NULL(words_next(&p, end - 1, &n));
}

const CU_TestInfo tests_words[] = {
    {"lists", lists}, {"finds", finds}, {"walks", walks}, CU_TEST_INFO_NULL};
