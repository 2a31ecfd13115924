#include "rig.h"

#include <wallet/nodekey.h>

#include <stdio.h>
#include <string.h>

/* The first key of quorum-dev-quickstart's rpc accounts, known to everybody; address as Besu's
 * genesis has it. */
#define KEY "8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63"
#define ADDRESS "fe3b557e8fb62b89f4916b721be55ceb828dbd73"
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

static c138_status read_text(struct rig *r, const char *text, struct secret *ret_key,
                             struct c138_err *err) {
    return nodekey_read(&r->host, text, strlen(text), ret_key, err);
}

static void reads(void) {
    struct rig *r = rig_new();
    static const char *const good[] = {
        KEY,
        "0x" KEY,
        KEY "\n",
        "0x" KEY "\r\n",
        " 0X" KEY " ",
        "8F2A55949038A9610F50FB23B5883AF3B4ECB3C3BB792CBCEFBD1542C692BE6"
        "3"};
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        SECRET key = SECRET_NULL, text = SECRET_NULL;
        CU_ASSERT_EQUAL_FATAL(read_text(r, good[i], &key, NULL), C138_OK);
        CU_ASSERT(rig_is_hex(&key, KEY));
        CU_ASSERT_EQUAL(nodekey_write(&r->host, key.bytes, &text, NULL), C138_OK);
        CU_ASSERT(rig_is_text(&text, "0x" KEY));
    }
    rig_free(r);
}

static void refuses(void) {
    struct rig *r = rig_new();
    static const struct {
        const char *text, *key;
    } bad[] = {
        {"", "nodekey.length"},
        {"0x", "nodekey.length"},
        {KEY "0", "nodekey.length"},
        {"0x0x" KEY, "nodekey.length"},
        {KEY "\n" KEY, "nodekey.length"},
        {"zf2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63", "nodekey.hex"},
        {"0000000000000000000000000000000000000000000000000000000000000000", "nodekey.range"},
        {ORDER, "nodekey.range"}};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        SECRET key = SECRET_NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(read_text(r, bad[i].text, &key, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, bad[i].key);
        CU_ASSERT_PTR_NULL(strstr(err.text, "8f2a"));
        CU_ASSERT_PTR_NULL(key.bytes);
    }
    rig_free(r);
}

static void publics(void) {
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL;
    uint8_t public_key[64], address[20], point[33], same[64];
    char hex[41], enode[NODEKEY_ENODE_MAX], want[NODEKEY_ENODE_MAX], id[129];
    CU_ASSERT_EQUAL_FATAL(read_text(r, KEY, &key, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_public(&r->host, key.bytes, public_key, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_point(&r->host, key.bytes, point, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_point_open(point, same, NULL), C138_OK);
    CU_ASSERT_EQUAL(memcmp(public_key, same, 64), 0);
    CU_ASSERT_EQUAL(nodekey_address(&r->host, key.bytes, address, NULL), C138_OK);
    c138_hex_encode(address, 20, hex);
    CU_ASSERT_STRING_EQUAL(hex, ADDRESS);
    c138_hex_encode(public_key, 64, id);
    CU_ASSERT_EQUAL(nodekey_enode(public_key, "10.0.0.1", 30303, 30303, enode, NULL), C138_OK);
    (void)snprintf(want, sizeof(want), "enode://%s@10.0.0.1:30303", id);
    CU_ASSERT_STRING_EQUAL(enode, want);
    CU_ASSERT_EQUAL(nodekey_enode(public_key, "fe80::1", 30303, 0, enode, NULL), C138_OK);
    (void)snprintf(want, sizeof(want), "enode://%s@[fe80::1]:30303?discport=0", id);
    CU_ASSERT_STRING_EQUAL(enode, want);
    CU_ASSERT_EQUAL(nodekey_enode(public_key, "a b", 1, 1, enode, NULL), C138_E_INVALID);
    CU_ASSERT_EQUAL(nodekey_enode(public_key, "", 1, 1, enode, NULL), C138_E_INVALID);
    point[0] = 4;
    CU_ASSERT_EQUAL(nodekey_point_open(point, same, NULL), C138_E_INVALID);
    secret_deinit(&key);
    rig_free(r);
}

/* Adding to a key and to its point comes to the same. */
static void adds(void) {
    struct rig *r = rig_new();
    SECRET key = SECRET_NULL, zero = SECRET_NULL;
    uint8_t tweak[32] = {1, 2, 3}, point[33], other[33];
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(nodekey_new(&r->host, &key, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_point(&r->host, key.bytes, point, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_point_add(point, tweak, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_add(key.bytes, tweak, NULL), C138_OK);
    CU_ASSERT_EQUAL(nodekey_point(&r->host, key.bytes, other, NULL), C138_OK);
    CU_ASSERT_EQUAL(memcmp(point, other, 33), 0);
    rig_hex(ORDER, tweak, 32, &n);
    CU_ASSERT_EQUAL(nodekey_add(key.bytes, tweak, NULL), C138_E_INVALID);
    CU_ASSERT_EQUAL(nodekey_point_add(point, tweak, NULL), C138_E_INVALID);
    secret_deinit(&key);
    rig_free(r);
}

static c138_status once(struct rig *r, void *context) {
    SECRET key = SECRET_NULL, text = SECRET_NULL;
    uint8_t address[20];
    (void)context;
    c138_status status = nodekey_new(&r->host, &key, NULL);
    if (status == C138_OK)
        status = nodekey_address(&r->host, key.bytes, address, NULL);
    return status == C138_OK ? nodekey_write(&r->host, key.bytes, &text, NULL) : status;
}

static void starves(void) {
    struct rig *r = rig_new();
    CU_ASSERT(rig_starve(r, once, NULL) >= 3);
    rig_free(r);
}

const CU_TestInfo tests_nodekey[] = {{"reads", reads}, {"refuses", refuses}, {"publics", publics},
                                     {"adds", adds},   {"starves", starves}, CU_TEST_INFO_NULL};
