#include "../unit.h"
#include <base/text.h>
#include <evm/keccak.h>

#include <string.h>

static void test_vectors(void) {
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
        {"Transfer(address,address,uint256)",
         "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t digest[32];
        char text[65];
        c138_keccak256(cases[i].text, strlen(cases[i].text), digest);
        c138_hex_encode(digest, 32, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].digest);
    }
}

/* Reckoned by a second implementation whose permutation gave OpenSSL's SHA3-256 for the same
 * inputs; the padding is one byte's difference. */
static void test_lengths_around_the_rate(void) {
    static const struct {
        size_t length;
        const char *digest;
    } cases[] = {
        {1, "5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2"},
        {135, "34bd7bed52ea092f88bc887256e7f06500ee814afa9a5566e22030af2ef1c5c0"},
        {136, "2b31811a93dfc4bdc41b6aa7790e784b987c25a2c8a0e101cfa694552dc8ae39"},
        {137, "a6103b089a404974c2b460048bfddd45108748fbdd9bad451f54d1fe95f8f284"},
        {271, "3915ac0d86093104c62ea954228b28802e32a97eaaf854cccaaf526dd14f919e"},
        {272, "415fd325cae3a2f957fea2770d710027317ced7e7266a59905102c14fdb9959a"},
        {273, "5091b58a169d72e691cd40c2796dfe52ec91c538f682485c5424971ed02cd906"},
        {1000, "5f6640d51e97fd85a8fab8981a24c2fcdd022cab5e529f6879475f1f048b6254"},
    };
    uint8_t bytes[1000], digest[32];
    char text[65];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        c138_keccak256(bytes, cases[i].length, digest);
        c138_hex_encode(digest, 32, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].digest);
    }
}

static void test_unaligned(void) {
    uint8_t room[300 + 8], a[32], b[32];
    for (size_t i = 0; i < 300; i++)
        room[i] = (uint8_t)i;
    c138_keccak256(room, 300, a);
    memmove(room + 3, room, 300);
    c138_keccak256(room + 3, 300, b);
    CU_ASSERT_EQUAL(memcmp(a, b, 32), 0);
}

const CU_TestInfo tests_keccak[] = {
    {"vectors", test_vectors},
    {"lengths around the rate", test_lengths_around_the_rate},
    {"unaligned", test_unaligned},
    CU_TEST_INFO_NULL,
};
