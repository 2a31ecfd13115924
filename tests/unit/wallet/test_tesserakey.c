#include "rig.h"

#include <wallet/tesserakey.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static c138_status open_text(struct rig *r, const char *text, const char *password,
                             struct secret *ret_key, struct c138_err *err) {
    return tesserakey_open(&r->host, text, strlen(text), password, strlen(password),
                           &TESSERAKEY_LIMITS, ret_key, err);
}

static void is_key(const struct secret *key, const char *public_b64) {
    uint8_t public_key[32];
    char text[TESSERAKEY_TEXT];
    CU_ASSERT_EQUAL_FATAL(key->length, 32);
    CU_ASSERT_EQUAL(tesserakey_public(key->bytes, public_key, NULL), C138_OK);
    tesserakey_public_text(public_key, text);
    CU_ASSERT_STRING_EQUAL(text, public_b64);
}

/* Those that take little memory; the one of 1 GiB is opened by tests/integration/wallet_vectors.py.
 */
static void locked(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("tessera-21.1.1-keys.json");
    const struct c138_json *all = c138_json_get(data, "vectors");
    unsigned count = 0;
    for (size_t i = 0; i < c138_json_count(all); i++) {
        const struct c138_json *v = c138_json_at(all, i);
        C138_FREE char *text = c138_json_pretty(c138_json_get(v, "key_file"));
        struct tesserakey_info info = {0};
        CU_ASSERT_EQUAL(tesserakey_inspect(&r->host, text, strlen(text), &info, NULL), C138_OK);
        CU_ASSERT(info.locked);
        if (info.argon.memory_kib > 65536)
            continue;
        SECRET key = SECRET_NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(open_text(r, text, c138_json_get_str(v, "password", ""), &key, &err),
                        C138_OK);
        is_key(&key, c138_json_get_str(v, "public_key_b64", ""));
        secret_deinit(&key);
        CU_ASSERT_EQUAL(open_text(r, text, "wrong", &key, &err), C138_E_DENIED);
        CU_ASSERT_STRING_EQUAL(err.key, "tesserakey.password");
        count++;
    }
    CU_ASSERT_EQUAL(count, 2);
    rig_free(r);
}

static void unlocked(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("tessera-21.1.1-keys.json");
    const struct c138_json *all = c138_json_get(data, "unlocked");
    CU_ASSERT_EQUAL(c138_json_count(all), 4);
    for (size_t i = 0; i < c138_json_count(all); i++) {
        const struct c138_json *v = c138_json_at(all, i);
        const char *text = c138_json_get_str(v, "file", "");
        SECRET key = SECRET_NULL, again = SECRET_NULL, file = SECRET_NULL;
        CU_ASSERT_EQUAL(open_text(r, text, "not looked at", &key, NULL), C138_OK);
        is_key(&key, c138_json_get_str(v, "public_key_b64", ""));
        CU_ASSERT_EQUAL(tesserakey_write(&r->host, key.bytes, &file, NULL), C138_OK);
        CU_ASSERT_EQUAL(open_text(r, (char *)file.bytes, "", &again, NULL), C138_OK);
        CU_ASSERT(rig_is(&again, key.bytes, 32));
    }
    SECRET key = SECRET_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(open_text(r, c138_json_get_str(data, "ec", ""), "", &key, &err),
                    C138_E_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(err.key, "tesserakey.ec");
    rig_free(r);
}

#define UNLOCKED(bytes) "{\"type\":\"unlocked\",\"data\":{\"bytes\":\"" bytes "\"}}"

static void shapes(void) {
    struct rig *r = rig_new();
    static const struct {
        const char *text;
        c138_status status;
    } cases[] = {
        {UNLOCKED("CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U/8="), C138_OK},
        {UNLOCKED("CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U\\/8="), C138_OK},
        {"{\"data\" : { \"bytes\"\t: \n\"CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U/8=\"},"
         "\"type\":\"unlocked\"}",
         C138_OK},
        {UNLOCKED("CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U\\u002f8="), C138_E_INVALID},
        {UNLOCKED("CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U/8"), C138_E_INVALID},
        {UNLOCKED("CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U"), C138_E_INVALID},
        {UNLOCKED(""), C138_E_INVALID},
        {"{\"type\":\"unlocked\",\"data\":{\"byte\":\"x\"}}", C138_E_INVALID},
        {"{\"type\":\"unlocked\",\"data\":{\"bytes\":1}}", C138_E_INVALID},
        {"{\"type\":\"unlocked\",\"bytes\":\"CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U/8=\"}",
         C138_E_INVALID},
        {"{\"type\":\"unlocked\",\"data\":{\"\\u0062ytes\":"
         "\"CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++"
         "U/8=\"}}",
         C138_E_INVALID},
        {"{\"type\":\"unlocked\",\"data\":{\"bytes\":\"CDYq51x6sbyVhdKKRNDFFpmepTIJVCs2lNd7JG++U/"
         "8=\",\"x\":{\"bytes\":\"a\"}}}",
         C138_E_INVALID},
        {"{\"type\":\"vault\",\"data\":{}}", C138_E_UNSUPPORTED},
        {"{}", C138_E_UNSUPPORTED},
        {"", C138_E_INVALID},
        {"\"bytes\"", C138_E_UNSUPPORTED},
        {"{\"bytes\":\"", C138_E_INVALID},
        {"{\"type\":\"argon2sbox\",\"data\":{}}", C138_E_INVALID}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        SECRET key = SECRET_NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(open_text(r, cases[i].text, "", &key, &err), cases[i].status);
        CU_ASSERT_EQUAL(key.bytes != NULL, cases[i].status == C138_OK);
        CU_ASSERT_PTR_NULL(strstr(err.text, "CDYq")); /* never the key */
    }
    rig_free(r);
}

/* The vector lock1 of the recordings with something changed. */
static char *lock1(const char *variant, const char *iterations, const char *memory,
                   const char *lanes, const char *snonce) {
    return c138_xasprintf(
        "{\"type\":\"argon2sbox\",\"data\":{\"snonce\":\"%s\",\"asalt\":\"2flFgCPem3FyL9CAEznQbw=="
        "\","
        "\"sbox\":\"+zPoPpyyn/esdkn5iDoXJ5980PhgSGqZc/aLcXaQdZ/+r+VLjuovrwfGl5ki/2Xx\",\"aopts\":{"
        "\"variant\":\"%s\",\"iterations\":%s,\"memory\":%s,\"parallelism\":%s}}}",
        snonce, variant, iterations, memory, lanes);
}

#define NONCE "MbiKMU9pEQmeIgm3+BEugJ75jBck53wE"

static void refuses(void) {
    struct rig *r = rig_new();
    static const struct {
        const char *variant, *iterations, *memory, *lanes, *nonce;
        c138_status status;
        const char *key;
    } cases[] = {{"id", "3", "4096", "1", NONCE, C138_OK, ""},
                 {"d", "3", "4096", "1", NONCE, C138_E_DENIED, "tesserakey.password"},
                 {"i", "3", "4096", "1", NONCE, C138_E_DENIED, "tesserakey.password"},
                 {"id", "4", "4096", "1", NONCE, C138_E_DENIED, "tesserakey.password"},
                 {"id", "3", "4096", "2", NONCE, C138_E_DENIED, "tesserakey.password"},
                 {"x", "3", "4096", "1", NONCE, C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "0", "4096", "1", NONCE, C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "3", "7", "1", NONCE, C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "3", "4096", "256", NONCE, C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "3", "4096", "0", NONCE, C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "3", "-1", "1", NONCE, C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "3", "4096", "1", "AAAA", C138_E_INVALID, "tesserakey.invalid"},
                 {"id", "3", "4294967295", "1", NONCE, C138_E_LIMIT, "tesserakey.memory"},
                 {"id", "4000000000", "4096", "1", NONCE, C138_E_LIMIT, "tesserakey.work"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        SECRET key = SECRET_NULL;
        struct c138_err err = {0};
        C138_FREE char *text = lock1(cases[i].variant, cases[i].iterations, cases[i].memory,
                                     cases[i].lanes, cases[i].nonce);
        CU_ASSERT_EQUAL(open_text(r, text, "Known-Password-1", &key, &err), cases[i].status);
        CU_ASSERT_STRING_EQUAL(err.key, cases[i].key);
    }
    CU_ASSERT_EQUAL(tesserakey_open(&r->host, "", TESSERAKEY_FILE_MAX + 1, "", 0,
                                    &TESSERAKEY_LIMITS, NULL, NULL),
                    C138_E_LIMIT);
    rig_free(r);
}

static void locks(void) {
    struct rig *r = rig_new();
    static const char *const variants[] = {"i", "d", "id"};
    SECRET key = SECRET_NULL;
    CU_ASSERT_EQUAL_FATAL(tesserakey_new(&r->host, &key, NULL), C138_OK);
    for (size_t i = 0; i < C138_COUNT(variants); i++) {
        struct tesserakey_argon argon = {.iterations = 1, .memory_kib = 64, .parallelism = 4};
        (void)snprintf(argon.variant, sizeof(argon.variant), "%s", variants[i]);
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        SECRET again = SECRET_NULL;
        struct tesserakey_info info = {0};
        CU_ASSERT_EQUAL_FATAL(
            tesserakey_lock(&r->host, key.bytes, "pw \xc3\xa9", 5, &argon, &out, NULL), C138_OK);
        CU_ASSERT_EQUAL(tesserakey_inspect(&r->host, out.data, out.length, &info, NULL), C138_OK);
        CU_ASSERT_STRING_EQUAL(info.argon.variant, variants[i]);
        CU_ASSERT_EQUAL(info.argon.parallelism, 4);
        CU_ASSERT_EQUAL(open_text(r, out.data, "pw \xc3\xa9", &again, NULL), C138_OK);
        CU_ASSERT(rig_is(&again, key.bytes, 32));
        secret_deinit(&again);
        CU_ASSERT_EQUAL(open_text(r, out.data, "pw e", &again, NULL), C138_E_DENIED);
    }
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(tesserakey_lock(&r->host, key.bytes, "", 0, &TESSERAKEY_MODERATE, &out, &err),
                    C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "tesserakey.empty");
    secret_deinit(&key);
    rig_free(r);
}

static c138_status once(struct rig *r, void *context) {
    SECRET key = SECRET_NULL, text = SECRET_NULL, again = SECRET_NULL, third = SECRET_NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct tesserakey_argon argon = {
        .variant = "id", .iterations = 1, .memory_kib = 8, .parallelism = 1};
    (void)context;
    c138_status status = tesserakey_new(&r->host, &key, NULL);
    if (status == C138_OK)
        status = tesserakey_write(&r->host, key.bytes, &text, NULL);
    if (status == C138_OK)
        status = open_text(r, (char *)text.bytes, "", &again, NULL);
    if (status == C138_OK)
        status = tesserakey_lock(&r->host, key.bytes, "x", 1, &argon, &out, NULL);
    return status == C138_OK ? open_text(r, out.data, "x", &third, NULL) : status;
}

static void starves(void) {
    struct rig *r = rig_new();
    CU_ASSERT(rig_starve(r, once, NULL) > 6);
    rig_free(r);
}

const CU_TestInfo tests_tesserakey[] = {
    {"locked", locked}, {"unlocked", unlocked}, {"shapes", shapes}, {"refuses", refuses},
    {"locks", locks},   {"starves", starves},   CU_TEST_INFO_NULL};
