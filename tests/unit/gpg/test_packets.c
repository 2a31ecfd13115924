#include "../unit.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <plugins/gpg/packets.h>

#include <stdio.h>
#include <string.h>

static c138_status ids_of(const void *bytes, size_t length, uint64_t *ids, size_t *count,
                          struct c138_err *err) {
    return packets_recipients(bytes, length, ids, 4, count, err);
}

/* In the forms that gpg uses (what it wrote itself is the corpus of fuzz_gpg): heads of both formats,
 * and a password. */
static void as_gpg_writes_them(void) {
    static const uint8_t two[] = {0x84, 0x0e, 3, 1, 2, 3, 4, 5, 6, 7, 8, 18, 0, 0, 0,    0,   0xc1,
                                  0x0d, 3,    9, 9, 9, 9, 9, 9, 9, 9, 1, 0,  0, 0, 0xd2, 0x05};
    static const uint8_t password[] = {0x8c, 0x0d, 4, 9, 3, 2};
    uint64_t ids[4];
    size_t count = 0;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(ids_of(two, sizeof(two), ids, &count, &err), C138_OK);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(ids[0], UINT64_C(0x0102030405060708));
    CU_ASSERT_EQUAL(ids[1], UINT64_C(0x0909090909090909));
    CU_ASSERT_EQUAL(packets_recipients(two, sizeof(two), ids, 1, &count, &err), C138_E_LIMIT);
    for (size_t n = 0; n + 2 < sizeof(two); n++)
        CU_ASSERT_EQUAL(ids_of(two, n, ids, &count, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(ids_of(password, sizeof(password), ids, &count, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "password"));
}

static void what_is_none(void) {
    static const struct {
        uint8_t bytes[16];
        size_t length;
    } bad[] = {{{0}, 0},
               {{0x00}, 1},
               {{0xc1}, 1},
               {{0xc1, 0xff, 0xff, 0xff, 0xff, 0xff}, 6},        /* longer than all */
               {{0xc1, 0xe0, 3, 1, 2, 3, 4, 5, 6, 7, 8}, 11},    /* a partial session key */
               {{0xc1, 0x0a, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1}, 12}, /* version 2 */
               {{0xc1, 0x09, 3, 1, 2, 3, 4, 5, 6, 7, 8}, 11},
               {{0xcb, 0x02, 'b', 0}, 4}, /* literal data */
               {{0x87, 3, 1, 2, 3}, 5}};
    uint64_t ids[4];
    size_t count = 0;
    struct c138_err err = {0};
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT_EQUAL(ids_of(bad[i].bytes, bad[i].length, ids, &count, &err), C138_E_INVALID);
}

static void armor(void) {
    static const char good[] =
        "noise\n-----BEGIN PGP MESSAGE-----\nComment: x\r\n\r\nAAEC\r\nAwQF\n=AbCd\n"
        "-----END PGP MESSAGE-----\n";
    static const char *const bad[] = {
        "",
        "AAEC",
        "-----BEGIN PGP MESSAGE-----\n",
        "-----BEGIN PGP MESSAGE-----\n\nAAEC\n",
        "-----BEGIN PGP MESSAGE-----\n\nA?EC\n-----END PGP MESSAGE-----",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAEC\n-----END PGP PUBLIC KEY BLOCK-----\n"};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(packets_dearmor(good, strlen(good), &out, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(out.length, 6);
    CU_ASSERT_EQUAL(memcmp(out.data, "\0\1\2\3\4\5", 6), 0);
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        c138_buf_reset(&out);
        CU_ASSERT_EQUAL(packets_dearmor(bad[i], strlen(bad[i]), &out, &err), C138_E_INVALID);
    }
    CU_ASSERT_EQUAL(packets_dearmor(good, PACKETS_MESSAGE_MAX + 1, &out, &err), C138_E_LIMIT);
}

const CU_TestInfo tests_packets[] = {{"as gpg writes them", as_gpg_writes_them},
                                     {"what is none", what_is_none},
                                     {"armor", armor},
                                     CU_TEST_INFO_NULL};
