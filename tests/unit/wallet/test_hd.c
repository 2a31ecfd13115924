#include "rig.h"

#include <wallet/hd.h>

#include <stdio.h>
#include <string.h>

static void same_text(const struct hd *node, const struct c138_json *want) {
    char xpub[HD_TEXT] = "";
    SECRET xprv = SECRET_NULL;
    CU_ASSERT_EQUAL(hd_public_text(node, xpub, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(xpub, c138_json_get_str(want, "xpub", "?"));
    if (!hd_private(node))
        return;
    CU_ASSERT_EQUAL(hd_private_text(node, &xprv, NULL), C138_OK);
    CU_ASSERT(rig_is_text(&xprv, c138_json_get_str(want, "xprv", "?")));
}

/* Read from its text again, and the last step from the parent's xpub where that can be. */
static void other_ways(struct rig *r, const struct hd *parent, const struct c138_json *want) {
    HD struct hd *node = NULL, *from_public = NULL, *public_parent = NULL;
    const char *text = c138_json_get_str(want, "xprv", ""),
               *path = c138_json_get_str(want, "path", "");
    const char *last = strrchr(path, '/');
    CU_ASSERT_EQUAL(hd_from_text(&r->host, text, strlen(text), &node, NULL), C138_OK);
    same_text(node, want);
    node = hd_free(node);
    text = c138_json_get_str(want, "xpub", "");
    CU_ASSERT_EQUAL(hd_from_text(&r->host, text, strlen(text), &node, NULL), C138_OK);
    CU_ASSERT_PTR_NULL(hd_private(node));
    same_text(node, want);
    if (!last)
        return;
    CU_ASSERT_EQUAL_FATAL(hd_neuter(parent, &public_parent, NULL), C138_OK);
    CU_ASSERT_PTR_NULL(hd_private(public_parent));
    c138_status status = hd_path(public_parent, last + 1, &from_public, NULL);
    CU_ASSERT_EQUAL(status, strchr(last, '\'') ? C138_E_UNSUPPORTED : C138_OK);
    if (status == C138_OK)
        same_text(from_public, want);
}

static void vectors(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("bip32-vectors.json");
    const struct c138_json *valid = c138_json_get(data, "valid");
    size_t count = 0;
    for (size_t i = 0; i < c138_json_count(valid); i++) {
        const struct c138_json *v = c138_json_at(valid, i), *chains = c138_json_get(v, "chains");
        uint8_t seed[64];
        size_t n = 0;
        HD struct hd *root = NULL, *parent = NULL;
        rig_hex(c138_json_get_str(v, "seed", ""), seed, sizeof(seed), &n);
        CU_ASSERT_EQUAL_FATAL(hd_from_seed(&r->host, seed, n, &root, NULL), C138_OK);
        for (size_t j = 0; j < c138_json_count(chains); j++, count++) {
            const struct c138_json *chain = c138_json_at(chains, j);
            struct hd *node = NULL;
            CU_ASSERT_EQUAL_FATAL(hd_path(root, c138_json_get_str(chain, "path", ""), &node, NULL),
                                  C138_OK);
            CU_ASSERT_EQUAL(hd_depth(node), j);
            same_text(node, chain);
            other_ways(r, parent, chain);
            hd_free(parent);
            parent = node;
        }
    }
    CU_ASSERT_EQUAL(count, 17);
    rig_free(r);
}

static void refuses_texts(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("bip32-vectors.json");
    const struct c138_json *invalid = c138_json_get(data, "invalid");
    CU_ASSERT_EQUAL(c138_json_count(invalid), 16);
    for (size_t i = 0; i < c138_json_count(invalid); i++) {
        const char *text = c138_json_get_str(c138_json_at(invalid, i), "text", "");
        struct hd *node = NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(hd_from_text(&r->host, text, strlen(text), &node, &err), C138_E_INVALID);
        CU_ASSERT_PTR_NULL(node);
        CU_ASSERT(*err.text);
    }
    struct hd *node = NULL;
    CU_ASSERT_EQUAL(hd_from_text(&r->host, "xprv", 4, &node, NULL), C138_E_INVALID);
    rig_free(r);
}

static void paths(void) {
    struct rig *r = rig_new();
    static const char *const good[] = {"m", "m/0", "0", "m/44'/60'/0'/0/0", "m/44h/60H/2147483647"},
                             *const bad[] = {"",
                                             "/",
                                             "m/",
                                             "m//0",
                                             "m/0/",
                                             "m/-1",
                                             "m/2147483648",
                                             "m/4294967296",
                                             "m/99999999999",
                                             "m/0''",
                                             "m/0'h",
                                             "M/0",
                                             "m/x",
                                             "m/0 ",
                                             "mm",
                                             "m0",
                                             "0'/ 1"};
    const uint8_t seed[16] = {1};
    HD struct hd *root = NULL;
    CU_ASSERT_EQUAL_FATAL(hd_from_seed(&r->host, seed, 16, &root, NULL), C138_OK);
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        HD struct hd *node = NULL;
        CU_ASSERT_EQUAL(hd_path(root, good[i], &node, NULL), C138_OK);
    }
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        struct hd *node = NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(hd_path(root, bad[i], &node, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, "hd.path");
        CU_ASSERT_PTR_NULL(node);
    }
    root = hd_free(root);
    rig_free(r);
}

static void bounds(void) {
    struct rig *r = rig_new();
    uint8_t seed[65] = {1};
    struct hd *node = NULL;
    CU_ASSERT_EQUAL(hd_from_seed(&r->host, seed, 15, &node, NULL), C138_E_INVALID);
    CU_ASSERT_EQUAL(hd_from_seed(&r->host, seed, 65, &node, NULL), C138_E_INVALID);
    CU_ASSERT_EQUAL_FATAL(hd_from_seed(&r->host, seed, 64, &node, NULL), C138_OK);
    for (unsigned depth = 1; depth <= HD_DEPTH_MAX; depth++) {
        struct hd *child = NULL;
        CU_ASSERT_EQUAL_FATAL(hd_child(node, depth, &child, NULL), C138_OK);
        hd_free(node);
        node = child;
    }
    struct hd *child = NULL;
    CU_ASSERT_EQUAL(hd_child(node, 0, &child, NULL), C138_E_LIMIT);
    CU_ASSERT_PTR_NULL(child);
    SECRET text = SECRET_NULL;
    HD struct hd *bare = NULL;
    CU_ASSERT_EQUAL(hd_neuter(node, &bare, NULL), C138_OK);
    CU_ASSERT_EQUAL(hd_private_text(bare, &text, NULL), C138_E_UNSUPPORTED);
    bare = hd_free(bare);
    hd_free(node);
    CU_ASSERT_PTR_NULL(hd_free(NULL));
    rig_free(r);
}

static c138_status derive_once(struct rig *r, void *context) {
    const uint8_t seed[16] = {7};
    HD struct hd *root = NULL, *node = NULL, *again = NULL;
    SECRET text = SECRET_NULL;
    (void)context;
    c138_status status = hd_from_seed(&r->host, seed, 16, &root, NULL);
    if (status == C138_OK)
        status = hd_path(root, "m/1'/2", &node, NULL);
    if (status == C138_OK)
        status = hd_private_text(node, &text, NULL);
    if (status == C138_OK)
        status = hd_from_text(&r->host, (char *)text.bytes, text.length, &again, NULL);
    return status;
}

static void starves(void) {
    struct rig *r = rig_new();
    CU_ASSERT(rig_starve(r, derive_once, NULL) > 10);
    rig_free(r);
}

const CU_TestInfo tests_hd[] = {{"vectors", vectors}, {"refuses texts", refuses_texts},
                                {"paths", paths},     {"bounds", bounds},
                                {"starves", starves}, CU_TEST_INFO_NULL};
