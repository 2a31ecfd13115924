#include "rig.h"

#include <wallet/hd.h>
#include <wallet/mnemonic.h>

#include <string.h>

static void vector(struct rig *r, const struct c138_json *v) {
    const char *words = c138_json_as_str(c138_json_at(v, 1), "");
    uint8_t entropy[32];
    size_t n = 0;
    SECRET s = SECRET_NULL;
    HD struct hd *node = NULL;
    rig_hex(c138_json_as_str(c138_json_at(v, 0), ""), entropy, sizeof(entropy), &n);
    CU_ASSERT_EQUAL(mnemonic_from_entropy(&r->host, NULL, entropy, n, &s, NULL), C138_OK);
    CU_ASSERT(rig_is_text(&s, words));
    secret_deinit(&s);
    CU_ASSERT_EQUAL(mnemonic_to_entropy(&r->host, NULL, words, strlen(words), &s, NULL), C138_OK);
    CU_ASSERT(rig_is(&s, entropy, n));
    secret_deinit(&s);
    CU_ASSERT_EQUAL(mnemonic_to_seed(&r->host, NULL, words, strlen(words), "TREZOR", 6, &s, NULL),
                    C138_OK);
    CU_ASSERT(rig_is_hex(&s, c138_json_as_str(c138_json_at(v, 2), "")));
    CU_ASSERT_EQUAL(hd_from_seed(&r->host, s.bytes, s.length, &node, NULL), C138_OK);
    secret_deinit(&s);
    CU_ASSERT_EQUAL(hd_private_text(node, &s, NULL), C138_OK);
    CU_ASSERT(rig_is_text(&s, c138_json_as_str(c138_json_at(v, 3), "")));
}

static void vectors(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("bip39-vectors.json");
    const struct c138_json *english = c138_json_get(data, "english");
    CU_ASSERT_EQUAL(c138_json_count(english), 24);
    for (size_t i = 0; i < c138_json_count(english); i++)
        vector(r, c138_json_at(english, i));
    rig_free(r);
}

#define TEST_JUNK "test test test test test test test test test test test junk"

/* What every developer's node starts with. */
static void anvil(void) {
    struct rig *r = rig_new();
    SECRET seed = SECRET_NULL;
    HD struct hd *root = NULL, *node = NULL;
    uint8_t address[20];
    char hex[41];
    const char messy[] = " Test test\ttest TEST test test test test test test\r\n test  junk\n";
    CU_ASSERT_EQUAL_FATAL(
        mnemonic_to_seed(&r->host, NULL, messy, strlen(messy), NULL, 0, &seed, NULL), C138_OK);
    CU_ASSERT(rig_is_hex(&seed,
                         "9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185d564a3"
                         "aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0"));
    CU_ASSERT_EQUAL_FATAL(hd_from_seed(&r->host, seed.bytes, seed.length, &root, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(hd_path(root, HD_PATH_ETHEREUM, &node, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(hd_address(node, address, NULL), C138_OK);
    c138_hex_encode(address, 20, hex);
    CU_ASSERT_STRING_EQUAL(hex, "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    root = hd_free(root);
    node = hd_free(node);
    secret_deinit(&seed);
    rig_free(r);
}

static void refused(struct rig *r, const char *text, const char *key, const char *in_text) {
    SECRET s = SECRET_NULL;
    struct c138_err err = {0};
    CU_ASSERT(mnemonic_to_entropy(&r->host, NULL, text, strlen(text), &s, &err) < 0);
    CU_ASSERT_STRING_EQUAL(err.key, key);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, in_text));
    CU_ASSERT_PTR_NULL(strstr(err.text, "junk")); /* never a word */
    CU_ASSERT_PTR_NULL(s.bytes);
}

static void refuses(void) {
    struct rig *r = rig_new();
    SECRET s = SECRET_NULL;
    struct c138_err err = {0};
    uint8_t entropy[36] = {0};
    refused(r, "test test test test test test test test test test junk test", "mnemonic.checksum",
            "12 words");
    refused(r, "test test test test test test test test test test test junkie", "mnemonic.word",
            "word 12 ");
    refused(r, "test test test test test test test test test test junk", "mnemonic.count", "11");
    refused(r, "", "mnemonic.count", "0 words");
    refused(r, TEST_JUNK " " TEST_JUNK " " TEST_JUNK, "mnemonic.count", "25");
    refused(r, "\xff\xfe", "mnemonic.utf8", "UTF-8");
    C138_FREE char *longer = c138_xcalloc(1, MNEMONIC_TEXT_MAX + 2);
    memset(longer, ' ', MNEMONIC_TEXT_MAX + 1);
    refused(r, longer, "mnemonic.length", "1025");
    for (size_t n = 0; n <= 36; n++) {
        c138_status status = mnemonic_from_entropy(&r->host, NULL, entropy, n, &s, &err);
        int good = n == 16 || n == 20 || n == 24 || n == 28 || n == 32;
        CU_ASSERT_EQUAL(status, good ? C138_OK : C138_E_INVALID);
        secret_deinit(&s);
    }
    rig_free(r);
}

static void makes_new(void) {
    struct rig *r = rig_new();
    for (unsigned words = 0; words < 30; words++) {
        SECRET a = SECRET_NULL, b = SECRET_NULL;
        int good = words >= 12 && words <= 24 && words % 3 == 0;
        CU_ASSERT_EQUAL(mnemonic_new(&r->host, NULL, words, &a, NULL),
                        good ? C138_OK : C138_E_INVALID);
        if (!good)
            continue;
        CU_ASSERT_EQUAL(mnemonic_to_entropy(&r->host, NULL, (char *)a.bytes, a.length, &b, NULL),
                        C138_OK);
        CU_ASSERT_EQUAL(b.length, words / 3 * 4);
        secret_deinit(&b);
        CU_ASSERT_EQUAL(mnemonic_new(&r->host, NULL, words, &b, NULL), C138_OK);
        CU_ASSERT(a.length != b.length || memcmp(a.bytes, b.bytes, a.length) != 0);
    }
    rig_free(r);
}

/* From the Unicode standard: decomposition, compatibility, canonical order of marks, Hangul. */
static void normal_forms(void) {
    struct rig *r = rig_new();
    static const struct {
        const char *from, *to;
    } cases[] = {{"plain", "plain"},
                 {"\xc3\xa9", "e\xcc\x81"},
                 {"\xef\xac\x81", "fi"},
                 {"\xe3\x80\x80", " "},
                 {"\xc2\xb9", "1"},
                 {"q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87"},
                 {"\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        SECRET s = SECRET_NULL;
        CU_ASSERT_EQUAL(
            mnemonic_nfkd(&r->host, cases[i].from, strlen(cases[i].from), 100, &s, NULL), C138_OK);
        CU_ASSERT(rig_is_text(&s, cases[i].to));
    }
    /* The character that grows most, as often as it fits. */
    char all[1023];
    for (size_t i = 0; i < sizeof(all); i += 3)
        memcpy(all + i, "\xef\xb7\xba", 3);
    SECRET s = SECRET_NULL;
    CU_ASSERT_EQUAL(mnemonic_nfkd(&r->host, all, sizeof(all), 1024, &s, NULL), C138_OK);
    CU_ASSERT_EQUAL(s.length, sizeof(all) * 11);
    secret_deinit(&s);
    rig_free(r);
}

static c138_status seed_once(struct rig *r, void *context) {
    SECRET s = SECRET_NULL;
    (void)context;
    return mnemonic_to_seed(&r->host, NULL, TEST_JUNK, strlen(TEST_JUNK), "p\xc3\xa4ss", 5, &s,
                            NULL);
}

static void starves(void) {
    struct rig *r = rig_new();
    CU_ASSERT(rig_starve(r, seed_once, NULL) > 5);
    rig_free(r);
}

const CU_TestInfo tests_mnemonic[] = {
    {"vectors", vectors},     {"anvil's words", anvil},       {"refuses", refuses},
    {"makes new", makes_new}, {"normal forms", normal_forms}, {"starves", starves},
    CU_TEST_INFO_NULL};
