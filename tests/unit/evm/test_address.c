#include "../unit.h"
#include <base/text.h>
#include <evm/address.h>
#include <evm/keccak.h>

#include <ctype.h>
#include <string.h>

/* EIP-55, "Test Cases" */
static const char *const eip55[] = {
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"};

static void test_eip55(void) {
    for (size_t i = 0; i < sizeof(eip55) / sizeof(*eip55); i++) {
        uint8_t address[20], again[20];
        char text[C138_ADDRESS_TEXT], plain[C138_ADDRESS_TEXT];
        CU_ASSERT_EQUAL(c138_address_parse(eip55[i], address, NULL), C138_OK);
        c138_address_format(address, text);
        CU_ASSERT_STRING_EQUAL(text, eip55[i]);
        for (int upper = 0; upper < 2; upper++) {
            memcpy(plain, eip55[i], sizeof(plain));
            for (char *p = plain + 2; *p; p++)
                *p = (char)(upper ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
            CU_ASSERT_EQUAL(c138_address_parse(plain, again, NULL), C138_OK);
            CU_ASSERT_EQUAL(memcmp(address, again, 20), 0);
        }
    }
}

static void test_mistyped(void) {
    struct c138_err err = {0};
    uint8_t address[20] = {42};
    CU_ASSERT_EQUAL(c138_address_parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", address, &err),
                    C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "address.checksum");
    CU_ASSERT_EQUAL(c138_address_parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee", address, &err),
                    C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "address.checksum");
    static const char *const wrong[] = {"",
                                        "0x",
                                        "abc",
                                        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                                        "0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                                        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
                                        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaedd",
                                        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg",
                                        " x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        CU_ASSERT_EQUAL(c138_address_parse(wrong[i], address, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, "address.invalid");
    }
    CU_ASSERT_EQUAL(address[0], 42);
}

/* The first account of the well-known test mnemonic ("test test ... junk"): its public key and its
 * address. */
static void test_of_key(void) {
    uint8_t key[64], address[20];
    char text[C138_ADDRESS_TEXT];
    CU_ASSERT_EQUAL_FATAL(
        c138_hex_decode("8318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8"
                        "696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5",
                        128, key),
        C138_OK);
    c138_address_of_key(key, address);
    c138_address_format(address, text);
    CU_ASSERT_STRING_EQUAL(text, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
}

/* Two that share everything by which one could look them up fast, alternately; then many. */
static void test_alike(void) {
    uint8_t address[20], again[20];
    char text[C138_ADDRESS_TEXT];
    for (int i = 0; i < 6; i++) {
        (void)c138_address_parse(eip55[4 + i % 2], address, NULL);
        memset(address + 12, 0x11, 8);
        c138_address_format(address, text);
        CU_ASSERT_STRING_EQUAL(text, i % 2 ? "0xFB6916095ca1dF60BB79Ce921111111111111111"
                                           : "0x5Aaeb6053F3e94C9B9A09f331111111111111111");
    }
    for (unsigned i = 0; i < 1000; i++) {
        memset(address, (int)(i % 7), sizeof(address));
        address[19] = (uint8_t)(i >> 2);
        c138_address_format(address, text);
        CU_ASSERT_EQUAL(c138_address_parse(text, again, NULL), C138_OK);
        CU_ASSERT_EQUAL(memcmp(address, again, 20), 0);
    }
    memset(address, 0, sizeof(address));
    c138_address_format(address, text);
    CU_ASSERT_STRING_EQUAL(text, "0x0000000000000000000000000000000000000000");
}

static void address_is(const uint8_t address[20], const char *wanted) {
    char text[C138_ADDRESS_TEXT];
    c138_address_format(address, text);
    CU_ASSERT_STRING_EQUAL(text, wanted);
}

/* The first contracts of the development account that every chain of hardhat and anvil knows. */
static void test_create(void) {
    uint8_t sender[20], address[20];
    struct c138_err err = {0};
    (void)c138_address_parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", sender, &err);
    c138_address_create(sender, 0, address);
    address_is(address, "0x5FbDB2315678afecb367f032d93F642f64180aa3");
    c138_address_create(sender, 1, address);
    address_is(address, "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512");
}

/* The examples of EIP-1014. */
static void test_create2(void) {
    static const struct {
        const char *sender, *salt, *code, *wanted;
    } cases[] = {
        {"0x0000000000000000000000000000000000000000", "00", "00",
         "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"},
        {"0xdeadbeef00000000000000000000000000000000", "00", "00",
         "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3"},
        {"0xdeadbeef00000000000000000000000000000000", "feed000000000000000000000000000000000000",
         "00", "0xD04116cDd17beBE565EB2422F2497E06cC1C9833"},
        {"0x0000000000000000000000000000000000000000", "00", "deadbeef",
         "0x70f2b2914A2a4b783FaEFb75f459A580616Fcb5e"},
        {"0x00000000000000000000000000000000deadbeef", "cafebabe", "deadbeef",
         "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7"},
        {"0x00000000000000000000000000000000deadbeef", "cafebabe",
         "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
         "deadbeef",
         "0x1d8bfDC5D46DC4f61D6b6115972536eBE6A8854C"},
        {"0x0000000000000000000000000000000000000000", "00", "",
         "0xE33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t sender[20], salt[32] = {0}, code[64], hash[32], address[20];
        size_t salt_size = strlen(cases[i].salt) / 2, code_size = strlen(cases[i].code) / 2;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(c138_address_parse(cases[i].sender, sender, &err), C138_OK);
        (void)c138_hex_decode(cases[i].salt, 2 * salt_size, salt + 32 - salt_size);
        (void)c138_hex_decode(cases[i].code, 2 * code_size, code);
        c138_keccak256(code, code_size, hash);
        c138_address_create2(sender, salt, hash, address);
        address_is(address, cases[i].wanted);
    }
}

const CU_TestInfo tests_address[] = {
    {"EIP-55", test_eip55},    {"mistyped", test_mistyped}, {"alike", test_alike},
    {"of a key", test_of_key}, {"CREATE", test_create},     {"CREATE2", test_create2},
    CU_TEST_INFO_NULL,
};
