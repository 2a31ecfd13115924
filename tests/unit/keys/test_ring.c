#include "rig.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <plugins/keys/ring.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The account of the first key of "test test ... junk". */
static const uint8_t known[32] = {0xac, 0x09, 0x74, 0xbe, 0xc3, 0x9a, 0x17, 0xe3, 0x6b, 0xa4, 0xa6,
                                  0xb4, 0xd2, 0x38, 0xff, 0x94, 0x4b, 0xac, 0xb4, 0x78, 0xcb, 0xed,
                                  0x5e, 0xfc, 0xae, 0x78, 0x4d, 0x7b, 0xf4, 0xf2, 0xff, 0x80};
static const uint8_t known_address[20] = {0xf3, 0x9f, 0xd6, 0xe5, 0x1a, 0xad, 0x88,
                                          0xf6, 0xf4, 0xce, 0x6a, 0xb8, 0x82, 0x72,
                                          0x79, 0xcf, 0xff, 0xb9, 0x22, 0x66};
static const struct ring_costs cheap = {
    .kdf = {.n = 1024, .r = 8, .p = 1},
    .argon = {.variant = "id", .iterations = 1, .memory_kib = 1024, .parallelism = 1}};

static struct ring *open_at(const char *path) {
    struct ring *r = NULL;
    struct c138_err err = {0};
    if (ring_open(path, secret_host_heap(), &r, &err) < 0)
        printf("  %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    return r;
}

static struct secret text(const char *t) {
    struct secret s = SECRET_NULL;
    CU_ASSERT_EQUAL_FATAL(secret_init_copy(&s, secret_host_heap(), t, strlen(t), NULL), C138_OK);
    return s;
}

/* Every kind: sealed, found again by a new ring, opened to the same key. */
static void kinds_come_back(void) {
    struct folder f = folder_new();
    struct ring *r = open_at(f.path);
    SECRET password = text("correct horse");
    SECRET wrong = text("wrong");
    SECRET given = SECRET_NULL;
    const struct ring_key *key = NULL;
    struct c138_err err = {0};
    struct stat st;
    CU_ASSERT_EQUAL(secret_init_copy(&given, secret_host_heap(), known, 32, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(
        ring_add(r, "treasury", RING_ACCOUNT, &given, &password, &cheap, 5, &key, &err), C138_OK);
    CU_ASSERT_EQUAL(memcmp(key->address, known_address, 20), 0);
    CU_ASSERT_PTR_NULL(key->secret.bytes);
    CU_ASSERT_EQUAL(ring_add(r, "node-1", RING_NODE, NULL, &password, &cheap, 6, &key, &err),
                    C138_OK);
    CU_ASSERT_EQUAL(ring_add(r, "tm", RING_TESSERA, NULL, &password, &cheap, 7, &key, &err),
                    C138_OK);
    uint8_t tessera[32];
    memcpy(tessera, key->public_key, 32);
    ring_free(r);
    r = open_at(f.path);
    CU_ASSERT_EQUAL_FATAL(ring_count(r), 3);
    CU_ASSERT_EQUAL(ring_troubles(r), 0);
    CU_ASSERT_STRING_EQUAL(ring_at(r, 0)->name, "node-1");
    CU_ASSERT_EQUAL(memcmp(ring_find(r, "tm")->public_key, tessera, 32), 0);
    static const char *const names[] = {"node-1", "tm", "treasury"};
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(ring_unlock(r, names[i], &wrong, &key, &err), C138_E_DENIED);
        CU_ASSERT_EQUAL(ring_unlock(r, names[i], &password, &key, &err), C138_OK);
        CU_ASSERT_EQUAL_FATAL(key->secret.length, 32);
    }
    CU_ASSERT_EQUAL(memcmp(key->secret.bytes, known, 32), 0);
    CU_ASSERT_EQUAL(ring_unlock(r, "treasury", &wrong, &key, &err), C138_OK); /* it is open */
    ring_lock(r, "treasury");
    CU_ASSERT_PTR_NULL(ring_find(r, "treasury")->secret.bytes);
    CU_ASSERT_EQUAL(ring_unlock(r, "nobody", &password, &key, &err), C138_E_NOTFOUND);
    C138_FREE char *file = folder_file(&f, "treasury.json");
    CU_ASSERT_EQUAL(stat(file, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CU_ASSERT_FALSE(folder_holds(&f, known, 32));
    ring_free(r);
    folder_free(&f);
}

static void never_overwritten(void) {
    struct folder f = folder_new();
    struct ring *r = open_at(f.path);
    SECRET password = text("p");
    SECRET given = SECRET_NULL;
    SECRET none = SECRET_NULL;
    const struct ring_key *key = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(secret_init_copy(&given, secret_host_heap(), known, 32, NULL), C138_OK);
    CU_ASSERT_EQUAL(ring_add(r, "a", RING_ACCOUNT, &given, &password, &cheap, 5, &key, &err),
                    C138_OK);
    CU_ASSERT_EQUAL(ring_add(r, "a", RING_ACCOUNT, NULL, &password, &cheap, 5, &key, &err),
                    C138_E_CONFLICT);
    CU_ASSERT_EQUAL(ring_add(r, "b", RING_ACCOUNT, &given, &password, &cheap, 5, &key, &err),
                    C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "as a"));
    CU_ASSERT_EQUAL(ring_add(r, "c", RING_ACCOUNT, NULL, &none, &cheap, 5, &key, &err),
                    C138_E_INVALID);
    /* a file that came there behind the ring's back */
    C138_FREE char *file = folder_file(&f, "d.json");
    CU_ASSERT_EQUAL(c138_file_write(file, 0600, "mine", 4, NULL), C138_OK);
    CU_ASSERT_EQUAL(ring_add(r, "d", RING_ACCOUNT, NULL, &password, &cheap, 5, &key, &err),
                    C138_E_CONFLICT);
    C138_BUF struct c138_buf got = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_file_read(file, 100, &got, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&got), "mine");
    static const char *const bad[] = {"", "-a", "A", "a/b", "../a", "a.b", "\xc3\xa9"};
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT_EQUAL(ring_add(r, bad[i], RING_ACCOUNT, NULL, &password, &cheap, 5, &key, &err),
                        C138_E_INVALID);
    CU_ASSERT_EQUAL(ring_count(r), 1);
    ring_free(r);
    r = open_at(f.path);
    CU_ASSERT_EQUAL(ring_count(r), 1);
    CU_ASSERT_EQUAL_FATAL(ring_troubles(r), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(ring_trouble(r, 0), "d.json"));
    ring_free(r);
    folder_free(&f);
}

/* A file that says one key and holds another does not open as the first. */
static void changed_file(void) {
    struct folder f = folder_new();
    struct ring *r = open_at(f.path);
    SECRET password = text("p");
    const struct ring_key *key = NULL;
    struct c138_err err = {0};
    C138_FREE char *a = folder_file(&f, "a.json"), *b = folder_file(&f, "b.json");
    C138_BUF struct c138_buf one = C138_BUF_NULL, two = C138_BUF_NULL;
    C138_JSON struct c138_json *ja = NULL, *jb = NULL;
    CU_ASSERT_EQUAL(ring_add(r, "a", RING_ACCOUNT, NULL, &password, &cheap, 5, &key, &err),
                    C138_OK);
    CU_ASSERT_EQUAL(ring_add(r, "b", RING_ACCOUNT, NULL, &password, &cheap, 5, &key, &err),
                    C138_OK);
    ring_free(r);
    CU_ASSERT_EQUAL(c138_file_read(a, 65536, &one, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_file_read(b, 65536, &two, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_json_parse(one.data, one.length, &ja, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_json_parse(two.data, two.length, &jb, NULL), C138_OK);
    c138_json_set(jb, "chain138", c138_json_ref(c138_json_get(ja, "chain138")));
    C138_FREE char *mixed = c138_json_dump(jb);
    CU_ASSERT_EQUAL(c138_file_write(a, 0600, mixed, strlen(mixed), NULL), C138_OK);
    r = open_at(f.path);
    CU_ASSERT_EQUAL(ring_unlock(r, "a", &password, &key, &err), C138_E_CONFLICT);
    CU_ASSERT_STRING_EQUAL(err.key, "keys.changed");
    CU_ASSERT_PTR_NULL(ring_find(r, "a")->secret.bytes);
    ring_free(r);
    folder_free(&f);
}

const CU_TestInfo tests_ring[] = {{"kinds come back", kinds_come_back},
                                  {"never overwritten", never_overwritten},
                                  {"a changed file", changed_file},
                                  CU_TEST_INFO_NULL};
