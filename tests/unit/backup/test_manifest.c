#include "rig.h"

#include <plugins/backup/manifest.h>

#include <stdio.h>
#include <string.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ITEM                                                                                       \
    "{\"name\":\"chain\",\"kind\":\"chain\",\"files\":2,\"bytes\":10,\"stored_bytes\":5,"          \
    "\"object\":\"chain.tar.zst\",\"sums\":\"chain.sha256\",\"sha256\":\"" HASH                    \
    "\",\"sums_sha256\":\"" HASH "\",\"encrypted\":false}"
#define HEAD                                                                                       \
    "{\"format\":\"chain138-backup/1\",\"id\":\"01M8MBHNS3DND9A8WTVE8RY83G\",\"host\":\"h\","      \
    "\"engine\":\"archive\",\"created\":\"2026-11-29T03:00:00Z\",\"finished\":"                    \
    "\"2026-11-29T03:00:02Z\",\"items\":["
#define GOOD HEAD ITEM "]}"

static void a_good_one(void) {
    MANIFEST struct manifest *m = NULL;
    CU_ASSERT_EQUAL_FATAL(manifest_parse(GOOD, strlen(GOOD), &m, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(m->host, "h");
    CU_ASSERT_EQUAL(m->n_items, 1);
    CU_ASSERT_EQUAL(m->bytes, 10);
    CU_ASSERT_EQUAL(m->finished_ns - m->created_ns, 2000000000);
    CU_ASSERT_PTR_NOT_NULL(manifest_item_of(m, "chain"));
    CU_ASSERT_PTR_NULL(manifest_item_of(m, "other"));
}

static void refused(const char *what, const char *find, const char *put) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    const char *at = strstr(GOOD, find);
    struct manifest *m = NULL;
    struct c138_err err = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    (void)c138_buf_add(&text, GOOD, (size_t)(at - GOOD));
    (void)c138_buf_adds(&text, put);
    (void)c138_buf_adds(&text, at + strlen(find));
    c138_status status = manifest_parse(c138_buf_text(&text), text.length, &m, &err);
    if (status != C138_E_CONFLICT)
        printf("%s was taken\n", what);
    CU_ASSERT_EQUAL(status, C138_E_CONFLICT);
    CU_ASSERT_STRING_EQUAL(err.key, "manifest.damaged");
    CU_ASSERT_PTR_NULL(m);
}

static void wrong_ones(void) {
    refused("format", "backup/1", "backup/2");
    refused("id", "01M8MBHNS3DND9A8WTVE8RY83G", "../../../../etc/passwdaaaa");
    refused("engine", "\"archive\"", "\"other\"");
    refused("times", "2026-11-29T03:00:02Z", "yesterday");
    refused("no items", ITEM, "");
    refused("a name that leads out", "\"chain.tar.zst\"", "\"../chain.tar.zst\"");
    refused("a hidden name", "\"chain.sha256\"", "\".sha256\"");
    refused("a hash", "\"sha256\":\"" HASH, "\"sha256\":\"" "xyz");
    refused("an item's name", "\"name\":\"chain\"", "\"name\":\"a/b\"");
    refused("two of a name", ITEM, ITEM "," ITEM);
    refused("no JSON", "{\"format\"", "\"format\"");
    refused("a restic item without its folder", "\"archive\"", "\"restic\"");
}

const CU_TestInfo tests_manifest[] = {
    {"a good one", a_good_one}, {"wrong ones", wrong_ones}, CU_TEST_INFO_NULL};
