/*
 * After each operation: is a secret left anywhere in the memory of this process that can be
 * written? Looks at heap, stack and data of the whole process, as an attacker with a core dump
 * would. The secrets to look for stand in constant memory, which is not looked at.
 */
#include "rig.h"

#include <wallet/hd.h>
#include <wallet/keystore.h>
#include <wallet/mnemonic.h>
#include <wallet/nodekey.h>
#include <wallet/slip39.h>
#include <wallet/tesserakey.h>

#include <config.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct needle {
    const char *name;
    const void *bytes;
    size_t length;
};
#define NEEDLE(name, text)                                                                         \
    { (name), (text), sizeof(text) - 1 }

static int cannot_look(void) {
#ifdef C138_SANITIZED
    return 1; /* their shadow is terabytes */
#else
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
#endif
}

static unsigned found_in(const char *line, const struct needle *n) {
    uintptr_t from = 0, to = 0;
    char mode[5] = "";
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, mode) != 3 ||
        strncmp(mode, "rw", 2) != 0 || strstr(line, "[vvar"))
        return 0;
    const char *p = (const char *)from, *end = (const char *)to;
    unsigned times = 0;
    while ((p = memmem(p, (size_t)(end - p), n->bytes, n->length))) {
        times++;
        p++;
    }
    if (times)
        printf("%s: found in %s", n->name, line);
    return times;
}

/* How often it stands in writable memory. */
static unsigned look(const struct needle *n) {
    char line[512];
    unsigned times = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(maps);
    while (fgets(line, sizeof(line), maps))
        times += found_in(line, n);
    fclose(maps);
    return times;
}

static void none_left(const struct needle *needles, size_t count) {
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(look(&needles[i]), 0);
}

/* The look finds what is there: on the heap, freed, and on a stack that was left. */
static __attribute__((noinline)) void litter(const char *text) {
    char stack[4096];
    for (size_t i = 0; i < 32; i++)
        stack[2000 + i] = text[i];
    __asm__ volatile("" : : "r"(stack) : "memory");
}

static void looks_well(void) {
    static const char heap[] = "twelve little secrets on the heap, and a bit",
                      stack[] = "one more secret, left on the stack below";
    const struct needle in_heap = {"heap", heap + 16, 20}, on_stack = {"stack", stack, 30};
    if (cannot_look()) {
        printf("skipped: secrets left in memory: not with a sanitizer or valgrind\n");
        return;
    }
    none_left((struct needle[]){in_heap, on_stack}, 2);
    char *p = strdup(heap);
    CU_ASSERT(look(&in_heap) >= 1);
    free(p);
    CU_ASSERT(look(&in_heap) >= 1); /* free does not wipe */
    litter(stack);
    CU_ASSERT(look(&on_stack) >= 1);
}

#define WIKI_KEY                                                                                   \
    "\x7a\x28\xb5\xba\x57\xc5\x36\x03\xb0\xb0\x7b\x56\xbb\xa7\x52\xf7\x78\x4b\xf5\x06\xfa\x95"     \
    "\xed\xc3\x95\xf5\xcf\x6c\x75\x14\xfe\x9d"
/* What scrypt gives for it: the first half is the cipher's key. */
#define WIKI_DERIVED "\xfa\xc1\x92\xce\xb5\xfd\x77\x29\x06\xbe\xa3\xe1\x18\xa6\x9e\x8b"
#define WIKI_DERIVED_MAC "\xbb\x5c\xc2\x42\x29\xe2\x0d\x87\x66\xfd\x29\x82\x91\xbb\xa6\xbd"

static void keystore(void) {
    static const struct needle needles[] = {
        NEEDLE("key", WIKI_KEY), NEEDLE("cipher key", WIKI_DERIVED),
        NEEDLE("mac key", WIKI_DERIVED_MAC), NEEDLE("password", "my secret password 1"),
        NEEDLE("hex", "7a28b5ba57c53603b0b07b56")};
    if (cannot_look())
        return;
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL;
    C138_JSON struct c138_json *data = rig_data("keystore-v3.json");
    C138_FREE char *text =
        c138_json_dump(c138_json_get(c138_json_get(data, "wikipage_test_vector_scrypt"), "json"));
    data = c138_json_unref(data); /* the answer stands beside the question */
    (void)look(&needles[0]);
    CU_ASSERT_EQUAL(keystore_open(&r->host, text, strlen(text), "testpassword", 12,
                                  &KEYSTORE_LIMITS, &key, NULL, NULL),
                    C138_OK);
    CU_ASSERT_EQUAL(look(&needles[0]), 1); /* the caller's */
    secret_deinit(&key);
    none_left(needles, 4);
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(keystore_write(&r->host, (const uint8_t *)WIKI_KEY, "my secret password 1", 20,
                                   &(struct keystore_kdf){.c = 100}, &out, NULL),
                    C138_OK);
    none_left(needles, 4);
    CU_ASSERT_EQUAL(keystore_open(&r->host, out.data, out.length, "my secret password 2", 20,
                                  &KEYSTORE_LIMITS, &key, NULL, NULL),
                    C138_E_DENIED);
    none_left(needles, 4);
    rig_free(r);
}

static void tessera(void) {
    static const struct needle needles[] = {
        NEEDLE("key", "\x91\x42\xdd\xeb\x30\x67\x0e\xfb\x53\x36\xb9\xad\x4b\x48\xb8\xa5"),
        NEEDLE("base64", "kULd6zBnDvtTNrmtS0i4pcp+VODe"),
        NEEDLE("argon2",
               "\xf5\x60\xf4\x2c\x8e\x5f\x9a\x7c\x8e\xed\x66\xcd\x49\xbc\x0a\x38\x7f\x4f")};
    static const char file[] = "{\"type\":\"unlocked\",\"data\":{\"bytes\":"
                               "\"kULd6zBnDvtTNrmtS0i4pcp+VODeD66vvjHPtEwflHg=\"}}",
                      wrong[] = "{\"type\":\"unlocked\",\"data\":{\"bytes\":"
                                "\"kULd6zBnDvtTNrmtS0i4pcp+VODeD66vvjHPtEwflHg=\"}, x";
    static const char locked[] =
        "{\"type\":\"argon2sbox\",\"data\":{\"snonce\":\"MbiKMU9pEQmeIgm3+BEugJ75jBck53wE\","
        "\"asalt\":"
        "\"2flFgCPem3FyL9CAEznQbw==\",\"sbox\":\"+zPoPpyyn/esdkn5iDoXJ5980PhgSGqZc/aLcXaQdZ/"
        "+r+VLjuovrwfGl5ki/2Xx\",\"aopts\":{\"variant\":\"id\",\"iterations\":3,\"memory\":4096,"
        "\"parallelism\":1}}}";
    if (cannot_look())
        return;
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL, text = SECRET_NULL;
    CU_ASSERT_EQUAL(
        tesserakey_open(&r->host, file, strlen(file), "", 0, &TESSERAKEY_LIMITS, &key, NULL),
        C138_OK);
    CU_ASSERT_EQUAL(look(&needles[0]), 1);
    CU_ASSERT_EQUAL(tesserakey_write(&r->host, key.bytes, &text, NULL), C138_OK);
    CU_ASSERT_EQUAL(look(&needles[1]), 1);
    secret_deinit(&text);
    secret_deinit(&key);
    none_left(needles, 3);
    CU_ASSERT_EQUAL(
        tesserakey_open(&r->host, wrong, strlen(wrong), "", 0, &TESSERAKEY_LIMITS, &key, NULL),
        C138_E_INVALID);
    none_left(needles, 3);
    CU_ASSERT_EQUAL(tesserakey_open(&r->host, locked, strlen(locked), "Known-Password-1", 16,
                                    &TESSERAKEY_LIMITS, &key, NULL),
                    C138_OK);
    secret_deinit(&key);
    none_left(needles, 3);
    rig_free(r);
}

static void words_and_tree(void) {
    static const char words[] = "test test test test test test test test test test test junk";
    static const struct needle needles[] = {
        NEEDLE("seed", "\x9d\xfc\x3c\x64\xc2\xf8\xbe\xde\x15\x33\xb6\xa7\x9f\x85\x70\xe5"),
        NEEDLE("key", "\xac\x09\x74\xbe\xc3\x9a\x17\xe3\x6b\xa4\xa6\xb4\xd2\x38\xff\x94"),
        NEEDLE("words", "test test test test test test test junk"),
        /* the root, and its chain code: HMAC-SHA512 of the seed as Python has it */
        NEEDLE("root", "\xad\xa5\xf7\x92\x8e\xf8\xf6\x84\xaf\xa7\xb0\x69\x29\xb5\xd1\xf6"),
        NEEDLE("chain", "\xa6\x00\x1a\x33\xd7\xf0\x33\xeb\x87\x2b\x5e\x95\x58\x7f\xe2\x05")};
    if (cannot_look())
        return;
    struct rig *r = rig_new();
    SECRET seed = SECRET_NULL, text = SECRET_NULL;
    HD struct hd *root = NULL, *node = NULL, *again = NULL;
    CU_ASSERT_EQUAL(mnemonic_to_seed(&r->host, NULL, words, strlen(words), "", 0, &seed, NULL),
                    C138_OK);
    CU_ASSERT_EQUAL(look(&needles[0]), 1);
    CU_ASSERT_EQUAL(hd_from_seed(&r->host, seed.bytes, seed.length, &root, NULL), C138_OK);
    secret_deinit(&seed);
    CU_ASSERT_EQUAL(look(&needles[3]), 1);
    CU_ASSERT_EQUAL(hd_path(root, HD_PATH_ETHEREUM, &node, NULL), C138_OK);
    CU_ASSERT_EQUAL(look(&needles[1]), 1);
    CU_ASSERT_EQUAL(hd_private_text(node, &text, NULL), C138_OK);
    CU_ASSERT_EQUAL(hd_from_text(&r->host, (char *)text.bytes, text.length, &again, NULL), C138_OK);
    CU_ASSERT_EQUAL(look(&needles[1]), 2);
    secret_deinit(&text);
    root = hd_free(root);
    node = hd_free(node);
    again = hd_free(again);
    none_left(needles, 5);
    rig_free(r);
}

static void shares(void) {
    static const char secret[] = "nobody alone may hold these bytes";
    static const char vector[] =
        "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang wrist "
        "rescue view short owner flip making coding armed\n"
        "shadow pistol academic acid actress prayer class unknown daughter sweater depict flip "
        "twice "
        "unkind craft early superior advocate guest smoking\n";
    static const struct needle needles[] = {
        {"secret", secret, 24},
        NEEDLE("vector", "\xb4\x3c\xeb\x7e\x57\xa0\xea\x87\x66\x22\x16\x24\xd0\x1b\x08\x64"),
        NEEDLE("words", "unkind craft early superior advocate")};
    const struct slip39_options options = {1, 1, {{2, 3}}, 0, 0};
    if (cannot_look())
        return;
    struct rig *r = rig_new();
    SECRET out = SECRET_NULL;
    CU_ASSERT_EQUAL(
        slip39_split(&r->host, (const uint8_t *)secret, 32, "x", 1, &options, &out, NULL), C138_OK);
    secret_deinit(&out);
    none_left(needles, 3);
    CU_ASSERT_EQUAL(slip39_combine(&r->host, vector, strlen(vector), "TREZOR", 6, &out, NULL),
                    C138_OK);
    CU_ASSERT_EQUAL(look(&needles[1]), 1);
    secret_deinit(&out);
    none_left(needles, 3);
    rig_free(r);
}

static void node_key(void) {
    static const char text[] = "8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63";
    static const struct needle needles[] = {
        NEEDLE("key", "\x8f\x2a\x55\x94\x90\x38\xa9\x61\x0f\x50\xfb\x23\xb5\x88\x3a\xf3"),
        NEEDLE("hex", "8f2a55949038a9610f50fb23b5883af3")};
    if (cannot_look())
        return;
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL, out = SECRET_NULL;
    uint8_t address[20];
    CU_ASSERT_EQUAL(nodekey_read(&r->host, text, strlen(text), &key, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_address(&r->host, key.bytes, address, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_write(&r->host, key.bytes, &out, NULL), C138_OK);
    CU_ASSERT_EQUAL(look(&needles[0]), 1);
    secret_deinit(&key);
    secret_deinit(&out);
    none_left(needles, 2);
    rig_free(r);
}

const CU_TestInfo tests_leaks[] = {{"the look finds what is there", looks_well},
                                   {"keystore", keystore},
                                   {"tessera", tessera},
                                   {"words and tree", words_and_tree},
                                   {"shares", shares},
                                   {"node key", node_key},
                                   CU_TEST_INFO_NULL};
