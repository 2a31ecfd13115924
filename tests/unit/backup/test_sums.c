#include "rig.h"

#include <plugins/backup/pack.h>

#include <base/mem.h>

#include <string.h>

static void there_and_back(void) {
    static const char *const names[] = {"a", "database/000123.sst", "with  two spaces", "back\\slash",
                                        "new\nline", "\\", "ends in space "};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        uint8_t digest[32] = {1, 2, 3}, got[32];
        C138_BUF struct c138_buf line = C138_BUF_NULL;
        C138_FREE char *path = NULL;
        digest[31] = (uint8_t)i;
        pack_sum_format(&line, digest, names[i]);
        CU_ASSERT_EQUAL(line.data[line.length - 1], '\n');
        CU_ASSERT_EQUAL_FATAL(pack_sum_parse(line.data, line.length - 1, got, &path), C138_OK);
        CU_ASSERT_STRING_EQUAL(path, names[i]);
        CU_ASSERT_EQUAL(memcmp(digest, got, 32), 0);
    }
}

/* As sha256sum (coreutils 9.1) writes it. */
static void as_sha256sum_writes_it(void) {
    static const uint8_t empty[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                      0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                      0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                      0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    C138_BUF struct c138_buf line = C138_BUF_NULL;
    pack_sum_format(&line, empty, "a\nb\\c");
    CU_ASSERT_STRING_EQUAL(
        c138_buf_text(&line),
        "\\e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\\nb\\\\c\n");
}

static void wrong_lines(void) {
    static const char *const wrong[] = {
        "", "e3b0", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  ",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 *a",
        "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a",
        "\\e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\\x",
        "\\e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\\"};
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        uint8_t digest[32];
        char *path = NULL;
        CU_ASSERT_EQUAL(pack_sum_parse(wrong[i], strlen(wrong[i]), digest, &path), C138_E_INVALID);
        CU_ASSERT_PTR_NULL(path);
    }
}

const CU_TestInfo tests_sums[] = {{"there and back", there_and_back},
                                  {"as sha256sum writes it", as_sha256sum_writes_it},
                                  {"wrong lines", wrong_lines},
                                  CU_TEST_INFO_NULL};
