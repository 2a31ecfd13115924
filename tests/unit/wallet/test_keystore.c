#include "rig.h"

#include <evm/address.h>
#include <wallet/keystore.h>
#include <wallet/mnemonic.h>

#include <stdio.h>
#include <string.h>

static c138_status open_text(struct rig *r, const char *text, const char *password,
                             const struct keystore_limits *limits, struct secret *ret_key,
                             struct c138_err *err) {
    return keystore_open(&r->host, text, strlen(text), password, strlen(password), limits, ret_key,
                         NULL, err);
}

static void vectors(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("keystore-v3.json");
    unsigned count = 0;
    for (struct c138_json_iter i = c138_json_iter(data); c138_json_next(&i); count++) {
        SECRET key = SECRET_NULL;
        struct c138_err err = {0};
        char padded[65];
        const char *priv = c138_json_get_str(i.value, "priv", "");
        C138_FREE char *text = c138_json_dump(c138_json_get(i.value, "json"));
        memset(padded, '0', 64);
        memcpy(padded + 64 - strlen(priv), priv, strlen(priv) + 1);
        CU_ASSERT_EQUAL(open_text(r, text, c138_json_get_str(i.value, "password", ""),
                                  &KEYSTORE_LIMITS, &key, &err),
                        C138_OK);
        CU_ASSERT(rig_is_hex(&key, padded));
        secret_deinit(&key);
        CU_ASSERT_EQUAL(open_text(r, text, "wrong", &KEYSTORE_LIMITS, &key, &err), C138_E_DENIED);
        CU_ASSERT_STRING_EQUAL(err.key, "keystore.password");
        CU_ASSERT_PTR_NULL(key.bytes);
    }
    CU_ASSERT_EQUAL(count, 4);
    rig_free(r);
}

/* Small and right; the tests below spoil it. It is the case "life" of @ethersproject/testcases. */
#define FILE_BEGIN                                                                                 \
    "{\"address\":\"17c5185167401ed00cf5f5b2fc97d9bbfdb7d025\",\"id\":\"01234567-8901-4345-a789-"  \
    "012345678901\",\"version\":3,\"Crypto\":"
#define FILE_CRYPTO                                                                                \
    "{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"deadbeef1deadbeef2deadbeef301234\"},"  \
    "\"ciphertext\":\"cea502df4b9405fa2b6d8d19ec4e2953c5ce08e0e01d4c0292512ce62baef8f3\","         \
    "\"kdf\":\"scrypt\",\"kdfparams\":{\"salt\":\"abcd1abcd2abcd3abcd4abcd5abcd6ef\",\"n\":1024,"  \
    "\"dklen\":32,\"p\":2,\"r\":4},"                                                               \
    "\"mac\":\"6e0a8e2409261d464e35a251f4b1fddd6ad0f7045a18d3957c127387f1c0de72\"}"
#define FILE_TEXT FILE_BEGIN FILE_CRYPTO "}"
#define FILE_KEY "4242424242424242424242424242424242424242424242424242424242424242"

/* The text with one part replaced; the caller frees. */
static char *spoil(const char *from, const char *to) {
    const char *at = strstr(FILE_TEXT, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    return c138_xasprintf("%.*s%s%s", (int)(at - FILE_TEXT), FILE_TEXT, to, at + strlen(from));
}

static void old_files(void) {
    struct rig *r = rig_new();
    static const char *const ways[][2] = {
        {"Crypto", "crypto"},
        {"Crypto", "CRYPTO"},
        {"kdfparams", "KdfParams"},
        {"ciphertext", "cipherText"},
        {"\"version\":3", "\"Version\":\"3\""},
        {"\"scrypt\"", "\"Scrypt\""},
        {"\"17c5", "\"0x17C5"},
        {"\"17c5185167401ed00cf5f5b2fc97d9bbfdb7d025\"", "\"\""},
        {"\"address\":\"17c5185167401ed00cf5f5b2fc97d9bbfdb7d025\",", ""},
        {"\"mac\":\"6e", "\"mac\":\"0x6e"}};
    for (size_t i = 0; i < C138_COUNT(ways); i++) {
        SECRET key = SECRET_NULL;
        C138_FREE char *text = spoil(ways[i][0], ways[i][1]);
        CU_ASSERT_EQUAL(open_text(r, text, "foo", &KEYSTORE_LIMITS, &key, NULL), C138_OK);
        CU_ASSERT(rig_is_hex(&key, FILE_KEY));
    }
    rig_free(r);
}

struct spoilt {
    const char *from, *to;
    c138_status status;
    const char *key;
};

static void refuses(void) {
    struct rig *r = rig_new();
    static const struct spoilt cases[] = {
        {"\"version\":3", "\"version\":1", C138_E_UNSUPPORTED, "keystore.version"},
        {"\"version\":3,", "", C138_E_UNSUPPORTED, "keystore.version"},
        {"aes-128-ctr", "aes-128-cbc", C138_E_UNSUPPORTED, "keystore.cipher"},
        {"\"scrypt\"", "\"argon2\"", C138_E_UNSUPPORTED, "keystore.kdf"},
        {"\"scrypt\"", "\"pbkdf2\"", C138_E_UNSUPPORTED, "keystore.prf"},
        {"Crypto", "Krypto", C138_E_INVALID, "keystore.invalid"},
        {"deadbeef1", "", C138_E_INVALID, "keystore.invalid"},
        {"\"mac\":\"6e", "\"mac\":\"6", C138_E_INVALID, "keystore.invalid"},
        {"\"mac\":\"6e", "\"mac\":\"xe", C138_E_INVALID, "keystore.invalid"},
        {"\"ciphertext\":\"", "\"ciphertext\":\"00", C138_E_INVALID, "keystore.invalid"},
        {"\"dklen\":32", "\"dklen\":16", C138_E_INVALID, "keystore.invalid"},
        {"1024", "1023", C138_E_INVALID, "keystore.invalid"},
        {"1024", "0", C138_E_INVALID, "keystore.invalid"},
        {"1024", "-1024", C138_E_INVALID, "keystore.invalid"},
        {"1024", "4294967296", C138_E_INVALID, "keystore.invalid"},
        {"\"r\":4", "\"r\":0", C138_E_INVALID, "keystore.invalid"},
        {"\"p\":2", "\"p\":18446744073709551615", C138_E_INVALID, "keystore.invalid"},
        {"1024", "16777216", C138_E_LIMIT, "keystore.memory"},
        {"\"p\":2", "\"p\":1000000", C138_E_LIMIT, "keystore.work"},
        {"\"mac\":\"6e", "\"mac\":\"6f", C138_E_DENIED, "keystore.password"},
        {"\"ciphertext\":\"ce", "\"ciphertext\":\"cf", C138_E_DENIED, "keystore.password"},
        {"17c5185167401ed0", "17c5185167401ed1", C138_E_CONFLICT, "keystore.address"},
        {"17c5185167401ed0", "17c5", C138_E_INVALID, "keystore.invalid"},
        {"\"id\"", "\"VERSION\":3,\"id\"", C138_E_UNSUPPORTED, "keystore.version"},
        {"{\"address\"", "[\"address\"", C138_E_INVALID, "json.invalid"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        SECRET key = SECRET_NULL;
        struct c138_err err = {0};
        C138_FREE char *text = spoil(cases[i].from, cases[i].to);
        CU_ASSERT_EQUAL(open_text(r, text, "foo", &KEYSTORE_LIMITS, &key, &err), cases[i].status);
        CU_ASSERT_STRING_EQUAL(err.key, cases[i].key);
        CU_ASSERT_PTR_NULL(key.bytes);
    }
    CU_ASSERT_EQUAL(keystore_open(&r->host, "", KEYSTORE_FILE_MAX + 1, "", 0, &KEYSTORE_LIMITS,
                                  NULL, NULL, NULL),
                    C138_E_LIMIT);
    rig_free(r);
}

static void limits(void) {
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL;
    struct c138_err err = {0};
    struct keystore_info info = {0};
    CU_ASSERT_EQUAL(keystore_inspect(FILE_TEXT, strlen(FILE_TEXT), &info, NULL), C138_OK);
    CU_ASSERT_EQUAL(info.memory_bytes, 128 * 4 * (1024 + 2));
    CU_ASSERT_EQUAL(info.kdf.n, 1024);
    CU_ASSERT(info.has_address && info.address[0] == 0x17);
    CU_ASSERT_STRING_EQUAL(info.id, "01234567-8901-4345-a789-012345678901");
    struct keystore_limits just = {.memory_bytes = info.memory_bytes, .work = 8192};
    CU_ASSERT_EQUAL(open_text(r, FILE_TEXT, "foo", &just, &key, &err), C138_OK);
    secret_deinit(&key);
    just.memory_bytes--;
    CU_ASSERT_EQUAL(open_text(r, FILE_TEXT, "foo", &just, &key, &err), C138_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.key, "keystore.memory");
    just.memory_bytes++;
    just.work--;
    CU_ASSERT_EQUAL(open_text(r, FILE_TEXT, "foo", &just, &key, &err), C138_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.key, "keystore.work");
    rig_free(r);
}

static void writes_with(struct rig *r, const struct keystore_kdf *kdf) {
    SECRET again = SECRET_NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL, other = C138_BUF_NULL;
    struct keystore_info info = {0};
    uint8_t key[32];
    size_t n = 0;
    rig_hex(FILE_KEY, key, 32, &n);
    CU_ASSERT_EQUAL_FATAL(keystore_write(&r->host, key, "p\xc3\xa4ss", 5, kdf, &out, NULL),
                          C138_OK);
    CU_ASSERT_EQUAL_FATAL(keystore_inspect(out.data, out.length, &info, NULL), C138_OK);
    CU_ASSERT(info.has_address && info.address[0] == 0x17 && info.address[19] == 0x25);
    CU_ASSERT_EQUAL(strlen(info.id), 36);
    CU_ASSERT_EQUAL(info.id[14], '4');
    CU_ASSERT_EQUAL(open_text(r, out.data, "p\xc3\xa4ss", &KEYSTORE_LIMITS, &again, NULL), C138_OK);
    CU_ASSERT(rig_is_hex(&again, FILE_KEY));
    CU_ASSERT_EQUAL(open_text(r, out.data, "pass", &KEYSTORE_LIMITS, &again, NULL), C138_E_DENIED);
    /* Never the same salt or iv. */
    CU_ASSERT_EQUAL(keystore_write(&r->host, key, "p\xc3\xa4ss", 5, kdf, &other, NULL), C138_OK);
    CU_ASSERT_STRING_NOT_EQUAL(out.data, other.data);
    CU_ASSERT_PTR_NULL(strstr(out.data, "4242424242"));
}

static void writes(void) {
    struct rig *r = rig_new();
    writes_with(r, &KEYSTORE_LIGHT);
    writes_with(r, &(struct keystore_kdf){.c = 1000});
    uint8_t zero[32] = {0};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(keystore_write(&r->host, zero, "x", 1, &KEYSTORE_LIGHT, &out, NULL),
                    C138_E_INVALID);
    CU_ASSERT_EQUAL(out.length, 0);
    rig_free(r);
}

static void names(void) {
    char name[KEYSTORE_NAME];
    uint8_t address[20] = {0xab};
    keystore_name(address, INT64_C(1517017942000000001), name);
    CU_ASSERT_STRING_EQUAL(
        name, "UTC--2018-01-27T01-52-22.000000001Z--ab00000000000000000000000000000000000000");
}

/* The case "crowdsale_password" of @ethersproject/testcases 5.8.0. */
#define PRESALE                                                                                    \
    "{\"encseed\": \""                                                                             \
    "e695362f72ab0a364385f35a3435300188300ee5220c03dcbcf461c62432b667"                             \
    "9ab163abf476aefa5f8cf366eea73c8b7e28e8c0a79ef819634bb8ee1875253d"                             \
    "05b3825076c514063a7ccd8f0f79ba352799571f8ec8b749f8508a638a9a891d"                             \
    "\", \"ethaddr\": \"2e326fa404fc3661de4f4361776ed9bbabdc26e3\"}"

static void presale(void) {
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(keystore_open_presale(&r->host, PRESALE, strlen(PRESALE), "foo", 3, &key, &err),
                    C138_OK);
    CU_ASSERT(rig_is_hex(&key, "cf367fc32bf789b3339c6664af4a12263e9db0e0eb70f247da1d1165e150c487"));
    secret_deinit(&key);
    for (unsigned i = 0; i < 300; i++) { /* a padding that happens to be right is among them */
        char password[8];
        (void)snprintf(password, sizeof(password), "%u", i);
        CU_ASSERT_EQUAL(keystore_open_presale(&r->host, PRESALE, strlen(PRESALE), password,
                                              strlen(password), &key, &err),
                        C138_E_DENIED);
    }
    CU_ASSERT_STRING_EQUAL(err.key, "keystore.password");
    CU_ASSERT_EQUAL(keystore_open_presale(&r->host, "{}", 2, "foo", 3, &key, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NULL(key.bytes);
    rig_free(r);
}

static c138_status once(struct rig *r, void *context) {
    SECRET key = SECRET_NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)context;
    c138_status status = open_text(r, FILE_TEXT, "foo", &KEYSTORE_LIMITS, &key, NULL);
    if (status == C138_OK)
        status = keystore_write(&r->host, key.bytes, "x", 1, &(struct keystore_kdf){.c = 10}, &out,
                                NULL);
    return status;
}

static void starves(void) {
    struct rig *r = rig_new();
    CU_ASSERT(rig_starve(r, once, NULL) > 5);
    rig_free(r);
}

const CU_TestInfo tests_keystore[] = {
    {"vectors", vectors}, {"old files", old_files}, {"refuses", refuses},
    {"limits", limits},   {"writes", writes},       {"names", names},
    {"presale", presale}, {"starves", starves},     CU_TEST_INFO_NULL};
